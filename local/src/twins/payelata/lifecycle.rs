//! The life of an invoice: what it is, how it ends, and when its money moves.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{NAME, callback, wire};
use crate::twins::books::{Callback, Object, Page};
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
    /// What left for the recipient; `None` while nothing did.
    pub(crate) paid: Option<i64>,
    /// What came back.
    pub(crate) returned: Option<i64>,
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

/// Statuses only reached after money left, by the flow diagram of the contract.
const LEFT: [&str; 8] = [
    "processed",
    "partially_processed",
    "canceling",
    "cancel_pending",
    "cancel_error",
    "cancel_failed",
    "partially_canceled",
    "refunded",
];

impl Invoice {
    pub(crate) fn read(record: &str) -> rusqlite::Result<Self> {
        serde_json::from_str(record).map_err(spoiled)
    }

    pub(crate) fn record(&self) -> rusqlite::Result<String> {
        serde_json::to_string(self).map_err(spoiled)
    }

    /// Gives the invoice a status and moves its money accordingly.
    ///
    /// Money leaves once, and comes back once, with `canceled` or `refunded` after it left. A later
    /// `process_failed` is the provider contradicting itself: the money stays out.
    pub(crate) fn change(&mut self, to: Ending, now_s: i64) {
        if self.paid.is_none() && LEFT.contains(&to.status.as_str()) {
            let part = to.status == "partially_processed";
            self.paid = Some(if part { half(self.amount) } else { self.amount });
            self.processed = Some(now_s);
        }
        if let (Some(paid), None) = (self.paid, self.returned) {
            self.returned = match to.status.as_str() {
                "canceled" | "refunded" => Some(paid),
                "partially_canceled" => Some(half(paid)),
                _ => None,
            };
        }
        self.status = to.status;
        self.resolution = to.resolution;
        self.updated = now_s;
    }
}

fn half(minor: i64) -> i64 {
    (minor / 2).max(1)
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
    invoice.change(ending, now_ms.div_euclid(1000));
    keep(page, invoice, now_ms)
}

/// Changes a started invoice now; false, and nothing done, when there is none of this reference.
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
    if !invoice.started {
        return Ok(false);
    }
    let now_s = now_ms.div_euclid(1000).max(invoice.updated + 1);
    invoice.change(Ending::of(outcome.status), now_s);
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
            returned: None,
            started: true,
        }
    }

    fn after(statuses: &[&str]) -> (Option<i64>, Option<i64>) {
        let mut invoice = invoice();
        for (at, status) in (2..).zip(statuses) {
            invoice.change(Ending::of(status), at);
        }
        (invoice.paid, invoice.returned)
    }

    #[test]
    fn money_leaves_when_the_status_says_so_and_only_then() {
        assert_eq!(after(&["processed"]), (Some(1000), None));
        assert_eq!(after(&["partially_processed"]), (Some(500), None));
        for status in [
            "processing",
            "process_pending",
            "process_failed",
            "expired",
            "canceled",
            "zzz",
        ] {
            assert_eq!(after(&[status]), (None, None), "{status}");
        }
        assert_eq!(after(&["process_pending", "processed"]), (Some(1000), None));
    }

    #[test]
    fn money_comes_back_once_and_only_after_it_left() {
        assert_eq!(after(&["processed", "canceled"]), (Some(1000), Some(1000)));
        assert_eq!(
            after(&["processed", "refunded", "canceled"]),
            (Some(1000), Some(1000))
        );
        assert_eq!(
            after(&["processed", "partially_canceled"]),
            (Some(1000), Some(500))
        );
        assert_eq!(after(&["processed", "process_failed"]), (Some(1000), None));
    }
}
