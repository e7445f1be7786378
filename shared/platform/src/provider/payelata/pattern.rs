//! The regular expressions of fields, as Payelata prints them (contract, section 2.1, and its table of pitfalls).
//!
//! They come from outside: their length, their nesting and what they compile to are limited, and the engine takes
//! time linear in pattern and value. What it cannot read judges nothing.

use regex_lite::{Regex, RegexBuilder};

/// Characters of a pattern.
const TEXT_MAX: usize = 512;
/// Bytes that a pattern may compile to.
const SIZE_MAX: usize = 256 * 1024;
const NESTING_MAX: u32 = 32;
/// Characters of a pattern that is shown to callers.
const SHOWN_MAX: usize = 120;
/// What stands around an expression where it is written as PHP does.
const DELIMITERS: [char; 3] = ['/', '#', '~'];

/// The form of a field's value. It is held against the whole value.
#[derive(Debug)]
pub(super) struct Pattern {
    text: String,
    regex: Regex,
}

impl Pattern {
    /// None for what cannot be compiled within the limits.
    pub(super) fn read(printed: &str) -> Option<Self> {
        if printed.len() > TEXT_MAX {
            return None;
        }
        let text = unescaped(printed);
        let (text, ignores_case) = undelimited(&text)?;
        // By itself first: what only compiles inside the parentheses is not what was meant.
        compiled(text, ignores_case)?;
        Some(Self {
            regex: compiled(&format!(r"\A(?:{text})\z"), ignores_case)?,
            text: text.to_owned(),
        })
    }

    pub(super) fn fits(&self, value: &str) -> bool {
        self.regex.is_match(value)
    }

    /// What a caller is told about a value that does not fit.
    pub(super) fn expectation(&self) -> String {
        let is_plain = self.text.bytes().all(|b| b.is_ascii_graphic() || b == b' ');
        if is_plain && self.text.len() <= SHOWN_MAX {
            format!("must match {}, as the provider requires", self.text)
        } else {
            "does not have the form that the provider requires".to_owned()
        }
    }
}

fn compiled(text: &str, ignores_case: bool) -> Option<Regex> {
    RegexBuilder::new(text)
        .case_insensitive(ignores_case)
        .size_limit(SIZE_MAX)
        .nest_limit(NESTING_MAX)
        .build()
        .ok()
}

/// Backslashes are printed twice, in some places four times. A literal one has no place in an account.
fn unescaped(printed: &str) -> String {
    let mut text = printed.to_owned();
    while text.contains(r"\\") {
        text = text.replace(r"\\", r"\");
    }
    text
}

/// The expression between delimiters, or all of it without them, and whether it ignores case. None for flags that
/// would change its meaning.
fn undelimited(text: &str) -> Option<(&str, bool)> {
    let delimited = text
        .strip_prefix(DELIMITERS)
        .zip(text.chars().next())
        .and_then(|(rest, delimiter)| rest.rsplit_once(delimiter));
    match delimited {
        None => Some((text, false)),
        // No value has several lines, and texts are read as UTF-8.
        Some((inner, flags)) if flags.chars().all(|flag| "imsuD".contains(flag)) => {
            Some((inner, flags.contains('i')))
        }
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(printed: &str, value: &str) -> bool {
        Pattern::read(printed)
            .unwrap_or_else(|| panic!("{printed} is readable"))
            .fits(value)
    }

    #[test]
    fn backslashes_may_be_printed_once_twice_or_four_times() {
        for printed in [r"^\d{9}$", r"^\\d{9}$", r"^\\\\d{9}$"] {
            assert!(fits(printed, "021000021"), "{printed}");
            assert!(!fits(printed, "02100002"), "{printed}");
            assert!(!fits(printed, "dddddddddd"), "{printed}");
        }
        assert!(fits(r"^[A-Z\\-\\sa-z]{2,64}$", "process-failed now"));
    }

    #[test]
    fn delimiters_and_harmless_flags_are_taken_off() {
        for printed in ["/^ab$/", "#^ab$#u", "~^ab$~D", "/ab/", "ab", "^ab$"] {
            assert!(fits(printed, "ab"), "{printed}");
            assert!(!fits(printed, "AB"), "{printed}");
            assert!(!fits(printed, "xab"), "{printed}");
        }
        assert!(fits("/^ab$/iu", "AB"));
        assert!(Pattern::read("/^a b$/x").is_none(), "blanks would count");
    }

    #[test]
    fn a_pattern_is_held_against_the_whole_value() {
        assert!(!fits(r"\d{4}", "12345"));
        assert!(fits("^a$|^bb$", "bb"));
        assert!(!fits("^a|b$", "xb"));
    }

    #[test]
    fn digits_are_ascii_and_a_character_is_no_byte() {
        assert!(!fits(r"^\d{3}$", "\u{661}\u{662}\u{663}"));
        assert!(fits("^.{2,4}$", "Zoë"));
    }

    #[test]
    fn what_cannot_be_read_or_is_too_much_judges_nothing() {
        let nested = format!("{}a{}", "(".repeat(100), ")".repeat(100));
        let long = "a".repeat(TEXT_MAX + 1);
        for printed in [
            "(",
            "[a-",
            r"(?=\d)\d+",
            r"^(\d)\1$",
            "a{1000}{1000}{1000}",
            "^a)|(b$",
            &nested,
            &long,
        ] {
            assert!(Pattern::read(printed).is_none(), "{printed}");
        }
    }

    #[test]
    fn a_hostile_pattern_ends_soon() {
        let started = Pattern::read("^(a|a)*(a|aa)+(a*)*$").expect("readable");
        assert!(!started.fits(&format!("{}b", "a".repeat(200))));
    }

    #[test]
    fn a_pattern_is_shown_when_it_is_short_and_plain() {
        let shown = |printed| Pattern::read(printed).expect("readable").expectation();
        assert_eq!(
            shown(r"^\\d{9}$"),
            r"must match ^\d{9}$, as the provider requires"
        );
        let hidden = "does not have the form that the provider requires";
        assert_eq!(shown("^\u{43f}+$"), hidden);
        assert_eq!(shown(&"a".repeat(121)), hidden);
    }
}
