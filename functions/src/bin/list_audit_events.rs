//! Lambda `list-audit-events`.

use functions::{list_audit_events, open};
use platform::Fatal;

fn main() -> Result<(), Fatal> {
    open::serve("list-audit-events", list_audit_events::handle)
}
