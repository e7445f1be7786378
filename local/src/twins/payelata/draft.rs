//! Reading and checking the body that creates an invoice.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Deserialize;
use serde_json::value::RawValue;
use sha1::{Digest, Sha1};

use super::catalogue::{self, Service};
use super::lifecycle::Invoice;
use super::money::Minor;
use super::wishes::wished_ending;
use crate::twins::moved::Moved;

const REFERENCE_CHARS_MAX: usize = 255;
const BLANK: &str = "This value should not be blank.";
const OPTIONS: [&str; 4] = [
    "split_mode",
    "parallel_mode",
    "allow_partially",
    "auto_process",
];

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    data: Data<'a>,
}

#[derive(Deserialize)]
struct Data<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<&'a RawValue>,
    #[serde(borrow)]
    attributes: BTreeMap<String, &'a RawValue>,
}

/// Why a body creates nothing.
#[derive(Debug)]
pub(crate) enum Refused {
    /// Not the JSON of a create call at all.
    Malformed,
    /// Attribute to complaint.
    Invalid(BTreeMap<String, String>),
}

/// A checked create call.
#[derive(Debug)]
pub(crate) struct Draft {
    /// The invoice it makes, unprocessed.
    pub(crate) invoice: Invoice,
    /// Process it at once.
    pub(crate) auto_process: bool,
}

/// The reference a create call carries, even when the rest of it is wrong.
pub(crate) fn reference(body: &[u8]) -> Option<String> {
    let envelope: Envelope<'_> = serde_json::from_slice(body).ok()?;
    serde_json::from_str(envelope.data.attributes.get("reference_id")?.get()).ok()
}

/// Reads a create call; `id` and `now_s` become the invoice's id and time of creation.
pub(crate) fn read(body: &[u8], id: String, now_s: i64) -> Result<Draft, Refused> {
    let envelope: Envelope<'_> = serde_json::from_slice(body).map_err(|_| Refused::Malformed)?;
    let kind = envelope.data.kind.map_or("", RawValue::get);
    let mut form = Form {
        attributes: envelope.data.attributes,
        complaints: BTreeMap::new(),
    };
    // The contract's own request says singular and its answers plural.
    if !matches!(kind, "\"payout-invoice\"" | "\"payout-invoices\"") {
        form.complain("type", "This value should be payout-invoice.");
    }
    let draft = form.draft(id, now_s);
    match draft {
        Some(draft) if form.complaints.is_empty() => Ok(draft),
        _ => Err(Refused::Invalid(form.complaints)),
    }
}

struct Form<'a> {
    attributes: BTreeMap<String, &'a RawValue>,
    complaints: BTreeMap<String, String>,
}

impl<'a> Form<'a> {
    /// The draft, or `None` with at least one complaint. Every attribute is looked at in any case.
    fn draft(&mut self, id: String, now_s: i64) -> Option<Draft> {
        let reference = self.reference();
        let service = self.service();
        let currency = self.currency(service);
        let amount = self.amount(service);
        let fields = self.fields(service);
        let callback_url = self.callback_url();
        let customer = self.customer();
        let metadata = self.metadata();
        let auto_process = self.auto_process();
        let test_mode = self.flag("test_mode");
        let description = self.text("description");
        self.object("context");

        let (reference, service, fields) = (reference?, service?, fields?);
        let invoice = Invoice {
            id,
            service: service.code.to_owned(),
            method: service.method.to_owned(),
            currency: currency?,
            amount: amount?.0,
            test_mode,
            description,
            metadata,
            fields: masked(&fields)?,
            callback_url,
            customer: customer.map(|customer| customer_id(&customer)),
            ending: wished_ending(&reference, &fields),
            status: "created".to_owned(),
            resolution: "ok".to_owned(),
            created: now_s,
            updated: now_s,
            processed: None,
            paid: None,
            moved: Moved::default(),
            started: false,
            reference,
        };
        Some(Draft {
            invoice,
            auto_process,
        })
    }

    fn complain(&mut self, name: &str, complaint: &str) {
        self.complaints
            .entry(name.to_owned())
            .or_insert_with(|| complaint.to_owned());
    }

