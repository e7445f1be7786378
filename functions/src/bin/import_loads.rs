//! Lambda `import-loads`.

use functions::{import_loads, open};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve("import-loads", import_loads::handle)
}
