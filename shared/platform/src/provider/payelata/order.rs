//! The body of a create call (seed "Make Payouts by Reference Details", contract section 2.3).
//!
//! It holds account numbers, so nothing here can be printed.

use app::port::{CreateOrder, Plaintext};
use domain::{driver::MethodKind, ids::Mode, money};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

use super::settings::PayelataSettings;

/// The service of card payouts.
pub(super) const CARD_SERVICE: &str = "card";

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

/// One field of a service as an order fills it.
pub(super) struct Field {
    /// Its name at Payelata.
    pub(super) key: &'static str,
    /// The member of a payout method that it comes from.
    pub(super) member: &'static str,
    pub(super) value: String,
}

struct Fields(Vec<Field>);

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|field| (field.key, &field.value)))
    }
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
    let (service, fields) = filled(&settings.bank_service, order.method, order.account)?;
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
                fields: Fields(fields),
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

/// The service that carries a method, and its fields filled from the opened account. What is checked when a
/// method is saved is what is sent when it is paid.
///
/// # Errors
/// As [`body`].
pub(super) fn filled<'a>(
    bank_service: &'a str,
    method: MethodKind,
    account: &Plaintext,
) -> Result<(&'a str, Vec<Field>), LocalRefusal> {
    match method {
        MethodKind::Card => Ok((CARD_SERVICE, card(account)?)),
        MethodKind::BankAccount => Ok((bank_service, bank(account)?)),
        MethodKind::PrepaidCard => Err("method_not_served"),
    }
}

fn card(account: &Plaintext) -> Result<Vec<Field>, LocalRefusal> {
    match serde_json::from_str::<CardAccount>(&account.0) {
        Ok(card) if card.r#type == MethodKind::Card.name() => {
            Ok(vec![field("card_number", "cardNumber", card.card_number)])
        }
        Ok(_) | Err(_) => Err("account_unreadable"),
    }
}

fn bank(account: &Plaintext) -> Result<Vec<Field>, LocalRefusal> {
    match serde_json::from_str::<BankAccount>(&account.0) {
        Ok(bank) if bank.r#type == MethodKind::BankAccount.name() => Ok(vec![
            field("account_number", "accountNumber", bank.account_number),
            field("routing_number", "routingNumber", bank.routing_number),
            field("account_holder", "holder", bank.holder),
        ]),
        Ok(_) | Err(_) => Err("account_unreadable"),
    }
}

const fn field(key: &'static str, member: &'static str, value: String) -> Field {
    Field { key, member, value }
}
