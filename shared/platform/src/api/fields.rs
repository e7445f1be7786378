//! The fields of a JSON body, read one by one. Every problem is collected, so that a caller sees all of
//! them at once. `null` counts as absent.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Display,
    ops::RangeInclusive,
};

use app::error::{Error, FieldError};
use domain::money::Cents;
use serde_json::{Map, Value};

use crate::api::text::{has_control, is_visible};

/// The most problems one answer lists.
pub const PROBLEMS_MAX: usize = 100;
/// The most characters of a text that is only parsed, as an id.
pub const PARSED_MAX: usize = 255;
/// The most entries of a flat map, as `metadata`.
pub const MAP_ENTRIES_MAX: usize = 20;
/// The most characters of a name or a value in a flat map.
pub const MAP_TEXT_MAX: usize = 255;

/// A JSON object being read. Ask for every known field, then call [`Fields::finish`].
pub struct Fields {
    members: Map<String, Value>,
    known: BTreeSet<&'static str>,
    problems: Vec<FieldError>,
}

impl Fields {
    /// # Errors
    /// [`Error::Invalid`] when the value is not an object.
    pub fn of_object(value: Value) -> Result<Self, Error> {
        match value {
            Value::Object(members) => Ok(Self {
                members,
                known: BTreeSet::new(),
                problems: Vec::new(),
            }),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_) => Err(Error::invalid("", "must be a JSON object")),
        }
    }

    /// A text of 1 to `max` characters without control characters.
    pub fn required_text(&mut self, name: &'static str, max: usize) -> Option<String> {
        self.require(name);
        self.optional_text(name, max)
    }

    pub fn optional_text(&mut self, name: &'static str, max: usize) -> Option<String> {
        let value = self.take(name)?;
        let text = text_of(&value, max);
        self.keep(name, text.map(str::to_owned))
    }

    /// A text that `parse` accepts; its error says what was expected.
    pub fn required<T, E: Display>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        self.require(name);
        self.optional(name, parse)
    }

    pub fn optional<T, E: Display>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let value = self.take(name)?;
        let parsed = text_of(&value, PARSED_MAX)
            .and_then(|text| parse(text).map_err(|error| error.to_string()));
        self.keep(name, parsed)
    }

    /// As [`Fields::optional_long`].
    pub fn required_long<T, E: Display>(
        &mut self,
        (name, max): (&'static str, usize),
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        self.require(name);
        self.optional_long((name, max), parse)
    }

    /// As [`Fields::optional`], of a text that may be as long as `max`.
    pub fn optional_long<T, E: Display>(
        &mut self,
        (name, max): (&'static str, usize),
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let value = self.take(name)?;
        let parsed =
            text_of(&value, max).and_then(|text| parse(text).map_err(|error| error.to_string()));
        self.keep(name, parsed)
    }

    /// Minor units from 1 to [`Cents::PAYOUT_MAX`], as a JSON integer literal.
    pub fn required_amount(&mut self, name: &'static str) -> Option<Cents> {
        self.require(name);
        self.optional_amount(name)
    }

    pub fn optional_amount(&mut self, name: &'static str) -> Option<Cents> {
        let value = self.take(name)?;
        self.keep(name, amount_of(&value))
    }

    /// A whole number from `range`, as a JSON integer literal.
    pub fn optional_number(
        &mut self,
        name: &'static str,
        range: RangeInclusive<u64>,
    ) -> Option<u64> {
        let value = self.take(name)?;
        let number = value.as_u64().filter(|it| range.contains(it));
        let expected = || {
            let (from, to) = (range.start(), range.end());
            format!("must be a whole number from {from} to {to}")
        };
        self.keep(name, number.ok_or_else(expected))
    }

    /// As [`Fields::optional_number`].
    pub fn required_number(
        &mut self,
        name: &'static str,
        range: RangeInclusive<u64>,
    ) -> Option<u64> {
        self.require(name);
        self.optional_number(name, range)
    }

    /// `true` or `false`.
    pub fn required_bool(&mut self, name: &'static str) -> Option<bool> {
        self.require(name);
        let value = self.take(name)?;
        let read = value
            .as_bool()
            .ok_or_else(|| "must be true or false".to_owned());
        self.keep(name, read)
    }

    /// One of a few words, as what it stands for.
    pub fn required_one_of<T: Copy>(
        &mut self,
        name: &'static str,
        choices: &[(&str, T)],
    ) -> Option<T> {
        self.require(name);
        self.optional_one_of(name, choices)
    }

    pub fn optional_one_of<T: Copy>(
        &mut self,
        name: &'static str,
        choices: &[(&str, T)],
    ) -> Option<T> {
        let value = self.take(name)?;
        let chosen = value
            .as_str()
            .and_then(|text| choices.iter().find(|(word, _)| *word == text));
        let choice = chosen
            .map(|(_, meaning)| *meaning)
            .ok_or_else(|| expected_word(choices));
        self.keep(name, choice)
    }

    /// A list of 1 to `max` texts that `parse` accepts.
    pub fn required_list<T, E: Display>(
        &mut self,
        name: &'static str,
        max: usize,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Option<Vec<T>> {
        self.require(name);
        self.optional_list(name, max, parse)
    }

    pub fn optional_list<T, E: Display>(
        &mut self,
        name: &'static str,
        max: usize,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Option<Vec<T>> {
        let value = self.take(name)?;
        let items = match value {
            Value::Array(items) if (1..=max).contains(&items.len()) => items,
            Value::Array(_)
            | Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Object(_) => {
                return self.refuse(name, format!("must be a list of 1 to {max} texts"));
            }
        };
        let parsed: Vec<Option<T>> = items
            .iter()
            .enumerate()
            .map(|(index, item)| {
                let parsed = text_of(item, PARSED_MAX)
                    .and_then(|text| parse(text).map_err(|error| error.to_string()));
                self.keep(&format!("{name}[{index}]"), parsed)
            })
            .collect();
        parsed.into_iter().collect()
    }

    /// A flat object of texts that is stored as it is, as `metadata`.
    pub fn object(&mut self, name: &'static str) -> Option<BTreeMap<String, String>> {
        let value = self.take(name)?;
        let Value::Object(members) = value else {
            return self.refuse(name, "must be a JSON object".to_owned());
        };
        if members.len() > MAP_ENTRIES_MAX {
            return self.refuse(name, format!("must have at most {MAP_ENTRIES_MAX} entries"));
        }
        let entries: Vec<Option<(String, String)>> = members
            .into_iter()
            .map(|(key, value)| {
                let path = format!("{name}.{}", shown(&key));
                if !is_visible(&key) || has_control(&key) || key.chars().count() > MAP_TEXT_MAX {
                    let message = format!("must have a name of 1 to {MAP_TEXT_MAX} characters");
                    return self.refuse(&path, message);
                }
                let text = map_text_of(&value).map(str::to_owned);
                self.keep(&path, text).map(|text| (key, text))
            })
            .collect();
        entries.into_iter().collect()
    }

    /// Whether the field is there and not `null`.
    pub fn has(&self, name: &str) -> bool {
        self.members.get(name).is_some_and(|value| !value.is_null())
    }

    /// Adds a problem that only the caller can see, as two fields that exclude each other.
    pub fn problem(&mut self, name: &str, message: &str) {
        self.problems.push(FieldError::new(name, message));
    }

    /// # Errors
    /// [`Error::Invalid`] with every problem found, members nobody asked for included.
    pub fn finish(mut self) -> Result<(), Error> {
        for name in self.members.keys() {
            if !self.known.contains(name.as_str()) {
                let unknown = FieldError::new(shown(name), "is not a known field");
                self.problems.push(unknown);
            }
        }
        if self.problems.is_empty() {
            return Ok(());
        }
        self.problems.truncate(PROBLEMS_MAX);
        Err(Error::Invalid(self.problems))
    }

    /// Finishes with what was put together from the fields.
    ///
    /// # Errors
    /// As [`Fields::finish`]; also when `read` is none without a problem, so that nothing half-read
    /// goes on.
    pub fn finish_with<T>(self, read: Option<T>) -> Result<T, Error> {
        self.finish()?;
        read.ok_or_else(|| Error::invalid("", "is not complete"))
    }

    fn require(&mut self, name: &'static str) {
        if !self.has(name) {
            self.problem(name, "is required");
        }
    }

    fn take(&mut self, name: &'static str) -> Option<Value> {
        self.known.insert(name);
        self.members
            .get_mut(name)
            .map(Value::take)
            .filter(|value| !value.is_null())
    }

    fn keep<T>(&mut self, path: &str, read: Result<T, String>) -> Option<T> {
        match read {
            Ok(value) => Some(value),
            Err(message) => self.refuse(path, message),
        }
    }

    fn refuse<T>(&mut self, path: &str, message: String) -> Option<T> {
        self.problems.push(FieldError::new(path, message));
        None
    }
}

/// A name a client chose, short enough to be sent back.
pub(crate) fn shown(name: &str) -> String {
    name.chars().take(64).collect()
}

/// A text of 1 to `max` characters, not only blanks or invisible ones, without control characters.
pub(crate) fn text_of(value: &Value, max: usize) -> Result<&str, String> {
    let text = value
        .as_str()
        .ok_or_else(|| format!("must be a text of 1 to {max} characters"))?;
    if text.chars().count() > max {
        return Err(format!("must have 1 to {max} characters"));
    }
    if has_control(text) {
        return Err("must not contain control characters".to_owned());
    }
    if !is_visible(text) {
        return Err(format!("must have 1 to {max} visible characters"));
    }
    Ok(text)
}

fn map_text_of(value: &Value) -> Result<&str, String> {
    value
        .as_str()
        .filter(|text| text.chars().count() <= MAP_TEXT_MAX && !has_control(text))
        .ok_or_else(|| {
            format!(
                "must be a text of at most {MAP_TEXT_MAX} characters without control characters"
            )
        })
}

fn expected_word<T>(choices: &[(&str, T)]) -> String {
    let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
    format!("must be one of: {}", words.join(", "))
}

fn amount_of(value: &Value) -> Result<Cents, String> {
    let max = Cents::PAYOUT_MAX;
    let found = match value {
        Value::Number(number) => match (number.as_i64(), number.to_string()) {
            (Some(0), _) => "zero",
            (Some(minor), _) if minor > 0 && minor <= max.get() => return Ok(Cents::new(minor)),
            (_, text) if text.starts_with('-') => "a negative number",
            (Some(_), _) => "too large",
            (None, _) if number.is_u64() => "too large",
            // Integers beyond 64 bits are printed with a positive exponent.
            (None, text) if text.contains('e') && !text.contains("e-") => "too large",
            (None, _) => "a decimal",
        },
        Value::String(_) => "a string",
        Value::Bool(_) => "a boolean",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
        Value::Null => "null",
    };
    Err(format!(
        "must be an integer number of minor units from 1 to {max}; it is {found}"
    ))
}

#[cfg(test)]
#[path = "fields_tests.rs"]
mod tests;
