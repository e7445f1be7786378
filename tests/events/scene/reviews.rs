//! The review of the start data: a payout of its own, of which the provider says that it paid a cent too little.

use app::{
    check_attempt::Checker,
    create_payout::Source,
    memory::{Ending, ScriptedProvider},
    message::Check,
};
use domain::ids::{AttemptRef, LoadId, PayoutId};

use super::Props;

const LOAD: &str = "L-32341";
const PAYOUT: &str = "pay_01KG9YS7G0X5TH8ZYV692X4TET";

impl Props {
    /// The review, where `function` works with one.
    pub(super) async fn put_review(&self, function: &str) {
        if !matches!(function, "list-reviews" | "get-review" | "decide-review") {
            return;
        }
        self.put_load(140, LOAD).await;
        let load = LoadId::parse(LOAD).expect("a load");
        self.put_payout(4, Source::Load(load)).await;
        let short = ScriptedProvider::default();
        short.end_with(Ending::PaidShort);
        self.dispatch_last(141, short.clone()).await;
        let checker = Checker {
            store: self.store.clone(),
            queue: self.queue.clone(),
            providers: short,
            breaker: app::breaker::Breaker::default(),
        };
        let payout = PayoutId::parse(PAYOUT).expect("a payout");
        let message = Check {
            tenant: self.tenant.clone(),
            reference: AttemptRef::new(payout, 1),
            inbox: None,
        };
        let checked = checker.run(&Self::call(142), &message).await;
        checked.expect("checked");
    }
}
