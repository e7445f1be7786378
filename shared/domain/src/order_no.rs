//! Our number of a money call at PayWizard, and under which name a provider knows a submission of ours.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::{ids::Submission, routing::Provider};

/// The smallest number of 17 digits, and how many there are.
const FIRST: u128 = 10_000_000_000_000_000;
const COUNT: u128 = 9 * FIRST;

/// A `tranOrderNo`: 17 digits, the first not zero, as in the vendor's sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderNo(String);

impl OrderNo {
    /// The number of a call with this reference of ours: a pure function of the text, so a call that is sent
    /// again carries the same number. Two references could meet in one number, so the first one keeps it: each
    /// number is recorded with the intent to call.
    pub fn of(reference: &str) -> Self {
        let digest = Sha256::digest(reference);
        let (head, _) = digest
            .split_first_chunk::<16>()
            .expect("a SHA-256 has 32 bytes");
        Self((FIRST + u128::from_be_bytes(*head) % COUNT).to_string())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The name under which a provider knows a submission, where that is not our reference itself.
pub fn name_at(provider: Provider, submission: &Submission) -> Option<String> {
    match provider {
        Provider::Payelata | Provider::Owlpay => None,
        Provider::Paywizard => Some(OrderNo::of(&submission.to_string()).to_string()),
    }
}

impl fmt::Display for OrderNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_number_has_17_digits_and_is_the_same_each_time() {
        let mut seen = HashSet::new();
        for n in 0..2_000 {
            let reference = format!("pay_{n}-a01");
            let number = OrderNo::of(&reference);
            assert_eq!(number, OrderNo::of(&reference));
            let digits = number.as_str();
            assert_eq!(digits.len(), 17, "{digits}");
            assert!(digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0'));
            assert!(seen.insert(number.to_string()));
        }
    }

    #[test]
    fn the_numbers_never_change_between_versions() {
        // The calls already made are known to the vendor by these.
        assert_eq!(OrderNo::of("pay_7Q2-a01").as_str(), "16123795066753382");
        assert_eq!(OrderNo::of("").as_str(), "46472538583578916");
    }
}
