//! What a request asks for, member by member. The first thing that is wrong is told in words.

use serde_json::{Map, Value};

use super::{cards, money};

const ORDER_NO_CHARS_MAX: usize = 32;
const ACCOUNT_ID_CHARS_MAX: usize = 64;

/// The members of a request's body.
pub(crate) struct Asked {
    members: Map<String, Value>,
    /// The channels that are served.
    channels: Vec<String>,
}

/// Why a request is not usable, for its sender.
pub(crate) type Complaint = String;

impl Asked {
    /// The members of the JSON object `body` is; `None` when it is none.
    pub(crate) fn read(body: &[u8], channels: Vec<String>) -> Option<Self> {
        let members = serde_json::from_slice(body).ok()?;
        Some(Self { members, channels })
    }

    /// A member that is text and not empty.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.members
            .get(name)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    }

    fn required(&self, name: &str) -> Result<&str, Complaint> {
        match self.members.get(name) {
            None | Some(Value::Null) => Err(format!("{name} is required")),
            Some(Value::String(text)) if !text.is_empty() => Ok(text),
            Some(_) => Err(format!("{name} must be a string")),
        }
    }

    pub(crate) fn order_no(&self, name: &str) -> Result<&str, Complaint> {
        let text = self.required(name)?;
        let fits = text.len() <= ORDER_NO_CHARS_MAX
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
        if fits {
            Ok(text)
        } else {
            Err(format!(
                "{name} must have 1 to {ORDER_NO_CHARS_MAX} letters, digits, _ or -"
            ))
        }
    }

    /// The card, after the channel and the way its number was entered were found right. None when this channel has
    /// not issued such a card: another one may have.
    pub(crate) fn account_id(&self) -> Result<Option<&str>, Complaint> {
        let channel = self.required("loyaltyChannel")?;
        let Some(issuer) = self.channels.iter().position(|served| served == channel) else {
            return Err(format!(
                "loyaltyChannel must be {}",
                self.channels.join(" or ")
            ));
        };
        let account = self.required("accountId")?;
        if account.len() > ACCOUNT_ID_CHARS_MAX {
            return Err("accountId is too long".to_owned());
        }
        if !matches!(self.required("entryType")?, "B" | "K" | "M" | "P") {
            return Err("entryType must be B, K, M or P".to_owned());
        }
        Ok((cards::issuer(account) == issuer).then_some(account))
    }

    /// The amount in minor units, and its currency.
    pub(crate) fn amount(&self) -> Result<(i64, &str), Complaint> {
        let amount = money::read(self.required("amount")?)
            .ok_or("amount must be a positive decimal with up to 2 digits after the point")?;
        let currency = self.required("tranCurrency")?;
        if currency.len() != 3 || !currency.bytes().all(|b| b.is_ascii_uppercase()) {
            return Err("tranCurrency must be a 3-letter ISO code".to_owned());
        }
        Ok((amount, currency))
    }

    /// Whether a debit may take less than was asked.
    pub(crate) fn nsf_allowed(&self) -> Result<bool, Complaint> {
        match self.members.get("nsfAllowed") {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(allowed)) => Ok(*allowed),
            Some(_) => Err("nsfAllowed must be a boolean".to_owned()),
        }
    }

    /// Whether the card is to be activated; `None` when nothing is said.
    pub(crate) fn activating(&self) -> Result<Option<bool>, Complaint> {
        match self.members.get("activating") {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text == "Y" => Ok(Some(true)),
            Some(Value::String(text)) if text == "N" => Ok(Some(false)),
            Some(_) => Err("activating must be Y or N".to_owned()),
        }
    }

    /// What is told about the holder; `None` when nothing is.
    pub(crate) fn customer(&self) -> Result<Option<&Value>, Complaint> {
        let Some(customer) = self.members.get("customerInfo").filter(|it| !it.is_null()) else {
            return Ok(None);
        };
        let Some(members) = customer.as_object() else {
            return Err("customerInfo must be an object".to_owned());
        };
        for (name, value) in members {
            let Some(text) = value.as_str() else {
                return Err(format!("customerInfo.{name} must be a string"));
            };
            if let Some(expected) = holder_complaint(name, text) {
                return Err(format!("customerInfo.{name} must be {expected}"));
            }
        }
        Ok(Some(customer))
    }

    pub(crate) fn required_customer(&self) -> Result<&Value, Complaint> {
        self.customer()?
            .ok_or("customerInfo is required".to_owned())
    }

    pub(crate) fn required_activating(&self) -> Result<bool, Complaint> {
        self.activating()?
            .ok_or("activating is required".to_owned())
    }
}

