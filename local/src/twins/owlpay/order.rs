//! An order as the twin keeps it.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::life::{Ending, Status, Step};
use super::problem::Failed;
use super::shelf::{FURTHER, Kept, Shelf};
use super::vendor::Vendor;
use super::webhook;

pub(crate) const REJECTION: &str = "The reviewer rejected the reconciliation.";

/// Amounts in minor units, times in Unix seconds of the sandbox clock.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) uuid: String,
    key: String,
    pub(crate) serial: String,
    pub(crate) vendor: String,
    pub(crate) currency: String,
    pub(crate) total: i64,
    pub(crate) description: Option<String>,
    pub(crate) meta_data: Box<RawValue>,
    /// When the merchant made it.
    pub(crate) placed_at: i64,
    /// From when on it may be reconciled.
    pub(crate) allowed_at: i64,
    pub(crate) created: i64,
    pub(crate) updated: i64,
    pub(crate) state: Ending,
    /// When it came to each of the displayed stages.
    pub(crate) stages: [Option<i64>; 5],
    pub(crate) reject_reason: Option<String>,
    pub(crate) close_reason: Option<String>,
    /// The reconciliation it is in.
    pub(crate) reconciliation: Option<String>,
    /// Money left for the vendor; it stays so.
    pub(crate) paid: bool,
    /// It came back.
    pub(crate) returned: bool,
    /// What is still to come by itself, soonest first.
    plan: Vec<Step>,
}

/// What makes an order.
pub(crate) struct NewOrder {
    pub(crate) uuid: String,
    pub(crate) serial: String,
    pub(crate) vendor: String,
    pub(crate) currency: String,
    pub(crate) total: i64,
    pub(crate) description: Option<String>,
    pub(crate) meta_data: Box<RawValue>,
    pub(crate) placed_at: i64,
    pub(crate) allowed_at: i64,
}

impl Kept for Order {
    const KIND: &'static str = "order";

    fn uuid(&self) -> &str {
        &self.uuid
    }

    fn key(&self) -> &str {
        &self.key
    }

    fn catch_up(&mut self, now_s: i64) {
        let due = self.plan.partition_point(|step| step.at_s <= now_s);
        for step in self.plan.drain(..due).collect::<Vec<_>>() {
            self.change(step.to, step.at_s);
        }
    }
}

impl Order {
    pub(crate) fn received(new: NewOrder, now_s: i64) -> Self {
        Self {
            key: new.serial.clone(),
            uuid: new.uuid,
            serial: new.serial,
            vendor: new.vendor,
            currency: new.currency,
            total: new.total,
            description: new.description,
            meta_data: new.meta_data,
            placed_at: new.placed_at,
            allowed_at: new.allowed_at,
            created: now_s,
            updated: now_s,
            state: Ending::plain(Status::Received),
            stages: [Some(now_s), None, None, None, None],
            reject_reason: None,
            close_reason: None,
            reconciliation: None,
            paid: false,
            returned: false,
            plan: Vec::new(),
        }
    }

    /// The same as a further order with a number that is used.
    pub(crate) fn forced(mut self) -> Self {
        self.key = format!("{}{FURTHER}{}", self.serial, self.uuid);
        self
    }

    /// It waits for a reconciliation, for the first time or again.
    pub(crate) fn is_waiting(&self) -> bool {
        match self.state.status {
            Status::Received | Status::Rejected => true,
            Status::Confirmed => self.state.is_rejected(),
            Status::Cancelled
            | Status::VendorUnconfirmed
            | Status::PlatformUnconfirmed
            | Status::Unconfirmed
            | Status::Settled
            | Status::WaitExecute
            | Status::TransferStart
            | Status::InProcess
            | Status::TransferEnd
            | Status::Validated
            | Status::PayoutSucceed
            | Status::PayoutFailed => false,
        }
    }

    /// It may be cancelled: no money is out, and none is on its way.
    pub(crate) fn is_closable(&self) -> bool {
        let failed = self.state.status == Status::PayoutFailed;
        (self.is_waiting() || failed) && (!self.paid || self.returned)
    }

    pub(crate) fn accounting(&self) -> Option<String> {
        let id = self.uuid.trim_start_matches("ord_");
        let made = self.state.status.has_accounting();
        made.then(|| format!("acc_{}", id.chars().take(23).collect::<String>()))
    }

