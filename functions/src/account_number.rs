//! Numbers of accounts and cards as clients send them.

use std::ops::RangeInclusive;

use platform::{api::fields::Fields, provider::paywizard::settings::Channels};

/// How the account of a prepaid card is named: barcode, keyed, magnetic stripe, proximity.
pub(crate) const ENTRY_TYPES: [(&str, &str); 4] = [("B", "B"), ("K", "K"), ("M", "M"), ("P", "P")];

/// The channel of a prepaid card: one of those that are served, the usual one unless the client says otherwise. It is
/// stored with the card, so that a card stays with its issuer whatever is usual later.
pub(crate) fn channel(fields: &mut Fields, channels: &Channels) -> String {
    let choices: Vec<_> = channels.all().map(|served| (served, served)).collect();
    let chosen = fields.optional_one_of("channel", &choices);
    chosen.unwrap_or(channels.usual()).to_owned()
}

/// A number of so many digits.
pub(crate) fn digits(text: &str, length: RangeInclusive<usize>) -> Result<String, String> {
    if length.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(text.to_owned());
    }
    Err(match (length.start(), length.end()) {
        (from, to) if from == to => format!("must be {from} digits"),
        (from, to) => format!("must be {from} to {to} digits"),
    })
}

/// The last four characters only.
pub(crate) fn masked(number: &str) -> String {
    let mut tail: Vec<char> = number.chars().rev().take(4).collect();
    tail.reverse();
    format!("****{}", tail.into_iter().collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_shows_four_digits_at_the_most() {
        assert_eq!(masked("5123817234060000"), "****0000");
        assert_eq!(masked("12"), "****12");
    }

    #[test]
    fn numbers_are_digits_of_the_right_length() {
        assert!(digits("5123817234060000", 12..=19).is_ok());
        assert_eq!(digits("12345", 9..=9), Err("must be 9 digits".to_owned()));
        assert!(digits("5123 8172", 4..=17).is_err());
        assert!(digits("٣٣٣٣", 4..=17).is_err());
    }
}
