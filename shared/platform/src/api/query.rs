//! Query parameters, read one by one. A name nobody asked for, or one that comes twice, is refused.

use std::{collections::BTreeSet, fmt::Display};

use app::error::{Error, FieldError};

use crate::api::fields::{PARSED_MAX, PROBLEMS_MAX, shown, text_of};

/// The query of a request being read. Ask for every known name, then call [`Query::finish`].
pub struct Query<'a> {
    pairs: &'a [(String, String)],
    known: BTreeSet<&'static str>,
    problems: Vec<FieldError>,
}

impl<'a> Query<'a> {
    pub const fn new(pairs: &'a [(String, String)]) -> Self {
        Self {
            pairs,
            known: BTreeSet::new(),
            problems: Vec::new(),
        }
    }

    /// # Errors
    /// [`Error::Invalid`] when there is any query parameter, for routes that take none.
    pub fn none(pairs: &'a [(String, String)]) -> Result<(), Error> {
        Self::new(pairs).finish()
    }

    /// A value that `parse` accepts; its error says what was expected.
    pub fn optional<T, E: Display>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        self.known.insert(name);
        let (_, value) = self.pairs.iter().find(|(held, _)| held == name)?;
        let value = serde_json::Value::String(value.clone());
        let parsed = text_of(&value, PARSED_MAX)
            .and_then(|text| parse(text).map_err(|error| error.to_string()));
        match parsed {
            Ok(value) => Some(value),
            Err(message) => {
                self.problems.push(FieldError::new(name, message));
                None
            }
        }
    }

    /// A whole number from `range`, written in digits only.
    pub fn optional_number(
        &mut self,
        name: &'static str,
        range: std::ops::RangeInclusive<u32>,
    ) -> Option<u32> {
        self.optional(name, |text| {
            let expected = || format!("must be a number from {} to {}", range.start(), range.end());
            if !text.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(expected());
            }
            let number = text.parse().ok();
            number.filter(|it| range.contains(it)).ok_or_else(expected)
        })
    }

    /// One of a few words, as what it stands for.
    pub fn optional_one_of<T: Copy>(
        &mut self,
        name: &'static str,
        choices: &[(&'static str, T)],
    ) -> Option<T> {
        self.optional(name, |text| {
            let chosen = choices.iter().find(|(word, _)| *word == text);
            chosen.map(|(_, meaning)| *meaning).ok_or_else(|| {
                let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
                format!("must be one of: {}", words.join(", "))
            })
        })
    }

    /// Whether the parameter is there at all, readable or not.
    pub fn has(&self, name: &str) -> bool {
        self.pairs.iter().any(|(held, _)| held == name)
    }

    /// Adds a problem that only the caller can see, as two parameters that exclude each other.
    pub fn problem(&mut self, name: &str, message: &str) {
        self.problems.push(FieldError::new(name, message));
    }

    /// # Errors
    /// [`Error::Invalid`] with every problem found, unknown and repeated names included.
    pub fn finish(mut self) -> Result<(), Error> {
        let mut seen = BTreeSet::new();
        for (name, _) in self.pairs {
            let is_first = seen.insert(name.as_str());
            if !self.known.contains(name.as_str()) {
                let unknown = FieldError::new(shown(name), "is not a known query parameter");
                self.problems.push(unknown);
            } else if !is_first {
                let repeated = FieldError::new(shown(name), "must be given once");
                self.problems.push(repeated);
            }
        }
        if self.problems.is_empty() {
            return Ok(());
        }
        self.problems.truncate(PROBLEMS_MAX);
        Err(Error::Invalid(self.problems))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(query: &[(&str, &str)]) -> Vec<(String, String)> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        query.iter().map(owned).collect()
    }

    fn paths(result: Result<(), Error>) -> Vec<String> {
        match result {
            Ok(()) => Vec::new(),
            Err(Error::Invalid(problems)) => problems.into_iter().map(|it| it.path).collect(),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn known_names_are_read_and_absent_ones_are_none() {
        let pairs = pairs(&[("page", "2"), ("status", "paid")]);
        let mut query = Query::new(&pairs);
        assert_eq!(query.optional_number("page", 1..=100), Some(2));
        assert_eq!(query.optional_number("pageSize", 1..=100), None);
        assert_eq!(query.optional_one_of("status", &[("paid", 7)]), Some(7));
        assert_eq!(query.finish(), Ok(()));
    }

    #[test]
    fn a_number_is_digits_within_its_range() {
        for text in [
            "0",
            "101",
            "-1",
            "+1",
            "1.0",
            "1e1",
            "",
            " 1",
            "x",
            "99999999999",
        ] {
            let pairs = pairs(&[("page", text)]);
            let mut query = Query::new(&pairs);
            assert_eq!(query.optional_number("page", 1..=100), None, "{text}");
            assert_eq!(paths(query.finish()), ["page"]);
        }
    }

    #[test]
    fn unknown_and_repeated_names_are_refused() {
        let pairs = pairs(&[("page", "1"), ("page", "1"), ("Page", "1")]);
        let mut query = Query::new(&pairs);
        assert_eq!(query.optional_number("page", 1..=9), Some(1));
        assert_eq!(paths(query.finish()), ["page", "Page"]);
        assert_eq!(paths(Query::none(&[])), Vec::<String>::new());
        assert_eq!(paths(Query::none(&pairs)).len(), 3);
    }

    #[test]
    fn a_word_outside_its_list_is_refused() {
        let pairs = pairs(&[("status", "PAID")]);
        let mut query = Query::new(&pairs);
        assert_eq!(query.optional_one_of("status", &[("paid", 7)]), None);
        assert_eq!(paths(query.finish()), ["status"]);
    }
}
