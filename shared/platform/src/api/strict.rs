//! Strict JSON: what two readers could understand differently is refused.
//!
//! A repeated key is the classic case: one reader takes the first value, another the last, and a check
//! made by one does not hold for the other. Errors name the place and the rule, never a value.

use std::{cell::RefCell, fmt};

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// How deep objects and arrays may nest; the outermost one counts as 1 (reliability design, section 4).
pub const DEPTH_MAX: usize = 16;

/// How much of a path an error shows.
const PATH_SHOWN: usize = 120;

/// Why a text was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StrictError {
    /// Where, as `driver.names[2].first`; empty for the text as a whole.
    pub path: String,
    /// Which rule it breaks. Contains nothing of the text's values.
    pub message: String,
}

impl fmt::Display for StrictError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "{}: {}", self.path, self.message)
        }
    }
}

impl std::error::Error for StrictError {}

/// Reads exactly one JSON value. Numbers stay [`Number`]; a fraction or an exponent makes one that is
/// not an integer, even where its value is whole.
///
/// # Errors
/// [`StrictError`] for a repeated key, nesting deeper than [`DEPTH_MAX`], data after the value, invalid
/// UTF-8, and everything that is not JSON.
pub fn parse(bytes: &[u8]) -> Result<Value, StrictError> {
    let fault = RefCell::new(None);
    let seed = Seed {
        depth: 0,
        place: Place::Whole,
        fault: &fault,
    };
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let read = seed
        .deserialize(&mut reader)
        .and_then(|value| reader.end().map(|()| value));
    read.map_err(|error| {
        fault.take().unwrap_or_else(|| StrictError {
            path: String::new(),
            message: format!(
                "not valid JSON at line {} column {}",
                error.line(),
                error.column()
            ),
        })
    })
}

/// Where the reader stands: a chain on the stack, spelled out only for an error.
#[derive(Clone, Copy)]
enum Place<'p> {
    Whole,
    Key(&'p Place<'p>, &'p str),
    Index(&'p Place<'p>, usize),
}

impl Place<'_> {
    fn spell(&self, out: &mut String) {
        match self {
            Self::Whole => {}
            Self::Key(outer, key) => {
                outer.spell(out);
                if !out.is_empty() {
                    out.push('.');
                }
                out.push_str(key);
            }
            Self::Index(outer, index) => {
                outer.spell(out);
                out.push_str(&format!("[{index}]"));
            }
        }
    }
}

#[derive(Clone, Copy)]
struct Seed<'p> {
    depth: usize,
    place: Place<'p>,
    fault: &'p RefCell<Option<StrictError>>,
}

impl Seed<'_> {
    fn refuse<E: serde::de::Error>(&self, place: &Place<'_>, message: &str) -> E {
        let mut path = String::new();
        place.spell(&mut path);
        self.fault.replace(Some(StrictError {
            path: path.chars().take(PATH_SHOWN).collect(),
            message: message.to_owned(),
        }));
        E::custom(message)
    }

    fn enter<E: serde::de::Error>(&self) -> Result<usize, E> {
        if self.depth < DEPTH_MAX {
            Ok(self.depth + 1)
        } else {
            Err(self.refuse(
                &self.place,
                &format!("nested deeper than {DEPTH_MAX} levels"),
            ))
        }
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("not a finite number"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let depth = self.enter()?;
        let mut values = Vec::new();
        while let Some(value) = items.next_element_seed(Seed {
            depth,
            place: Place::Index(&self.place, values.len()),
            fault: self.fault,
        })? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let depth = self.enter()?;
        let mut members = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let place = Place::Key(&self.place, &key);
            if members.contains_key(&key) {
                return Err(self.refuse(&place, "the key appears twice"));
            }
            let value = entries.next_value_seed(Seed {
                depth,
                place,
                fault: self.fault,
            })?;
            members.insert(key, value);
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> StrictError {
        parse(text.as_bytes()).expect_err("refused")
    }

    #[test]
    fn a_plain_document_is_read_as_it_stands() {
        let value = parse(br#" {"a":[1,-2,true,null,"x"],"b":{"c":4.5}} "#).expect("valid");
        assert_eq!(
            value,
            serde_json::json!({"a": [1, -2, true, null, "x"], "b": {"c": 4.5}})
        );
    }

    #[test]
    fn a_repeated_key_is_refused_with_its_path() {
        let error = refusal(r#"{"lines":[{"a":1},{"b":{"net":1,"net":2}}]}"#);
        assert_eq!(error.path, "lines[1].b.net");
        assert_eq!(error.message, "the key appears twice");
        assert_eq!(refusal(r#"{"a":1,"\u0061":2}"#).path, "a");
    }

    #[test]
    fn the_same_key_in_two_objects_is_no_repetition() {
        assert!(parse(br#"[{"a":1},{"a":{"a":2}}]"#).is_ok());
    }

    #[test]
    fn sixteen_levels_are_read_and_seventeen_are_refused() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(parse(nested(16).as_bytes()).is_ok());
        let error = refusal(&nested(17));
        assert_eq!(error.message, "nested deeper than 16 levels");
        let deep = "{\"a\":".repeat(100_000);
        assert_eq!(refusal(&deep).message, "nested deeper than 16 levels");
    }

    #[test]
    fn anything_after_the_value_is_refused() {
        for text in ["{} {}", "{}x", "1 2", "[]\u{feff}"] {
            assert!(parse(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn invalid_utf8_and_lone_surrogates_are_refused() {
        assert!(parse(b"\"\xff\"").is_err());
        assert!(parse(b"\xef\xbb\xbf{}").is_err());
        assert!(parse(br#""\ud800""#).is_err());
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for text in ["", " ", "{", "{'a':1}", "[1,]", "NaN", "01", "{\"a\":1,}"] {
            assert!(parse(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn only_an_integer_literal_is_an_integer() {
        for (text, integer) in [
            ("100", true),
            ("1e2", false),
            ("100.0", false),
            ("-0", false),
        ] {
            assert_eq!(
                parse(text.as_bytes()).expect("a number").is_u64(),
                integer,
                "{text}"
            );
        }
    }

    #[test]
    fn an_error_shows_no_value() {
        let error = refusal(r#"{"card":"5123817234060000" 1}"#);
        assert!(!error.to_string().contains("5123"), "{error}");
    }
}