    fn get(&self, name: &str) -> Option<&'a RawValue> {
        let value = self.attributes.get(name).copied()?;
        (value.get() != "null").then_some(value)
    }

    fn text(&mut self, name: &str) -> Option<String> {
        let text = serde_json::from_str(self.get(name)?.get());
        if text.is_err() {
            self.complain(name, "This value should be of type string.");
        }
        text.ok()
    }

    fn required_text(&mut self, name: &str) -> Option<String> {
        if self.get(name).is_none() {
            self.complain(name, BLANK);
        }
        let text = self.text(name)?;
        if text.trim().is_empty() {
            self.complain(name, BLANK);
            return None;
        }
        Some(text)
    }

    fn flag(&mut self, name: &str) -> bool {
        let Some(value) = self.get(name) else {
            return false;
        };
        serde_json::from_str(value.get()).unwrap_or_else(|_| {
            self.complain(name, "This value should be of type bool.");
            false
        })
    }

    fn object(&mut self, name: &str) -> Option<BTreeMap<String, &'a RawValue>> {
        let object = serde_json::from_str(self.get(name)?.get());
        if object.is_err() {
            self.complain(name, "This value should be of type object.");
        }
        object.ok()
    }

    fn reference(&mut self) -> Option<String> {
        let reference = self.required_text("reference_id")?;
        if reference.chars().count() > REFERENCE_CHARS_MAX {
            self.complain(
                "reference_id",
                "This value is too long. It should have 255 characters or less.",
            );
            return None;
        }
        Some(reference)
    }

    fn service(&mut self) -> Option<&'static Service> {
        let code = self.required_text("service")?;
        let service = catalogue::active(&code);
        if service.is_none() {
            self.complain("service", "This service is not available.");
        }
        service
    }

    fn currency(&mut self, service: Option<&Service>) -> Option<String> {
        let currency = self.required_text("currency")?;
        if service.is_some_and(|service| service.currency != currency) {
            self.complain("currency", "This currency does not fit the service.");
        }
        Some(currency)
    }

    fn amount(&mut self, service: Option<&Service>) -> Option<Minor> {
        let Some(number) = self.get("amount") else {
            self.complain("amount", BLANK);
            return None;
        };
        match Minor::read(number) {
            Ok(amount) => {
                if let Some(service) = service {
                    let (min, max) = (service.min, service.max);
                    if !(min..=max).contains(&amount) {
                        let complaint = format!("This value should be between {min} and {max}.");
                        self.complain("amount", &complaint);
                    }
                }
                Some(amount)
            }
            Err(complaint) => {
                self.complain("amount", complaint);
                None
            }
        }
    }

    /// The values of the service's own fields; others are ignored.
    fn fields(&mut self, service: Option<&Service>) -> Option<BTreeMap<&'static str, String>> {
        if self.get("fields").is_none() {
            self.complain("fields", BLANK);
        }
        let given = self.object("fields")?;
        let mut values = BTreeMap::new();
        for field in service?.fields {
            let name = format!("fields.{}", field.key);
            match given.get(field.key).filter(|value| value.get() != "null") {
                None if field.required => self.complain(&name, BLANK),
                None => {}
                Some(value) => match serde_json::from_str::<String>(value.get()) {
                    Ok(value) if field.pattern.fits(&value) => {
                        values.insert(field.key, value);
                    }
                    Ok(_) => self.complain(&name, "This value is not valid."),
                    Err(_) => self.complain(&name, "This value should be of type string."),
                },
            }
        }
        Some(values)
    }

    fn callback_url(&mut self) -> Option<String> {
        let url = self.text("callback_url")?;
        let usable = url
            .parse::<reqwest::Url>()
            .is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
        if !usable {
            self.complain("callback_url", "This value is not a valid URL.");
        }
        Some(url)
    }

    /// The merchant's reference of the customer.
    fn customer(&mut self) -> Option<String> {
        let customer = self.object("customer")?;
        let reference = customer
            .get("reference_id")
            .and_then(|value| serde_json::from_str::<String>(value.get()).ok())
            .filter(|reference| !reference.is_empty());
        if reference.is_none() {
            self.complain("customer.reference_id", BLANK);
        }
        reference
    }

    /// The metadata as they were written; none are `[]`, as the provider prints an empty map.
    fn metadata(&mut self) -> Box<RawValue> {
        let given = match self.get("metadata") {
            Some(value) if value.get() == "[]" => None,
            _ => self
                .object("metadata")
                .filter(|members| !members.is_empty()),
        };
        match (given, self.get("metadata")) {
            (Some(_), Some(value)) => value.to_owned(),
            _ => RawValue::from_string("[]".to_owned()).expect("an empty list is JSON"),
        }
    }

    fn auto_process(&mut self) -> bool {
        let options = self.object("options").unwrap_or_default();
        let mut auto_process = false;
        for name in OPTIONS {
            let Some(value) = options.get(name).filter(|value| value.get() != "null") else {
                continue;
            };
            match serde_json::from_str(value.get()) {
                Ok(on) => auto_process |= on && name == "auto_process",
                Err(_) => {
                    self.complain(
                        &format!("options.{name}"),
                        "This value should be of type bool.",
                    );
                }
            }
        }
        auto_process
    }
}

/// The first 6 and last 4 characters of each value; of 10 or fewer the last 4 at most.
fn masked(fields: &BTreeMap<&'static str, String>) -> Option<Box<RawValue>> {
    let masked: BTreeMap<&str, String> = fields
        .iter()
        .map(|(key, value)| (*key, mask(value)))
        .collect();
    serde_json::value::to_raw_value(&masked).ok()
}

fn mask(value: &str) -> String {
    let length = value.chars().count();
    let head = if length > 10 { 6 } else { 0 };
    let tail = length.saturating_sub(4);
    value
        .chars()
        .enumerate()
        .map(|(at, c)| if at < head || at >= tail { c } else { '*' })
        .collect()
}

/// The same customer reference always gives the same id.
fn customer_id(reference: &str) -> String {
    let digest = Sha1::digest(reference);
    let mut id = "cus_".to_owned();
    for byte in digest.iter().take(8) {
        let _infallible = write!(id, "{byte:02x}");
    }
    id
}