    /// Gives the order a status and moves its money accordingly.
    ///
    /// Money leaves once. It comes back once, when the bank returns it (`payout_failed` after it left). Any other
    /// status after that is the provider contradicting itself: the money stays out.
    pub(crate) fn change(&mut self, to: Ending, now_s: i64) {
        if self.paid && to.status == Status::PayoutFailed {
            self.returned = true;
        }
        if to.pays() {
            self.paid = true;
        }
        if to.is_rejected() {
            self.reject_reason = Some(REJECTION.to_owned());
        }
        let stage = to.status.stage();
        for (n, reached) in self.stages.iter_mut().enumerate() {
            if n > stage {
                *reached = None;
            } else if n == stage || reached.is_none() {
                *reached = Some(now_s);
            }
        }
        self.state = to;
        self.updated = now_s;
    }

    /// Puts the order into a reconciliation, where it waits for review.
    pub(crate) fn submit(&mut self, reconciliation: &str, now_s: i64) {
        self.reconciliation = Some(reconciliation.to_owned());
        self.change(Ending::plain(Status::Unconfirmed), now_s);
    }

    /// Gives the order its way, writes it, and queues the webhooks that tell of each step.
    pub(crate) fn follow(mut self, steps: Vec<Step>, shelf: &Shelf<'_>) -> Result<(), Failed> {
        webhook::forget_later(shelf, &self)?;
        let mut ahead = self.clone();
        for step in &steps {
            ahead.change(step.to, step.at_s);
            webhook::queue(shelf, &ahead, step.at_s)?;
        }
        self.plan = steps;
        self.catch_up(shelf.now_s());
        shelf.replace(&self)?;
        Ok(())
    }

    /// Gives the order a status now, whatever was to come. `updated` grows, so that it is newer than what was read.
    pub(crate) fn settle(mut self, to: Ending, shelf: &Shelf<'_>) -> Result<(), Failed> {
        webhook::forget_later(shelf, &self)?;
        let now_s = shelf.now_s();
        self.plan.clear();
        self.change(to, now_s.max(self.updated + 1));
        webhook::queue(shelf, &self, now_s)?;
        shelf.replace(&self)?;
        Ok(())
    }

    /// Gives the order a status `after_s` seconds from now, instead of what was to come.
    pub(crate) fn settle_later(
        self,
        to: Ending,
        after_s: i64,
        shelf: &Shelf<'_>,
    ) -> Result<(), Failed> {
        let at_s = shelf.now_s() + after_s;
        self.follow(vec![Step { at_s, to }], shelf)
    }

    /// What stands against its reconciliation while it waits for one.
    pub(crate) fn denials(&self, vendor: &Vendor, now_s: i64) -> Vec<&'static str> {
        if !self.is_waiting() {
            return Vec::new();
        }
        let mut denials = Vec::new();
        if vendor.removed {
            denials.push("The vendor has been deleted.");
        } else if !vendor.is_approved() {
            denials.push("The KYC of the vendor has not been approved.");
        }
        if now_s < self.allowed_at {
            denials.push("The allowable time for reconciliation has not come.");
        }
        denials
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(words: &[&str]) -> (bool, bool, bool) {
        let new = NewOrder {
            uuid: "ord_0".to_owned(),
            serial: "pay_1".to_owned(),
            vendor: "ven_0".to_owned(),
            currency: "USD".to_owned(),
            total: 1000,
            description: None,
            meta_data: RawValue::from_string("{}".to_owned()).unwrap(),
            placed_at: 0,
            allowed_at: 0,
        };
        let mut order = Order::received(new, 0);
        for (at, word) in (1..).zip(words) {
            order.change(word.parse().unwrap(), at);
        }
        (order.paid, order.returned, order.is_closable())
    }

    #[test]
    fn money_leaves_when_the_status_says_so_and_only_then() {
        for words in [
            "owlpay.payout_succeed",
            "dest_bank.validated",
            "bank.transfer_end:is_paid",
            "bank.transfer_end:payout_finish",
        ] {
            assert_eq!(after(&[words]), (true, false, false), "{words}");
        }
        for words in [
            "owlpay.order_settled",
            "owlpay.order_confirmed",
            "bank.in_process",
            "bank.transfer_end",
            "bank.transfer_end:not_paid",
        ] {
            assert_eq!(after(&[words]), (false, false, false), "{words}");
        }
    }

    #[test]
    fn money_comes_back_with_a_failure_after_it_left() {
        let (sent, failed) = ("owlpay.payout_succeed", "owlpay.payout_failed");
        assert_eq!(after(&[failed]), (false, false, true));
        assert_eq!(after(&[sent, failed]), (true, true, true));
        let cancelled = "platform.order_cancelled";
        assert_eq!(after(&[sent, cancelled]), (true, false, false));
        assert_eq!(after(&["owlpay.order_rejected"]), (false, false, true));
    }
}
