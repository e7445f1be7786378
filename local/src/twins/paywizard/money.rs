//! Amounts as PayWizard writes them: decimal text in major units in requests and results, numbers in balances.

use serde::{Serialize, Serializer, ser::Error as _};
use serde_json::value::RawValue;

/// Digits after the point that a minor unit stands for, and how many minor units a major one has (USD).
const EXPONENT: usize = 2;
const UNIT: i64 = 100;
/// More whole digits than any amount the sandbox takes: 999,999,999,999.99.
const WHOLE_DIGITS_MAX: usize = 12;

/// Reads the text of a request (`10.50`, `10.5`, `10`) into minor units; `None` when it is not an exact positive amount.
pub(crate) fn read(text: &str) -> Option<i64> {
    let (whole, rest) = match text.split_once('.') {
        Some((whole, rest)) if !rest.is_empty() => (whole, rest),
        Some(_) => return None,
        None => (text, ""),
    };
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let fits = (1..=WHOLE_DIGITS_MAX).contains(&whole.len())
        && rest.len() <= EXPONENT
        && digits(whole)
        && digits(rest)
        && (whole == "0" || !whole.starts_with('0'));
    if !fits {
        return None;
    }
    let minor: i64 = format!("{whole}{rest:0<EXPONENT$}").parse().ok()?;
    (minor > 0).then_some(minor)
}

/// The text of a result: all digits after the point (`10.50`).
pub(crate) fn text(minor: i64) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    let (whole, rest) = (minor.abs() / UNIT, minor.abs() % UNIT);
    format!("{sign}{whole}.{rest:0EXPONENT$}")
}

/// Minor units that are printed as an exact JSON number in major units (`10.50`), as balances have them.
#[derive(Clone, Copy)]
pub(crate) struct Number(pub(crate) i64);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(text(self.0))
            .map_err(S::Error::custom)?
            .serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_exactly() {
        assert_eq!(read("10.50"), Some(1050));
        assert_eq!(read("10.5"), Some(1050));
        assert_eq!(read("10"), Some(1000));
        assert_eq!(read("0.01"), Some(1));
        assert_eq!(read("999999999999.99"), Some(99_999_999_999_999));
    }

    #[test]
    fn text_that_is_no_exact_positive_amount_is_refused() {
        for text in [
            "",
            "0",
            "0.00",
            "-1",
            "+1",
            "1.",
            ".5",
            "1.001",
            "1e3",
            "1,000.00",
            " 1",
            "1 ",
            "01",
            "١",
            "1000000000000",
            "NaN",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn amounts_are_printed_with_every_digit() {
        assert_eq!(text(1050), "10.50");
        assert_eq!(text(1), "0.01");
        assert_eq!(text(-1050), "-10.50");
        let number = |minor| serde_json::to_string(&Number(minor)).unwrap();
        assert_eq!(number(1050), "10.50");
        assert_eq!(number(-5), "-0.05");
        assert_eq!(number(0), "0.00");
    }
}
