//! The bodies of PayWizard's calls. Each is written once: the bytes that are signed are the bytes that are sent.
//!
//! They hold card numbers, so nothing here can be printed.

use domain::{
    ids::ProviderId,
    money::{Cents, Currency},
};
use rust_decimal::Decimal;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use super::{OrderNo, settings::PayWizardSettings};

/// How a card's number came to us.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EntryType {
    Barcode,
    /// Typed in; what a server has.
    #[default]
    Keyed,
    MagneticStripe,
    Proximity,
}

impl EntryType {
    const fn code(self) -> &'static str {
        match self {
            Self::Barcode => "B",
            Self::Keyed => "K",
            Self::MagneticStripe => "M",
            Self::Proximity => "P",
        }
    }
}

/// A prepaid card. Its account id is treated like a card number: it is never shown.
#[derive(Clone, Debug)]
pub struct PrepaidCard {
    pub account_id: SecretString,
    pub entry: EntryType,
    /// Its issuer, as PayWizard calls it. Every call about the card carries it.
    pub channel: String,
}

/// How much moves between which card and us, under which number.
#[derive(Clone, Copy, Debug)]
pub struct MoneyOrder<'a> {
    pub order_no: &'a OrderNo,
    pub card: &'a PrepaidCard,
    pub amount: Cents,
    pub currency: Currency,
}

/// What is told about the holder when a card is activated. Members that are `None` are left out.
#[derive(Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CustomerInfo {
    /// `1`, `2` or `3`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_type: Option<String>,
    /// ISO 3166 letters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// `+CCC AAA LLL LLLL`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}

impl std::fmt::Debug for CustomerInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CustomerInfo(..)")
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Money<'a> {
    client_id: &'a str,
    tran_order_no: &'a str,
    loyalty_channel: &'a str,
    amount: String,
    tran_currency: &'static str,
    account_id: &'a str,
    entry_type: &'static str,
    /// Only a payment has it, and it is always false: a card that holds too little must refuse.
    #[serde(skip_serializing_if = "Option::is_none")]
    nsf_allowed: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Void<'a> {
    client_id: &'a str,
    tran_order_no: &'a str,
    /// Despite its name, the checkout id of the original.
    ori_order_no: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Card<'a> {
    client_id: &'a str,
    loyalty_channel: &'a str,
    account_id: &'a str,
    entry_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    activating: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_info: Option<&'a CustomerInfo>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Order<'a> {
    client_id: &'a str,
    checkout_id: &'a str,
}

pub(super) fn pay(settings: &PayWizardSettings, order: &MoneyOrder<'_>) -> Vec<u8> {
    bytes(&money(settings, order, Some(false)))
}

pub(super) fn top_up(settings: &PayWizardSettings, order: &MoneyOrder<'_>) -> Vec<u8> {
    bytes(&money(settings, order, None))
}

fn money<'a>(
    settings: &'a PayWizardSettings,
    order: &MoneyOrder<'a>,
    nsf_allowed: Option<bool>,
) -> Money<'a> {
    Money {
        client_id: settings.client_id.expose_secret(),
        tran_order_no: order.order_no.as_str(),
        loyalty_channel: &order.card.channel,
        amount: amount(order.amount, order.currency),
        tran_currency: order.currency.code(),
        account_id: order.card.account_id.expose_secret(),
        entry_type: order.card.entry.code(),
        nsf_allowed,
    }
}

pub(super) fn void(
    settings: &PayWizardSettings,
    order_no: &OrderNo,
    original: &ProviderId,
) -> Vec<u8> {
    bytes(&Void {
        client_id: settings.client_id.expose_secret(),
        tran_order_no: order_no.as_str(),
        ori_order_no: original.as_str(),
    })
}

pub(super) fn inquiry(settings: &PayWizardSettings, card: &PrepaidCard) -> Vec<u8> {
    bytes(&of_card(settings, card))
}

pub(super) fn activate(
    settings: &PayWizardSettings,
    card: &PrepaidCard,
    customer: &CustomerInfo,
) -> Vec<u8> {
    bytes(&Card {
        activating: Some("Y"),
        customer_info: Some(customer),
        ..of_card(settings, card)
    })
}

fn of_card<'a>(settings: &'a PayWizardSettings, card: &'a PrepaidCard) -> Card<'a> {
    Card {
        client_id: settings.client_id.expose_secret(),
        loyalty_channel: &card.channel,
        account_id: card.account_id.expose_secret(),
        entry_type: card.entry.code(),
        activating: None,
        customer_info: None,
    }
}

pub(super) fn query_order(settings: &PayWizardSettings, checkout_id: &ProviderId) -> Vec<u8> {
    bytes(&Order {
        client_id: settings.client_id.expose_secret(),
        checkout_id: checkout_id.as_str(),
    })
}

