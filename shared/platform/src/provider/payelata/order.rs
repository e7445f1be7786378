//! The body of a create call (seed "Make Payouts by Reference Details", contract section 2.3).
//!
//! It holds account numbers, so nothing here can be printed.

use app::port::{CreateOrder, Plaintext};
use domain::{driver::MethodKind, ids::Mode, money};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::settings::PayelataSettings;

/// Why an order is refused before anything is sent, as a stable word.
pub(super) type LocalRefusal = &'static str;

#[derive(Serialize)]
struct Document<'a> {
    data: Resource<'a>,
}

#[derive(Serialize)]
struct Resource<'a> {
    r#type: &'static str,
    attributes: Attributes<'a>,
}

#[derive(Serialize)]
struct Attributes<'a> {
    service: &'a str,
    currency: &'static str,
    amount: Box<RawValue>,
    reference_id: String,
    test_mode: bool,
    fields: Fields,
    callback_url: String,
    options: Options,
    description: String,
    metadata: Metadata<'a>,
}

/// All off: the object must stay inert until the process call, and be paid whole and in one part.
#[derive(Default, Serialize)]
struct Options {
    split_mode: bool,
    parallel_mode: bool,
    allow_partially: bool,
    auto_process: bool,
}

#[derive(Serialize)]
struct Metadata<'a> {
    #[serde(rename = "payoutId")]
    payout: &'a str,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Fields {
    Card {
        card_number: String,
    },
    Bank {
        account_number: String,
        routing_number: String,
        account_holder: String,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CardAccount {
    r#type: String,
    card_number: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BankAccount {
    r#type: String,
    account_number: String,
    routing_number: String,
    holder: String,
}

/// The JSON body of the create call for `order`. The amount is written digit by digit from integers.
///
/// # Errors
/// `method_not_served` for a method Payelata has no service for, `account_unreadable` when the opened
/// account is not one of the order's method.
pub(super) fn body(
    settings: &PayelataSettings,
    order: &CreateOrder<'_>,
) -> Result<Vec<u8>, LocalRefusal> {
    let attempt = order.attempt;
    let (service, fields) = match order.method {
        MethodKind::Card => ("card", card(order.account)?),
        MethodKind::BankAccount => (settings.bank_service.as_str(), bank(order.account)?),
        MethodKind::PrepaidCard => return Err("method_not_served"),
    };
    let amount = money::to_decimal_token(attempt.net, attempt.currency.exponent());
    let payout = attempt.reference.payout.as_str();
    let document = Document {
        data: Resource {
            r#type: "payout-invoice",
            attributes: Attributes {
                service,
                currency: attempt.currency.code(),
                amount: RawValue::from_string(amount).map_err(|_| "amount_unwritable")?,
                reference_id: attempt.reference.to_string(),
                test_mode: attempt.tenant.mode() == Mode::Test,
                fields,
                callback_url: format!(
                    "{}/callbacks/payelata/{}",
                    settings.callback_base.trim_end_matches('/'),
                    order.callback_token
                ),
                options: Options::default(),
                description: format!("Payout {payout}"),
                metadata: Metadata { payout },
            },
        },
    };
    serde_json::to_vec(&document).map_err(|_| "order_unwritable")
}

fn card(account: &Plaintext) -> Result<Fields, LocalRefusal> {
    match serde_json::from_str::<CardAccount>(&account.0) {
        Ok(card) if card.r#type == MethodKind::Card.name() => Ok(Fields::Card {
            card_number: card.card_number,
        }),
        Ok(_) | Err(_) => Err("account_unreadable"),
    }
}

fn bank(account: &Plaintext) -> Result<Fields, LocalRefusal> {
    match serde_json::from_str::<BankAccount>(&account.0) {
        Ok(bank) if bank.r#type == MethodKind::BankAccount.name() => Ok(Fields::Bank {
            account_number: bank.account_number,
            routing_number: bank.routing_number,
            account_holder: bank.holder,
        }),
        Ok(_) | Err(_) => Err("account_unreadable"),
    }
}
