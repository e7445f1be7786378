//! Lambda `resume-provider`.

use functions::{open, resume_provider};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve("resume-provider", resume_provider::handle)
}
