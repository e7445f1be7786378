//! The status words of Payelata invoices, as data (contract, section 4; decision tables of create and
//! query).

use domain::answer::Standing;

/// Every known word. What money it moved is told by the invoice's figures, never by the word alone.
pub const WORDS: [(&str, Standing); 20] = [
    ("created", Standing::Inert),
    ("processing", Standing::InFlight),
    ("process_pending", Standing::InFlight),
    ("process_error", Standing::InFlight),
    ("processed", Standing::Paid),
    ("partially_processed", Standing::NeedsReview),
    ("process_failed", Standing::FinalNegative),
    ("expired", Standing::FinalNegative),
    ("terminated", Standing::FinalNegative),
    ("canceling", Standing::InFlight),
    ("cancel_pending", Standing::InFlight),
    ("cancel_error", Standing::InFlight),
    ("canceled", Standing::Reversed),
    ("partially_canceled", Standing::NeedsReview),
    ("cancel_failed", Standing::NeedsReview),
    ("refunding", Standing::InFlight),
    ("refund_pending", Standing::InFlight),
    ("refunded", Standing::Reversed),
    ("partially_refunded", Standing::NeedsReview),
    ("refund_failed", Standing::NeedsReview),
];

/// What a status word means for us. An unknown word is in flight, and somebody should look; an invoice that is
/// said to wait for us and says that money may have left would be paid again by the process call.
pub fn standing(word: &str, may_have_paid: bool) -> Standing {
    let known = WORDS.iter().find(|(known, _)| *known == word);
    match known {
        Some((_, Standing::Inert)) if may_have_paid => Standing::NeedsReview,
        Some((_, standing)) => *standing,
        None => Standing::Unrecognised,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_is_listed_twice() {
        for (index, (word, _)) in WORDS.iter().enumerate() {
            assert!(
                WORDS[index + 1..].iter().all(|(other, _)| other != word),
                "{word}"
            );
        }
    }

    #[test]
    fn a_word_is_read_exactly_and_anything_else_is_unrecognised() {
        assert_eq!(standing("processed", true), Standing::Paid);
        for word in ["Processed", "processed ", "paid", ""] {
            assert_eq!(standing(word, false), Standing::Unrecognised, "{word:?}");
        }
    }
}
