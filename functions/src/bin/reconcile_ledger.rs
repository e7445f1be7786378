//! Lambda `reconcile-ledger`.

use functions::{open, reconcile_ledger};
use platform::{Fatal, entry::timer};

fn main() -> Result<(), Fatal> {
    let open = || Ok((open::backend()?, open::for_reconciliation()?));
    timer::run_with(open, |(backend, desk)| {
        reconcile_ledger::handle(backend, desk)
    })
}
