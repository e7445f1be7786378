//! The life of an invoice: what it is, how it ends, and when its money moves.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{NAME, callback, wire};
use crate::twins::books::{Callback, Object, Page};
use crate::twins::moved::{Moved, half};
use crate::twins::{Outcome, spoiled};

/// An invoice as the twin keeps it. Amounts in minor units, times in Unix seconds of the sandbox clock.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Invoice {
    pub(crate) id: String,
    pub(crate) reference: String,
    pub(crate) service: String,
    pub(crate) method: String,
    pub(crate) currency: String,
    pub(crate) amount: i64,
    pub(crate) test_mode: bool,
    pub(crate) description: Option<String>,
    pub(crate) metadata: Box<RawValue>,
    /// Masked: the full values are never kept.
    pub(crate) fields: Box<RawValue>,
    pub(crate) callback_url: Option<String>,
    pub(crate) customer: Option<String>,
    /// How it ends when nobody orders otherwise.
    pub(crate) ending: Ending,
    pub(crate) status: String,
    pub(crate) resolution: String,
    pub(crate) created: i64,
    pub(crate) updated: i64,
    pub(crate) processed: Option<i64>,
    /// What it calls paid; `None` while nothing left. What comes back later changes nothing here.
    pub(crate) paid: Option<i64>,
    #[serde(default)]
    pub(crate) moved: Moved,
    /// Processing was asked for; asking again changes nothing.
    pub(crate) started: bool,
}

/// A status with the reason for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ending {
    pub(crate) status: String,
    pub(crate) resolution: String,
}

impl Ending {
    /// The ending of this status with the resolution that usually goes with it.
    pub(crate) fn of(status: &str) -> Self {
        let resolution = match status {
            "process_failed" => "declined_error",
            "process_error" => "provider_internal_error",
            "expired" => "operation_expired",
            _ => "ok",
        };
        Self {
            status: status.to_owned(),
            resolution: resolution.to_owned(),
        }
    }
}

/// What a status does to the money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    /// All of it is with the recipient, or as much as was ordered.
    Pays,
    PaysPart,
    /// It is only reached after money left, by the flow diagram of the contract.
    FollowsPayment,
    Returns,
    ReturnsPart,
    /// What left before stays out: a provider that says so after a payment contradicts itself.
    None,
}

impl Effect {
    fn of(status: &str) -> Self {
        match status {
            "processed" => Self::Pays,
            "partially_processed" => Self::PaysPart,
            "canceling" | "cancel_pending" | "cancel_error" | "cancel_failed" | "refunding"
            | "refund_pending" | "refund_failed" => Self::FollowsPayment,
            "canceled" | "refunded" => Self::Returns,
            "partially_canceled" | "partially_refunded" => Self::ReturnsPart,
            _ => Self::None,
        }
    }
}

/// Whether money moves with this status, so that an amount can be ordered for it.
pub(crate) fn moves_money(status: &str) -> bool {
    match Effect::of(status) {
        Effect::Pays | Effect::PaysPart | Effect::Returns | Effect::ReturnsPart => true,
        Effect::FollowsPayment | Effect::None => false,
    }
}

impl Invoice {
    pub(crate) fn read(record: &str) -> rusqlite::Result<Self> {
        serde_json::from_str(record).map_err(spoiled)
    }

    pub(crate) fn record(&self) -> rusqlite::Result<String> {
        serde_json::to_string(self).map_err(spoiled)
    }

    /// Gives the invoice a status and moves its money accordingly, `ordered` of it where somebody said how much.
    ///
    /// Money that came back leaves again when the invoice is paid after all.
    pub(crate) fn change(&mut self, to: Ending, ordered: Option<i64>, now_s: i64) {
        match Effect::of(&to.status) {
            Effect::Pays => self.pay(ordered.unwrap_or(self.amount), now_s),
            Effect::PaysPart if ordered.is_none() && self.moved.has_left() => {}
            Effect::PaysPart => self.pay(ordered.unwrap_or(half(self.amount)), now_s),
            Effect::FollowsPayment => self.pay_once(now_s),
            // Before a payment it is the end without one.
            Effect::Returns => {
                if to.status == "refunded" {
                    self.pay_once(now_s);
                }
                let outside = self.moved.outside();
                self.moved.come_back(ordered.unwrap_or(outside));
            }
            Effect::ReturnsPart => {
                self.pay_once(now_s);
                let part = ordered.unwrap_or(half(self.moved.outside()));
                self.moved.come_back(part);
            }
            Effect::None => {}
        }
        self.status = to.status;
        self.resolution = to.resolution;
        self.updated = now_s;
    }

    fn pay(&mut self, amount: i64, now_s: i64) {
        let outside = self.moved.outside();
        self.moved.leave(amount);
        if self.moved.outside() != outside {
            self.paid = Some(self.moved.outside());
            self.processed = Some(now_s);
        }
    }

    fn pay_once(&mut self, now_s: i64) {
        if !self.moved.has_left() {
            self.pay(self.amount, now_s);
        }
    }
}

/// Starts an invoice in the books: it ends at once, as ordered or as it would by itself.
/// A second start changes nothing.
pub(crate) fn start(page: &Page<'_>, invoice: &mut Invoice, now_ms: i64) -> rusqlite::Result<()> {
    if invoice.started {
        return Ok(());
    }
    invoice.started = true;
    let ending = match page.take_outcome(NAME, &invoice.reference)? {
        Some(status) => Ending::of(&status),
        None => invoice.ending.clone(),
    };
    invoice.change(ending, None, now_ms.div_euclid(1000));
    keep(page, invoice, now_ms)
}

