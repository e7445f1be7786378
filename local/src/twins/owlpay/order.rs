//! An order as the twin keeps it.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::life::{Ending, Status, Step};
use super::problem::Failed;
use super::shelf::{FURTHER, Kept, Shelf};
use super::vendor::Vendor;
use super::webhook;
use crate::twins::moved::Moved;

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
    #[serde(default)]
    pub(crate) moved: Moved,
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
            self.change(step.to, None, step.at_s);
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
            moved: Moved::default(),
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
        (self.is_waiting() || failed) && self.moved.outside() == 0
    }

    pub(crate) fn accounting(&self) -> Option<String> {
        let id = self.uuid.trim_start_matches("ord_");
        let made = self.state.status.has_accounting();
        made.then(|| format!("acc_{}", id.chars().take(23).collect::<String>()))
    }

    /// Gives the order a status and moves its money accordingly, `ordered` of it where somebody said how much.
    ///
    /// Money comes back when the bank returns it (`payout_failed` after it left), and with a cancellation only as
    /// much as was ordered. Any other status after a payment is the provider contradicting itself: the money
    /// stays out. What came back leaves again when the order is paid after all.
    pub(crate) fn change(&mut self, to: Ending, ordered: Option<i64>, now_s: i64) {
        if to.pays() {
            self.moved.leave(ordered.unwrap_or(self.total));
        } else if to.returns() {
            let usual = match to.status {
                Status::PayoutFailed => self.moved.outside(),
                _ => 0,
            };
            self.moved.come_back(ordered.unwrap_or(usual));
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
        self.change(Ending::plain(Status::Unconfirmed), None, now_s);
    }

    /// Gives the order its way, writes it, and queues the webhooks that tell of each step.
    pub(crate) fn follow(mut self, steps: Vec<Step>, shelf: &Shelf<'_>) -> Result<(), Failed> {
        webhook::forget_later(shelf, &self)?;
        let mut ahead = self.clone();
        for step in &steps {
            ahead.change(step.to, None, step.at_s);
            webhook::queue(shelf, &ahead, step.at_s)?;
        }
        self.plan = steps;
        self.catch_up(shelf.now_s());
        shelf.replace(&self)?;
        Ok(())
    }

    /// Gives the order a status now, whatever was to come. `updated` grows, so that it is newer than what was read.
    pub(crate) fn settle(self, to: Ending, shelf: &Shelf<'_>) -> Result<(), Failed> {
        self.settle_moving(to, None, shelf)
    }

    /// As [`settle`](Self::settle), with so much money moved.
    pub(crate) fn settle_moving(
        mut self,
        to: Ending,
        ordered: Option<i64>,
        shelf: &Shelf<'_>,
    ) -> Result<(), Failed> {
        webhook::forget_later(shelf, &self)?;
        let now_s = shelf.now_s();
        self.plan.clear();
        self.change(to, ordered, now_s.max(self.updated + 1));
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
    use crate::twins::moved::Way;

    /// What moved, back with a minus, and whether it may be cancelled.
    fn after(words: &[&str]) -> (Vec<i64>, bool) {
        let ordered: Vec<_> = words.iter().map(|word| (*word, None)).collect();
        after_ordered(&ordered)
    }

    fn after_ordered(words: &[(&str, Option<i64>)]) -> (Vec<i64>, bool) {
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
        for (at, (word, ordered)) in (1..).zip(words) {
            order.change(word.parse().unwrap(), *ordered, at);
        }
        let signed = |(way, amount): (Way, i64)| way.signed(amount);
        let rows = order.moved.rows(0).into_iter().map(signed);
        (rows.filter(|row| *row != 0).collect(), order.is_closable())
    }

    #[test]
    fn money_leaves_when_the_status_says_so_and_only_then() {
        for words in [
            "owlpay.payout_succeed",
            "dest_bank.validated",
            "bank.transfer_end:is_paid",
            "bank.transfer_end:payout_finish",
            "platform.order_cancelled:is_paid",
        ] {
            assert_eq!(after(&[words]), (vec![1000], false), "{words}");
        }
        for words in [
            "owlpay.order_settled",
            "owlpay.order_confirmed",
            "bank.in_process",
            "bank.transfer_end",
            "bank.transfer_end:not_paid",
        ] {
            assert_eq!(after(&[words]), (Vec::new(), false), "{words}");
        }
    }

    #[test]
    fn a_dead_word_that_is_paid_later_moves_the_money_then() {
        for dead in [
            "platform.order_cancelled",
            "owlpay.order_rejected",
            "owlpay.payout_failed",
        ] {
            for paid in ["owlpay.payout_succeed", "dest_bank.validated"] {
                assert_eq!(after(&[dead, paid]), (vec![1000], false), "{dead} {paid}");
            }
        }
    }

    #[test]
    fn money_comes_back_with_a_failure_after_it_left() {
        let (sent, failed) = ("owlpay.payout_succeed", "owlpay.payout_failed");
        assert_eq!(after(&[failed]), (Vec::new(), true));
        assert_eq!(after(&[sent, failed]), (vec![1000, -1000], true));
        let again = after(&[sent, failed, sent]);
        assert_eq!(again, (vec![1000, -1000, 1000], false));
        let cancelled = "platform.order_cancelled";
        assert_eq!(after(&[sent, cancelled]), (vec![1000], false));
        let part = after_ordered(&[(sent, None), (cancelled, Some(400))]);
        assert_eq!(part, (vec![1000, -400], false));
        let part = after_ordered(&[(sent, None), (failed, Some(400))]);
        assert_eq!(part, (vec![1000, -400], false), "the rest is out");
        assert_eq!(after(&["owlpay.order_rejected"]), (Vec::new(), true));
    }
}
