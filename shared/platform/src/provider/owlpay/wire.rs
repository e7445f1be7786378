//! What goes to OwlPay and what its answers look like (docs/providers/owlpay.md), read into our words.
//!
//! An answer is an envelope whose own `status` may carry an error under HTTP 200. Numbers stay text until
//! they are counted in minor units; a body that lacks what an order must have is not an order.

use app::port::CreateOrder;
use domain::{
    answer::{Answer, Facts, Seen, Standing},
    attempt::Attempt,
    driver::MethodKind,
    ids::ProviderId,
    money::{self, Cents, Currency},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::status::{self, Marks, TRANSFER_END};

const STATUS_MAX: usize = 64;

#[derive(Serialize)]
struct OrderBody<'a> {
    order_serial: &'a str,
    application_order_serial: &'a str,
    currency: &'static str,
    total: String,
    vendor_uuid: &'a str,
    description: String,
    meta_data: MetaData<'a>,
}

#[derive(Serialize)]
struct MetaData<'a> {
    #[serde(rename = "payoutId")]
    payout: &'a str,
}

#[derive(Serialize)]
struct SerialsBody<'a> {
    application_order_serials: [&'a str; 1],
}

#[derive(Serialize)]
struct UuidsBody<'a> {
    order_uuids: [&'a str; 1],
}

/// The body of an order. The serial goes under both of its names; `is_force_create`, which would switch the
/// protection against duplicates off, is never sent.
///
/// # Errors
/// `method_not_served` for anything but a bank account, `vendor_missing` when the attempt names no vendor.
pub(super) fn order(order: &CreateOrder<'_>) -> Result<Vec<u8>, &'static str> {
    let attempt = order.attempt;
    match order.method {
        MethodKind::BankAccount => {}
        MethodKind::Card | MethodKind::PrepaidCard => return Err("method_not_served"),
    }
    let vendor = attempt.payee.as_ref().ok_or("vendor_missing")?;
    let serial = attempt.reference.to_string();
    let payout = attempt.reference.payout.as_str();
    let body = OrderBody {
        order_serial: &serial,
        application_order_serial: &serial,
        currency: attempt.currency.code(),
        total: money::to_decimal_token(attempt.net, attempt.currency.exponent()),
        vendor_uuid: vendor.as_str(),
        description: format!("Payout {payout}"),
        meta_data: MetaData { payout },
    };
    serde_json::to_vec(&body).map_err(|_| "order_unwritable")
}

/// The body that applies a reconciliation for one order: one per call, so that one payout has one.
pub(super) fn reconciliation(attempt: &Attempt) -> Vec<u8> {
    let serial = attempt.reference.to_string();
    let body = SerialsBody {
        application_order_serials: [&serial],
    };
    serde_json::to_vec(&body).expect("a list of text has a JSON form")
}

/// The body that cancels one order.
pub(super) fn cancellation(object: &ProviderId) -> Vec<u8> {
    let body = UuidsBody {
        order_uuids: [object.as_str()],
    };
    serde_json::to_vec(&body).expect("a list of text has a JSON form")
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    status: Option<u16>,
}

/// The `data` of an answer, or what its own status says instead.
pub(super) enum Data<'a> {
    Shown(&'a RawValue),
    /// HTTP 200 carrying an error.
    Status(u16),
    Unreadable,
}

pub(super) fn data(body: &[u8]) -> Data<'_> {
    match serde_json::from_slice::<Envelope<'_>>(body) {
        Ok(Envelope {
            data: Some(data),
            status: Some(200),
        }) => Data::Shown(data),
        Ok(Envelope {
            status: Some(status),
            ..
        }) if status != 200 => Data::Status(status),
        Ok(_) | Err(_) => Data::Unreadable,
    }
}

#[derive(Deserialize)]
struct OrderRow<'a> {
    uuid: Option<String>,
    order_token: Option<String>,
    application_order_serial: Option<String>,
    order_serial: Option<String>,
    status: String,
    currency: String,
    #[serde(borrow)]
    total: Option<&'a RawValue>,
    is_test: Option<bool>,
    is_paid: Option<bool>,
    is_rejected: Option<bool>,
    is_allow_close: Option<bool>,
    order_transfer_uuid: Option<String>,
    updated_at: Option<String>,
}

/// An order as it was shown.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) object: ProviderId,
    /// Its reconciliation, once one was applied for.
    pub(super) reconciliation: Option<ProviderId>,
    serial: String,
    status: String,
    currency: String,
    total: Option<Cents>,
    is_test: Option<bool>,
    is_paid: Option<bool>,
    is_rejected: bool,
    is_allow_close: bool,
    updated: i64,
}