/// Changes an invoice now, a started one or, where that was ordered, any; false, and nothing done, when there is
/// none of this reference.
///
/// `updated` always grows, so that the change is newer than what was read before it.
pub(crate) fn settle_now(
    page: &Page<'_>,
    outcome: &Outcome<'_>,
    now_ms: i64,
) -> rusqlite::Result<bool> {
    let Some(record) = page.by_reference(NAME, outcome.reference)? else {
        return Ok(false);
    };
    let mut invoice = Invoice::read(&record)?;
    if !invoice.started && !outcome.now {
        return Ok(false);
    }
    // What was moved by an order is not moved again by asking to process it.
    invoice.started = true;
    let now_s = now_ms.div_euclid(1000).max(invoice.updated + 1);
    invoice.change(Ending::of(outcome.status), outcome.amount, now_s);
    keep(page, &invoice, now_ms)?;
    Ok(true)
}

/// Writes a changed invoice and the callback that tells of it.
fn keep(page: &Page<'_>, invoice: &Invoice, now_ms: i64) -> rusqlite::Result<()> {
    page.replace(&Object {
        provider: NAME,
        id: &invoice.id,
        reference: &invoice.reference,
        record: &invoice.record()?,
    })?;
    let Some(url) = &invoice.callback_url else {
        return Ok(());
    };
    if !url.parse().is_ok_and(|url| callback::is_loopback(&url)) {
        tracing::warn!(id = %invoice.id, "the callback address is not on this computer: the sandbox does not call it");
        return Ok(());
    }
    page.queue_callback(&Callback {
        seq: 0,
        provider: NAME.to_owned(),
        object_id: invoice.id.clone(),
        reference: invoice.reference.clone(),
        url: url.clone(),
        body: wire::document(invoice),
        test_mode: invoice.test_mode,
        due_ms: now_ms,
        tries: 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::twins::moved::Way;

    fn invoice() -> Invoice {
        let empty = || RawValue::from_string("{}".to_owned()).unwrap();
        Invoice {
            id: "cpoi_TEST00000001AAAA".to_owned(),
            reference: "pay_1".to_owned(),
            service: "card".to_owned(),
            method: "payment_card".to_owned(),
            currency: "USD".to_owned(),
            amount: 1000,
            test_mode: true,
            description: None,
            metadata: empty(),
            fields: empty(),
            callback_url: None,
            customer: None,
            ending: Ending::of("processed"),
            status: "created".to_owned(),
            resolution: "ok".to_owned(),
            created: 1,
            updated: 1,
            processed: None,
            paid: None,
            moved: Moved::default(),
            started: true,
        }
    }

    /// What moved, back with a minus.
    fn after(statuses: &[&str]) -> Vec<i64> {
        let ordered: Vec<_> = statuses.iter().map(|status| (*status, None)).collect();
        after_ordered(&ordered)
    }

    fn after_ordered(statuses: &[(&str, Option<i64>)]) -> Vec<i64> {
        let mut invoice = invoice();
        for (at, (status, ordered)) in (2..).zip(statuses) {
            invoice.change(Ending::of(status), *ordered, at);
        }
        if !invoice.moved.has_left() {
            assert_eq!((invoice.paid, invoice.processed), (None, None));
            return Vec::new();
        }
        let signed = |(way, amount): (Way, i64)| way.signed(amount);
        invoice.moved.rows(0).into_iter().map(signed).collect()
    }

    #[test]
    fn money_leaves_when_the_status_says_so_and_only_then() {
        assert_eq!(after(&["processed"]), [1000]);
        assert_eq!(after(&["partially_processed"]), [500]);
        for status in [
            "processing",
            "process_pending",
            "process_failed",
            "expired",
            "canceled",
            "zzz",
        ] {
            assert!(after(&[status]).is_empty(), "{status}");
            assert_eq!(after(&[status, "processed"]), [1000], "{status}");
        }
        assert_eq!(after(&["partially_processed", "processed"]), [500, 500]);
        for status in ["refunding", "refund_failed", "cancel_failed", "canceling"] {
            assert_eq!(after(&[status]), [1000], "{status}");
            assert_eq!(after(&["processed", status]), [1000], "{status}");
        }
    }

    #[test]
    fn money_comes_back_as_often_as_it_left_and_never_more_of_it() {
        assert_eq!(after(&["processed", "canceled"]), [1000, -1000]);
        assert_eq!(after(&["processed", "refunded", "canceled"]), [1000, -1000]);
        assert_eq!(after(&["refunded"]), [1000, -1000]);
        for part in ["partially_canceled", "partially_refunded"] {
            assert_eq!(after(&["processed", part]), [1000, -500], "{part}");
            let whole = after(&["processed", part, "refunded"]);
            assert_eq!(whole, [1000, -500, -500], "{part}");
        }
        assert_eq!(after(&["processed", "process_failed"]), [1000]);
        let again = after(&["processed", "canceled", "processed"]);
        assert_eq!(again, [1000, -1000, 1000]);
    }

    #[test]
    fn an_ordered_amount_is_what_moves() {
        let part = ("partially_refunded", Some(300));
        let moved = after_ordered(&[("processed", None), part, part, part, part]);
        assert_eq!(moved, [1000, -300, -300, -300, -100]);
        let more = ("processed", Some(1200));
        assert_eq!(after_ordered(&[more]), [1200]);
        assert_eq!(after_ordered(&[("partially_processed", Some(1))]), [1]);
    }
}