/// What a member about the holder had to be, when `text` is not it.
fn holder_complaint(name: &str, text: &str) -> Option<&'static str> {
    let digits = |count| text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
    let (fits, expected) = match name {
        "customerType" => (matches!(text, "1" | "2" | "3"), "1, 2 or 3"),
        "country" => (
            text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase()),
            "a 2-letter ISO code",
        ),
        "mailPref" | "phonePref" | "emailPref" => (matches!(text, "O" | "I"), "O or I"),
        "isMobile" => (matches!(text, "Y" | "N"), "Y or N"),
        "gender" => (matches!(text, "M" | "F"), "M or F"),
        "birthday" | "anniversary" => (digits(8), "YYYYMMDD"),
        _ => (true, ""),
    };
    (!fits).then_some(expected)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn asked(body: &Value) -> Asked {
        let channels = vec!["FACTOR4".to_owned()];
        Asked::read(body.to_string().as_bytes(), channels).unwrap()
    }

    fn pay() -> Value {
        json!({
            "clientId": "1", "tranOrderNo": "20250401123534801", "loyaltyChannel": "FACTOR4", "amount": "10.50",
            "tranCurrency": "USD", "accountId": "914639258868515", "entryType": "K",
        })
    }

    #[test]
    fn a_complete_request_is_read() {
        let asked = asked(&pay());
        assert_eq!(asked.order_no("tranOrderNo").unwrap(), "20250401123534801");
        assert_eq!(asked.account_id().unwrap(), Some("914639258868515"));
        assert_eq!(asked.amount().unwrap(), (1050, "USD"));
        assert!(!asked.nsf_allowed().unwrap());
    }

    #[test]
    fn a_card_belongs_to_the_channel_that_issued_it() {
        let of = |channel: &str, card: &str| {
            let mut body = pay();
            body["loyaltyChannel"] = json!(channel);
            body["accountId"] = json!(card);
            let channels = vec!["FACTOR4".to_owned(), "SECOND".to_owned()];
            let asked = Asked::read(body.to_string().as_bytes(), channels).unwrap();
            asked.account_id().map(|card| card.is_some())
        };
        let (first, second) = ("6000123412341234", "6001123412341234");
        assert_eq!(of("FACTOR4", first), Ok(true));
        assert_eq!(of("FACTOR4", second), Ok(false));
        assert_eq!(of("SECOND", first), Ok(false));
        assert_eq!(of("SECOND", second), Ok(true));
        let complaint = "loyaltyChannel must be FACTOR4 or SECOND".to_owned();
        assert_eq!(of("THIRD", first), Err(complaint));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let long = "1".repeat(33);
        for (member, value, start) in [
            ("tranOrderNo", json!(5), "tranOrderNo must be a string"),
            ("tranOrderNo", json!(null), "tranOrderNo is required"),
            ("tranOrderNo", json!(""), "tranOrderNo must be"),
            ("tranOrderNo", json!(long), "tranOrderNo must have"),
            ("tranOrderNo", json!("a b"), "tranOrderNo must have"),
            (
                "loyaltyChannel",
                json!("OTHER"),
                "loyaltyChannel must be FACTOR4",
            ),
            ("entryType", json!("X"), "entryType must be"),
            ("accountId", json!(914_639), "accountId must be a string"),
            ("amount", json!(10.5), "amount must be a string"),
            (
                "amount",
                json!("10.505"),
                "amount must be a positive decimal",
            ),
            ("tranCurrency", json!("usd"), "tranCurrency must be"),
            ("nsfAllowed", json!("true"), "nsfAllowed must be a boolean"),
            ("activating", json!(true), "activating must be"),
            ("customerInfo", json!("x"), "customerInfo must be an object"),
            (
                "customerInfo",
                json!({"gender": "X"}),
                "customerInfo.gender must be M or F",
            ),
            (
                "customerInfo",
                json!({"customerType": 1}),
                "customerInfo.customerType must be a string",
            ),
        ] {
            let mut body = pay();
            body[member] = value;
            let asked = asked(&body);
            let complaint = asked
                .order_no("tranOrderNo")
                .and_then(|_| asked.account_id())
                .and_then(|_| asked.amount())
                .and_then(|_| asked.nsf_allowed())
                .and_then(|_| asked.activating())
                .and_then(|_| asked.customer())
                .err()
                .unwrap_or_default();
            assert!(complaint.starts_with(start), "{member}: {complaint}");
        }
    }
}
