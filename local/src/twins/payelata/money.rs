//! Amounts as the contract writes them: JSON numbers in major units, exact.

use std::fmt;

use serde::{Serialize, Serializer, ser::Error as _};
use serde_json::value::RawValue;

/// Digits after the point that a minor unit stands for (USD, as for every currency of the twin's services).
const EXPONENT: usize = 2;
const UNIT: i64 = 100;

/// Minor units; printed as the shortest exact JSON number in major units (`10`, `447.5`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Minor(pub(crate) i64);

impl fmt::Display for Minor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.fixed();
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

impl Minor {
    /// With all digits after the point (`10.00`).
    pub(crate) fn fixed(self) -> String {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, rest) = (self.0.abs() / UNIT, self.0.abs() % UNIT);
        format!("{sign}{whole}.{rest:0EXPONENT$}")
    }

    /// Reads a JSON number; the error is the sentence for the caller.
    pub(crate) fn read(number: &RawValue) -> Result<Self, &'static str> {
        let text = number.get();
        if !text.starts_with(|c: char| c == '-' || c.is_ascii_digit()) {
            return Err("This value should be of type float.");
        }
        if text.contains(['e', 'E']) {
            return Err("This value should be a number without an exponent.");
        }
        if text.starts_with('-') {
            return Err("This value should be greater than 0.");
        }
        let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
        let rest = rest.trim_end_matches('0');
        if rest.len() > EXPONENT {
            return Err("This value should not have more than 2 digits after the point.");
        }
        let minor = format!("{whole}{rest:0<EXPONENT$}")
            .parse()
            .map_err(|_| "This value is too large.")?;
        if minor == 0 {
            return Err("This value should be greater than 0.");
        }
        Ok(Self(minor))
    }
}

impl Serialize for Minor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.to_string())
            .map_err(S::Error::custom)?
            .serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<i64, &'static str> {
        let number = RawValue::from_string(text.to_owned()).unwrap();
        Minor::read(&number).map(|minor| minor.0)
    }

    #[test]
    fn amounts_are_read_exactly() {
        assert_eq!(read("10"), Ok(1000));
        assert_eq!(read("447.50"), Ok(44750));
        assert_eq!(read("0.01"), Ok(1));
        assert_eq!(read("10.000"), Ok(1000));
        assert_eq!(read("92233720368547758.07"), Ok(i64::MAX));
    }

    #[test]
    fn amounts_that_are_not_exact_positive_numbers_are_refused() {
        for text in [
            "0",
            "0.00",
            "-1",
            "1.001",
            "1e3",
            "\"10\"",
            "null",
            "true",
            "92233720368547758.08",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn amounts_are_printed_as_in_the_contract() {
        let print = |minor| serde_json::to_string(&Minor(minor)).unwrap();
        assert_eq!(print(1000), "10");
        assert_eq!(print(44750), "447.5");
        assert_eq!(print(1), "0.01");
        assert_eq!(print(0), "0");
        assert_eq!(print(100), "1");
        assert_eq!(print(10000), "100");
        assert_eq!(Minor(1000).fixed(), "10.00");
    }
}