/// The id of an order, if `text` is one: `ord_` and up to 76 letters or digits.
pub(super) fn order_id(text: &str) -> Option<ProviderId> {
    prefixed(text, "ord_")
}

/// The id of a vendor, if `text` is one.
pub(super) fn vendor_id(text: &str) -> Option<ProviderId> {
    prefixed(text, "ven_")
}

fn prefixed(text: &str, prefix: &str) -> Option<ProviderId> {
    let rest = text.strip_prefix(prefix)?;
    let plain = (4..=76).contains(&rest.len()) && rest.bytes().all(|b| b.is_ascii_alphanumeric());
    plain.then(|| ProviderId::parse(text).ok()).flatten()
}

/// The order in `raw`.
pub(super) fn shown(raw: &RawValue, currency: Currency) -> Option<Order> {
    let row: OrderRow<'_> = serde_json::from_str(raw.get()).ok()?;
    if !(1..=STATUS_MAX).contains(&row.status.len()) {
        return None;
    }
    let updated = match row.updated_at {
        Some(text) => text.parse::<Timestamp>().ok()?.millis(),
        None => 0,
    };
    Some(Order {
        object: order_id(&row.uuid.or(row.order_token)?)?,
        reconciliation: match row.order_transfer_uuid {
            Some(uuid) => Some(prefixed(&uuid, "otr_")?),
            None => None,
        },
        serial: row.application_order_serial.or(row.order_serial)?,
        status: row.status,
        currency: row.currency,
        total: row.total.and_then(|raw| amount(raw.get(), currency)),
        is_test: row.is_test,
        is_paid: row.is_paid,
        is_rejected: row.is_rejected.unwrap_or(false),
        is_allow_close: row.is_allow_close.unwrap_or(false),
        updated,
    })
}

/// A number token, or the same in quotes. None when it is not exact.
fn amount(token: &str, currency: Currency) -> Option<Cents> {
    let text = token
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(token);
    let plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if !plain {
        return None;
    }
    money::from_decimal_token(text, currency.exponent()).ok()
}

/// What a search by serial showed.
pub(super) enum Listing {
    Nothing,
    One(Box<Order>),
    /// Impossible by contract.
    Several(Box<Order>),
    /// Rows, and none of them ours: the filter was not obeyed, so nothing can be said.
    Others,
}

/// The orders of a search by `serial`.
pub(super) fn listing(raw: &RawValue, serial: &str, currency: Currency) -> Option<Listing> {
    let rows: Vec<&RawValue> = serde_json::from_str(raw.get()).ok()?;
    if rows.is_empty() {
        return Some(Listing::Nothing);
    }
    let orders: Option<Vec<Order>> = rows.iter().map(|row| shown(row, currency)).collect();
    let mut ours = orders?.into_iter().filter(|it| it.serial == serial);
    Some(match (ours.next(), ours.next()) {
        (None, _) => Listing::Others,
        (Some(one), None) => Listing::One(Box::new(one)),
        (Some(one), Some(_)) => Listing::Several(Box::new(one)),
    })
}

/// Whether an answer without a row is a list that has none: one that counts some elsewhere is not.
pub(super) fn counts_none(body: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Paged {
        pagination: Option<Pagination>,
    }
    #[derive(Deserialize)]
    struct Pagination {
        total: Option<u64>,
    }
    serde_json::from_slice::<Paged>(body).is_ok_and(|paged| {
        let total = paged.pagination.and_then(|it| it.total);
        total.unwrap_or(0) == 0
    })
}

