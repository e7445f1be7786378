//! Amounts as the contract writes them: JSON numbers in major units, exact.

use std::fmt;

use serde::{Serialize, Serializer, ser::Error as _};
use serde_json::value::RawValue;

/// Currencies without a minor unit (ISO 4217).
const WHOLE: [&str; 8] = ["CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND", "XAF"];

/// Minor units of a currency; printed as the shortest exact JSON number in major units (`10`, `447.5`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Amount {
    minor: i64,
    digits: usize,
}

/// Digits after the point that a minor unit of the currency stands for.
fn digits(currency: &str) -> usize {
    if WHOLE.contains(&currency) { 0 } else { 2 }
}

impl Amount {
    pub(crate) fn of(minor: i64, currency: &str) -> Self {
        let digits = digits(currency);
        Self { minor, digits }
    }

    /// Reads a positive decimal in major units as minor units; the error is the sentence for the caller.
    pub(crate) fn read(text: &str, currency: &str) -> Result<i64, &'static str> {
        let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
        let is_plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !is_plain(whole) || !is_plain(rest) {
            return Err("must be a positive decimal number");
        }
        let (rest, digits) = (rest.trim_end_matches('0'), digits(currency));
        if rest.len() > digits {
            return Err("has more digits after the point than its currency");
        }
        let minor = format!("{whole}{rest:0<digits$}")
            .parse()
            .map_err(|_| "is too large")?;
        if minor == 0 {
            return Err("must be greater than 0");
        }
        Ok(minor)
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.digits;
        if digits == 0 {
            return write!(f, "{}", self.minor);
        }
        let unit = 10_i64.pow(u32::try_from(digits).expect("a currency has few digits"));
        let (whole, rest) = (self.minor / unit, self.minor % unit);
        let text = format!("{whole}.{rest:0digits$}");
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.to_string())
            .map_err(S::Error::custom)?
            .serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_and_printed_exactly() {
        for (text, currency, minor, printed) in [
            ("447.50", "USD", 44_750, "447.5"),
            ("10000", "TWD", 1_000_000, "10000"),
            ("0.01", "USD", 1, "0.01"),
            ("10.000", "JPY", 10, "10"),
            (
                "92233720368547758.07",
                "EUR",
                i64::MAX,
                "92233720368547758.07",
            ),
        ] {
            assert_eq!(Amount::read(text, currency), Ok(minor), "{text}");
            let amount = Amount::of(minor, currency);
            assert_eq!(serde_json::to_string(&amount).unwrap(), printed);
        }
    }

    #[test]
    fn amounts_that_are_not_exact_positive_numbers_are_refused() {
        for text in [
            "",
            "0",
            "0.00",
            "-1",
            "1.001",
            "1e3",
            ".5",
            "1,5",
            "92233720368547758.08",
        ] {
            assert!(Amount::read(text, "USD").is_err(), "{text}");
        }
        assert!(Amount::read("1.5", "JPY").is_err());
    }
}
