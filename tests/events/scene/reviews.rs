//! The review of the start data: the provider no longer shows the payout that it had.

use app::{check_attempt::Checker, memory::ScriptedProvider, message::Check};
use domain::ids::AttemptRef;

use super::{IDS, Props};

impl Props {
    /// The review, where `function` works with one.
    pub(super) async fn put_review(&self, function: &str) {
        if !matches!(function, "list-reviews" | "get-review" | "decide-review") {
            return;
        }
        let checker = Checker {
            store: self.store.clone(),
            queue: self.queue.clone(),
            providers: ScriptedProvider::default(),
        };
        let message = Check {
            tenant: self.tenant.clone(),
            reference: AttemptRef::new(IDS[2].parse().expect("a payout"), 1),
            inbox: None,
        };
        let checked = checker.run(&Self::call(140), &message).await;
        checked.expect("checked");
    }
}
