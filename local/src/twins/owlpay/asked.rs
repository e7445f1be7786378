//! What a call asks for: query, form and JSON alike, and its fields by type.

use std::ops::RangeInclusive;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::value::RawValue;

use super::amount::Amount;
use super::field::{self, Field, Fields};
use super::moment;
use super::problem::{Kind, Problem};

/// Longest text of a single field.
const TEXT_CHARS_MAX: usize = 1_000;
const SERIAL_CHARS_MAX: usize = 128;
/// Most values of one list field.
const VALUES_MAX: usize = 1_000;

/// The spellings of the merchant's number of an order.
const SERIAL: [&str; 3] = [
    "order_serial",
    "application_order_serial",
    "application_order_uuid",
];

/// The fields of a call.
pub(crate) struct Asked {
    fields: Fields,
    /// The type of errors about them.
    pub(crate) kind: Kind,
}

impl<S: Send + Sync> FromRequest<S> for Asked {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let kind = kind_of(request.uri().path());
        let mut form = request.uri().query().unwrap_or_default().to_owned();
        let is_json = request
            .headers()
            .get(header::CONTENT_TYPE)
            .is_some_and(|value| value.to_str().is_ok_and(|text| text.contains("json")));
        let body = Bytes::from_request(request, state)
            .await
            .map_err(IntoResponse::into_response)?;
        let unreadable = |what: &str| Problem::field(kind, what, "cannot be read").into_response();
        let mut sent = Fields::new();
        if is_json || body.trim_ascii_start().starts_with(b"{") {
            if !body.trim_ascii().is_empty() {
                sent = field::from_json(&body).ok_or_else(|| unreadable("body"))?;
            }
        } else {
            form.push('&');
            form.push_str(&String::from_utf8_lossy(&body));
        }
        let mut fields = Fields::new();
        field::add_form(&mut fields, form.as_bytes()).ok_or_else(|| unreadable("form"))?;
        fields.extend(sent);
        Ok(Self { fields, kind })
    }
}

/// The type of errors about the fields of a call to this path.
fn kind_of(path: &str) -> Kind {
    if path.contains("/orders_reconciliation") {
        Kind::OrderTransferError
    } else if path.contains("/orders") {
        Kind::OrderError
    } else if path.contains("/vendor_invite") {
        Kind::InviteFail
    } else {
        Kind::UnknownsError
    }
}

impl Asked {
    /// What is wrong with a field.
    pub(crate) fn wrong(&self, name: &str, complaint: &str) -> Problem {
        Problem::field(self.kind, name, complaint)
    }

    /// A text; an empty one is none.
    pub(crate) fn text(&self, name: &str) -> Result<Option<String>, Problem> {
        let text = match self.fields.get(name) {
            None | Some(Field::Null) => return Ok(None),
            Some(Field::Text(text) | Field::Number(text)) => text.clone(),
            Some(Field::Flag(flag)) => flag.to_string(),
            Some(Field::List(_) | Field::Map(_)) => return Err(self.wrong(name, "must be text")),
        };
        if text.chars().count() > TEXT_CHARS_MAX {
            return Err(self.wrong(name, "is too long"));
        }
        Ok((!text.is_empty()).then_some(text))
    }

    pub(crate) fn required(&self, name: &str) -> Result<String, Problem> {
        self.text(name)?
            .ok_or_else(|| self.wrong(name, "is required"))
    }

    pub(crate) fn flag(&self, name: &str) -> Result<Option<bool>, Problem> {
        match self.text(name)?.map(|text| text.to_ascii_lowercase()) {
            None => Ok(None),
            Some(text) if text == "true" || text == "1" => Ok(Some(true)),
            Some(text) if text == "false" || text == "0" => Ok(Some(false)),
            Some(_) => Err(self.wrong(name, "must be true or false")),
        }
    }

    /// The values of the named fields together: each may be a list or one text.
    pub(crate) fn texts(&self, names: &[&str]) -> Result<Vec<String>, Problem> {
        let mut texts = Vec::new();
        for name in names {
            let wrong = || self.wrong(name, "must be a list of texts");
            let rows = match self.fields.get(*name) {
                None => continue,
                Some(Field::List(rows)) => rows.as_slice(),
                Some(one) => std::slice::from_ref(one),
            };
            for row in rows {
                match row {
                    Field::Text(text) | Field::Number(text) if text.is_empty() => {}
                    Field::Text(text) | Field::Number(text) => texts.push(text.clone()),
                    Field::Null => {}
                    Field::Flag(_) | Field::List(_) | Field::Map(_) => return Err(wrong()),
                }
            }
            if texts.len() > VALUES_MAX {
                return Err(self.wrong(name, "has too many values"));
            }
        }
        Ok(texts)
    }