/// How many pages a list has. None when the answer does not say, or shows another page than was asked for.
pub(super) fn pages(body: &[u8], asked: u32) -> Option<u32> {
    #[derive(Deserialize)]
    struct Paged {
        pagination: Pagination,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Pagination {
        current_page: u32,
        total_pages: u32,
    }
    let Paged { pagination } = serde_json::from_slice(body).ok()?;
    (pagination.current_page == asked).then_some(pagination.total_pages)
}

/// The orders of a page with when they were made. None when one of them cannot be read: half a list proves
/// nothing.
pub(super) fn orders(raw: &RawValue) -> Option<Vec<(Order, Timestamp)>> {
    #[derive(Deserialize)]
    struct Made {
        created_at: String,
    }
    let rows: Vec<&RawValue> = serde_json::from_str(raw.get()).ok()?;
    rows.into_iter()
        .map(|row| {
            let made: Made = serde_json::from_str(row.get()).ok()?;
            Some((shown(row, Currency::Usd)?, made.created_at.parse().ok()?))
        })
        .collect()
}

impl Order {
    /// Whether only its reconciliation can tell if the order is paid.
    pub(super) fn needs_reconciliation(&self) -> bool {
        self.status == TRANSFER_END && self.is_paid.is_none()
    }

    /// The order in our words; `is_finished` is what its reconciliation says, where it was asked.
    pub(super) fn answer(self, is_finished: Option<bool>) -> Answer {
        let marks = Marks {
            is_reconciled: self.reconciliation.is_some(),
            is_rejected: self.is_rejected,
            is_paid: self.is_paid,
            is_finished,
        };
        Answer::Exists {
            object: self.object,
            seen: Box::new(Seen {
                standing: status::standing(&self.status, marks),
                withdrawable: self.is_allow_close && status::may_be_withdrawn(&self.status, marks),
                status: self.status,
                updated: self.updated,
                facts: Facts {
                    reference: self.serial,
                    currency: self.currency,
                    amount: self.total,
                    test_mode: self.is_test,
                    was_processed: marks.say_paid(),
                    ..Facts::default()
                },
            }),
        }
    }

    /// More than one order under one serial: facts that fit no attempt, so that a person looks.
    pub(super) fn duplicated(self) -> Answer {
        Answer::Exists {
            object: self.object,
            seen: Box::new(Seen {
                standing: Standing::NeedsReview,
                status: "duplicate_serial".to_owned(),
                updated: self.updated,
                withdrawable: false,
                facts: Facts::default(),
            }),
        }
    }
}

/// Whether the reconciliation in `raw` is paid out. It is shown as an object or as a list of one.
pub(super) fn is_finished(raw: &RawValue) -> Option<bool> {
    #[derive(Deserialize)]
    struct Row {
        status: String,
    }
    let row: Row = serde_json::from_str(raw.get()).ok()?;
    Some(row.status == "payout_finish")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDER: &str = r#"{"order_token":"ord_ab12cd","uuid":"ord_ab12cd","status":"owlpay.order_unconfirmed","application_order_serial":"pay_1-a01","currency":"USD","total":447.5,"is_rejected":false,"order_transfer_uuid":"otr_LgURkR4y","updated_at":"2022-04-07T16:40:45+00:00"}"#;

    fn raw(text: &str) -> Box<RawValue> {
        RawValue::from_string(text.to_owned()).expect("JSON")
    }

    #[test]
    fn an_order_is_read_with_its_exact_amount_and_the_second_it_changed() {
        let order = shown(&raw(ORDER), Currency::Usd).expect("an order");
        assert_eq!(order.total, Some(Cents::new(44_750)));
        assert_eq!(order.updated, 1_649_349_645_000);
        assert!(order.reconciliation.is_some());
    }

    #[test]
    fn an_amount_is_exact_or_absent() {
        for (token, cents) in [
            ("447.5", Some(44_750)),
            ("\"447.50\"", Some(44_750)),
            ("447.505", None),
            ("-1", None),
            ("1e3", None),
            ("null", None),
        ] {
            assert_eq!(
                amount(token, Currency::Usd),
                cents.map(Cents::new),
                "{token}"
            );
        }
    }

    #[test]
    fn an_error_under_http_200_is_told_from_data() {
        assert!(matches!(
            data(br#"{"data":{},"status":200}"#),
            Data::Shown(_)
        ));
        assert!(matches!(
            data(br#"{"status":401,"msg":"no"}"#),
            Data::Status(401)
        ));
        assert!(matches!(
            data(br#"{"data":{"x":1},"status":404}"#),
            Data::Status(404)
        ));
        for body in [&b"<html>"[..], b"{}", b"{\"data\":{}}", b"[]", b""] {
            assert!(matches!(data(body), Data::Unreadable));
        }
    }

    #[test]
    fn a_search_that_shows_only_strangers_says_nothing() {
        let rows = raw(&format!("[{ORDER}]"));
        let found = |serial| listing(&rows, serial, Currency::Usd);
        assert!(matches!(found("pay_1-a01"), Some(Listing::One(_))));
        assert!(matches!(found("pay_1-a02"), Some(Listing::Others)));
        let twice = raw(&format!("[{ORDER},{ORDER}]"));
        let found = listing(&twice, "pay_1-a01", Currency::Usd);
        assert!(matches!(found, Some(Listing::Several(_))));
    }

    #[test]
    fn an_order_id_cannot_leave_its_place_in_a_path() {
        for text in ["", "ord_", "ord_../..", "ord_a/b12", "otr_abcdef"] {
            assert!(order_id(text).is_none(), "{text}");
        }
        assert!(order_id(&format!("ord_{}", "a".repeat(64))).is_some());
    }
}