/// Major units with every digit of the currency (`10.50`), written from integers.
fn amount(cents: Cents, currency: Currency) -> String {
    Decimal::from_i128_with_scale(i128::from(cents.get()), currency.exponent()).to_string()
}

fn bytes(body: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(body).expect("text and booleans can be written as JSON")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::paywizard::samples;

    fn text(body: Vec<u8>) -> String {
        String::from_utf8(body).expect("JSON is UTF-8")
    }

    fn card(entry: EntryType) -> PrepaidCard {
        PrepaidCard {
            account_id: "6000000000000001".into(),
            entry,
            channel: "FACTOR4".to_owned(),
        }
    }

    #[test]
    fn a_payment_is_written_like_the_printed_sample_and_never_allows_too_little() {
        let (settings, order_no) = (samples::settings(), OrderNo::of("pay_7Q2-a01"));
        let card = card(EntryType::default());
        let order = MoneyOrder {
            order_no: &order_no,
            card: &card,
            amount: Cents::new(1_050),
            currency: Currency::Usd,
        };
        let start = format!(
            r#"{{"clientId":"900000000000000001","tranOrderNo":"{order_no}","loyaltyChannel":"FACTOR4","amount":"10.50","tranCurrency":"USD","accountId":"6000000000000001","entryType":"K""#
        );
        assert_eq!(
            text(pay(&settings, &order)),
            format!(r#"{start},"nsfAllowed":false}}"#)
        );
        assert_eq!(text(top_up(&settings, &order)), format!("{start}}}"));
    }

    #[test]
    fn the_other_bodies_hold_what_is_documented_and_nothing_else() {
        let (settings, order_no) = (samples::settings(), OrderNo::of("x"));
        let original = ProviderId::parse("930000000000000001").expect("valid");
        assert_eq!(
            text(void(&settings, &order_no, &original)),
            format!(
                r#"{{"clientId":"900000000000000001","tranOrderNo":"{order_no}","oriOrderNo":"930000000000000001"}}"#
            )
        );
        let start = r#"{"clientId":"900000000000000001","loyaltyChannel":"FACTOR4","accountId":"6000000000000001","entryType":"P""#;
        let card = card(EntryType::Proximity);
        assert_eq!(text(inquiry(&settings, &card)), format!("{start}}}"));
        let customer = CustomerInfo {
            country: Some("US".to_owned()),
            ..CustomerInfo::default()
        };
        assert_eq!(
            text(activate(&settings, &card, &customer)),
            format!(r#"{start},"activating":"Y","customerInfo":{{"country":"US"}}}}"#)
        );
        assert_eq!(
            text(query_order(&settings, &original)),
            r#"{"clientId":"900000000000000001","checkoutId":"930000000000000001"}"#
        );
    }

    #[test]
    fn every_call_about_a_card_carries_the_channel_of_the_card() {
        let (settings, order_no) = (samples::settings(), OrderNo::of("x"));
        let card = PrepaidCard {
            channel: "SECOND".to_owned(),
            ..card(EntryType::Keyed)
        };
        let order = MoneyOrder {
            order_no: &order_no,
            card: &card,
            amount: Cents::new(1),
            currency: Currency::Usd,
        };
        for body in [
            pay(&settings, &order),
            top_up(&settings, &order),
            inquiry(&settings, &card),
            activate(&settings, &card, &CustomerInfo::default()),
        ] {
            let body = text(body);
            assert!(body.contains(r#""loyaltyChannel":"SECOND""#), "{body}");
        }
    }

    #[test]
    fn amounts_have_every_digit() {
        for (cents, printed) in [
            (1, "0.01"),
            (1_000, "10.00"),
            (44_750, "447.50"),
            (100_000_000, "1000000.00"),
        ] {
            assert_eq!(amount(Cents::new(cents), Currency::Usd), printed);
        }
    }

    #[test]
    fn every_entry_type_has_its_letter() {
        let codes = [
            EntryType::Barcode,
            EntryType::Keyed,
            EntryType::MagneticStripe,
            EntryType::Proximity,
        ]
        .map(EntryType::code);
        assert_eq!(codes, ["B", "K", "M", "P"]);
    }

    #[test]
    fn a_card_and_its_holder_are_never_shown() {
        let customer = CustomerInfo {
            email: Some("john@example.com".to_owned()),
            ..CustomerInfo::default()
        };
        let shown = format!("{:?} {customer:?}", card(EntryType::Keyed));
        assert!(
            !shown.contains("6000") && !shown.contains("john"),
            "{shown}"
        );
    }
}