    /// The merchant's number of an order, in any of its three spellings.
    pub(crate) fn serial(&self) -> Result<Option<String>, Problem> {
        let mut serial = None;
        for name in SERIAL {
            let Some(text) = self.text(name)? else {
                continue;
            };
            if text.chars().count() > SERIAL_CHARS_MAX || text.chars().any(char::is_control) {
                return Err(self.wrong(name, "is not usable"));
            }
            if serial.as_ref().is_some_and(|earlier| *earlier != text) {
                return Err(self.wrong(name, "differs from another spelling of itself"));
            }
            serial = Some(text);
        }
        Ok(serial)
    }

    /// A positive amount, in minor units of `currency`.
    pub(crate) fn amount(&self, name: &str, currency: &str) -> Result<i64, Problem> {
        let text = self.required(name)?;
        Amount::read(&text, currency).map_err(|complaint| self.wrong(name, complaint))
    }

    /// A time in Unix seconds.
    pub(crate) fn moment(&self, name: &str) -> Result<Option<i64>, Problem> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        let at_s = moment::read(&text);
        let at_s = at_s.ok_or_else(|| self.wrong(name, "must be a time of ISO 8601"))?;
        Ok(Some(at_s))
    }

    /// A span of time in Unix seconds, both ends in it: `from,to`, or a list of the two.
    pub(crate) fn during(&self, name: &str) -> Result<Option<RangeInclusive<i64>>, Problem> {
        let texts = self.texts(&[name])?;
        let ends: Vec<&str> = texts.iter().flat_map(|text| text.split(',')).collect();
        let wrong = || self.wrong(name, "must be two times of ISO 8601, from and to");
        match ends.as_slice() {
            [] => Ok(None),
            [from, to] => {
                let from = moment::read(from).ok_or_else(wrong)?;
                let to = moment::read(to).ok_or_else(wrong)?;
                Ok(Some(from..=to))
            }
            _ => Err(wrong()),
        }
    }

    /// A number from `range`.
    pub(crate) fn number(
        &self,
        name: &str,
        range: RangeInclusive<usize>,
    ) -> Result<Option<usize>, Problem> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        let number = text.parse().ok().filter(|number| range.contains(number));
        let (from, to) = range.into_inner();
        let complaint = format!("must be a whole number from {from} to {to}");
        number.ok_or_else(|| self.wrong(name, &complaint)).map(Some)
    }

    /// The JSON of a list or an object; `None` when there is none.
    pub(crate) fn json(&self, name: &str) -> Result<Option<Box<RawValue>>, Problem> {
        match self.fields.get(name) {
            None | Some(Field::Null) => Ok(None),
            Some(held @ (Field::List(_) | Field::Map(_))) => Ok(Some(raw(held))),
            Some(Field::Flag(_) | Field::Number(_) | Field::Text(_)) => {
                Err(self.wrong(name, "must be an object"))
            }
        }
    }

    /// The fields of an object; `None` when there is none.
    pub(crate) fn object(&self, name: &str) -> Result<Option<Self>, Problem> {
        match self.fields.get(name) {
            None | Some(Field::Null) => Ok(None),
            Some(Field::Map(fields)) => Ok(Some(self.with(fields))),
            Some(_) => Err(self.wrong(name, "must be an object")),
        }
    }

    /// The objects of a list of 1 to `most`.
    pub(crate) fn objects(&self, name: &str, most: usize) -> Result<Vec<Self>, Problem> {
        let Some(Field::List(rows)) = self.fields.get(name) else {
            return Err(self.wrong(name, "must be a list of objects"));
        };
        if rows.is_empty() || rows.len() > most {
            let complaint = format!("must have 1 to {most} objects");
            return Err(self.wrong(name, &complaint));
        }
        let of_row = |row: &Field| match row {
            Field::Map(fields) => Ok(self.with(fields)),
            _ => Err(self.wrong(name, "must be a list of objects")),
        };
        rows.iter().map(of_row).collect()
    }

    fn with(&self, fields: &Fields) -> Self {
        Self {
            fields: fields.clone(),
            kind: self.kind,
        }
    }
}

fn raw(value: &impl Serialize) -> Box<RawValue> {
    serde_json::value::to_raw_value(value).expect("fields have text keys and valid numbers")
}
