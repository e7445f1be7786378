//! The day of the start data, compared with a provider that knows nothing of it.

use std::time::Duration;

use app::{
    memory::ScriptedProvider,
    reconcile_day::{Reconciler, Wanted},
};
use domain::day::Day;

use super::{NOW, Props};

impl Props {
    /// The comparison, where `function` shows one.
    pub(super) async fn put_reconciliation(&self, function: &str) {
        if !matches!(function, "get-reconciliation" | "get-reconciliation-report") {
            return;
        }
        let reconciler = Reconciler {
            store: self.store.clone(),
            queue: self.queue.clone(),
            providers: ScriptedProvider::default(),
        };
        let wanted = Wanted {
            day: Day::of(NOW),
            budget: Duration::from_secs(60),
        };
        let call = Self::call(140);
        reconciler
            .run(&call, &self.asking(), wanted)
            .await
            .expect("compared");
    }
}
