//! Values of a request, whatever it was written in. Numbers stay text: amounts never become floats.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer, ser::Error as _};
use serde_json::value::RawValue;

/// How deep values may lie in one another.
const DEPTH_MAX: usize = 8;

/// One value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    Null,
    Flag(bool),
    Number(String),
    Text(String),
    List(Vec<Field>),
    Map(BTreeMap<String, Field>),
}

/// The values by name.
pub(crate) type Fields = BTreeMap<String, Field>;

/// Reads a JSON object; `None` when it is none, or lies too deep.
pub(crate) fn from_json(body: &[u8]) -> Option<Fields> {
    let raw: &RawValue = serde_json::from_slice(body).ok()?;
    match of_raw(raw, DEPTH_MAX)? {
        Field::Map(fields) => Some(fields),
        _ => None,
    }
}

fn of_raw(raw: &RawValue, depth: usize) -> Option<Field> {
    let text = raw.get();
    let below = depth.checked_sub(1)?;
    Some(match text.as_bytes().first()? {
        b'n' => Field::Null,
        b't' | b'f' => Field::Flag(text == "true"),
        b'"' => Field::Text(serde_json::from_str(text).ok()?),
        b'[' => {
            let rows: Vec<&RawValue> = serde_json::from_str(text).ok()?;
            let rows = rows.into_iter().map(|row| of_raw(row, below));
            Field::List(rows.collect::<Option<_>>()?)
        }
        b'{' => {
            let members: BTreeMap<String, Box<RawValue>> = serde_json::from_str(text).ok()?;
            let members = members
                .into_iter()
                .map(|(name, raw)| Some((name, of_raw(&raw, below)?)));
            Field::Map(members.collect::<Option<_>>()?)
        }
        _ => Field::Number(text.to_owned()),
    })
}

/// Reads `a=1&b[c]=2&d[]=3&e[0][f]=4` into `fields`; `None` when names contradict each other or lie too deep.
pub(crate) fn add_form(fields: &mut Fields, text: &[u8]) -> Option<()> {
    let mut root = Field::Map(std::mem::take(fields));
    for (name, value) in form_urlencoded::parse(text) {
        let keys = keys(&name)?;
        put(&mut root, &keys, value.into_owned())?;
    }
    match settle(root) {
        Field::Map(read) => *fields = read,
        // All names were numbers, which no documented field is.
        _ => return None,
    }
    Some(())
}

/// The parts of a name: `a[b][]` is `a`, `b` and an empty one.
fn keys(name: &str) -> Option<Vec<&str>> {
    let Some((first, rest)) = name.split_once('[') else {
        return Some(vec![name]);
    };
    let rest = rest.strip_suffix(']')?;
    let keys: Vec<&str> = std::iter::once(first).chain(rest.split("][")).collect();
    (keys.len() <= DEPTH_MAX).then_some(keys)
}

fn put(at: &mut Field, keys: &[&str], value: String) -> Option<()> {
    let Some((key, rest)) = keys.split_first() else {
        *at = Field::Text(value);
        return Some(());
    };
    let Field::Map(members) = at else {
        return None;
    };
    let key = if key.is_empty() {
        members.len().to_string()
    } else {
        (*key).to_owned()
    };
    let fresh = || Field::Map(Fields::new());
    put(members.entry(key).or_insert_with(fresh), rest, value)
}

/// Turns what has the keys 0, 1, 2 and so on into lists.
fn settle(field: Field) -> Field {
    let Field::Map(members) = field else {
        return field;
    };
    let mut rows: Vec<(Option<usize>, String, Field)> = members
        .into_iter()
        .map(|(key, member)| (key.parse().ok(), key, settle(member)))
        .collect();
    rows.sort_by_key(|(number, ..)| *number);
    let is_list = |(n, row): (usize, &(Option<usize>, String, Field))| row.0 == Some(n);
    if !rows.is_empty() && rows.iter().enumerate().all(is_list) {
        return Field::List(rows.into_iter().map(|(_, _, row)| row).collect());
    }
    Field::Map(rows.into_iter().map(|(_, key, row)| (key, row)).collect())
}

impl Serialize for Field {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Flag(flag) => serializer.serialize_bool(*flag),
            Self::Number(text) => RawValue::from_string(text.clone())
                .map_err(S::Error::custom)?
                .serialize(serializer),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(rows) => rows.serialize(serializer),
            Self::Map(members) => members.serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(text: &str) -> Option<String> {
        let mut fields = Fields::new();
        add_form(&mut fields, text.as_bytes())?;
        Some(serde_json::to_string(&Field::Map(fields)).unwrap())
    }

    #[test]
    fn brackets_become_lists_and_objects() {
        let text = "orders[0][total]=5&orders[0][meta_data][order_id]=9527&orders[1][total]=6&a[]=x&a[]=y&b=1%2B1";
        let read = r#"{"a":["x","y"],"b":"1+1","orders":[{"meta_data":{"order_id":"9527"},"total":"5"},{"total":"6"}]}"#;
        assert_eq!(form(text).as_deref(), Some(read));
        let twelve: Vec<String> = (0..12).map(|n| format!("s[{n}]={n}")).collect();
        let read = form(&twelve.join("&")).unwrap();
        assert!(read.ends_with(r#""9","10","11"]}"#), "{read}");
    }

    #[test]
    fn contradicting_and_endless_names_are_refused() {
        for text in ["a=1&a[b]=2", "a[b=1", "a[][][][][][][][][]=1"] {
            assert_eq!(form(text), None, "{text}");
        }
    }

    #[test]
    fn json_keeps_its_numbers_as_written_and_has_a_depth() {
        let text = r#"{"a":447.50,"b":[true,null,{"c":"x"}]}"#;
        let fields = from_json(text.as_bytes()).unwrap();
        assert_eq!(serde_json::to_string(&Field::Map(fields)).unwrap(), text);
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(99), "]".repeat(99));
        assert_eq!(from_json(deep.as_bytes()), None);
        assert_eq!(from_json(b"[]"), None);
        assert_eq!(from_json(b"{"), None);
    }
}
