//! The status words of OwlPay orders, as data (docs/providers/owlpay.md).

use domain::answer::Standing;

/// What else of an order decides what its status word means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marks {
    /// A reconciliation was applied for it: until then no money can move.
    pub is_reconciled: bool,
    pub is_rejected: bool,
    /// Shown by older orders only.
    pub is_paid: Option<bool>,
    /// Its reconciliation is at `payout_finish`. None when nobody asked.
    pub is_finished: Option<bool>,
}

/// Words that mean the same whatever else the order shows.
pub const WORDS: [(&str, Standing); 10] = [
    ("owlpay.order_unconfirmed", Standing::InFlight),
    ("vendor.order_unconfirmed", Standing::InFlight),
    ("platform.order_unconfirmed", Standing::InFlight),
    ("bank.wait_execute", Standing::InFlight),
    ("bank.transfer_start", Standing::InFlight),
    ("bank.in_process", Standing::InFlight),
    ("owlpay.payout_succeed", Standing::Paid),
    // Both may still be corrected and paid, until the order is canceled. Money that was on its way is for a person.
    ("owlpay.payout_failed", Standing::NeedsReview),
    ("owlpay.order_rejected", Standing::Rejected),
    ("platform.order_cancelled", Standing::FinalNegative),
];

/// The word of an order whose bank has taken the instruction: paid only with further evidence.
pub const TRANSFER_END: &str = "bank.transfer_end";

/// What an order means for us. An unknown word is in flight, and somebody should look.
pub fn standing(word: &str, marks: Marks) -> Standing {
    let paid_if = |evidence: bool| {
        if evidence {
            Standing::Paid
        } else {
            Standing::InFlight
        }
    };
    match word {
        "owlpay.received_order" if marks.is_reconciled => Standing::InFlight,
        "owlpay.received_order" => Standing::Inert,
        "owlpay.order_confirmed" if marks.is_rejected => Standing::Rejected,
        "owlpay.order_confirmed" => Standing::InFlight,
        // Settled speaks of the review, not of the money.
        "owlpay.order_settled" => paid_if(marks.is_paid == Some(true)),
        TRANSFER_END => paid_if(marks.is_paid.or(marks.is_finished) == Some(true)),
        "dest_bank.validated" => paid_if(marks.is_paid != Some(false)),
        other => WORDS
            .iter()
            .find(|(known, _)| *known == other)
            .map_or(Standing::Unrecognised, |(_, standing)| *standing),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Marks = Marks {
        is_reconciled: true,
        is_rejected: false,
        is_paid: None,
        is_finished: None,
    };

    #[test]
    fn an_order_is_inert_until_a_reconciliation_was_applied_for_it() {
        let inert = Marks {
            is_reconciled: false,
            ..PLAIN
        };
        assert_eq!(standing("owlpay.received_order", inert), Standing::Inert);
        assert_eq!(standing("owlpay.received_order", PLAIN), Standing::InFlight);
    }

    #[test]
    fn settled_is_not_paid_unless_the_order_says_so() {
        let settled = |is_paid| standing("owlpay.order_settled", Marks { is_paid, ..PLAIN });
        assert_eq!(settled(None), Standing::InFlight);
        assert_eq!(settled(Some(false)), Standing::InFlight);
        assert_eq!(settled(Some(true)), Standing::Paid);
    }

    #[test]
    fn the_end_of_the_transfer_is_paid_only_with_evidence() {
        let ended = |is_paid, is_finished| {
            let marks = Marks {
                is_paid,
                is_finished,
                ..PLAIN
            };
            standing(TRANSFER_END, marks)
        };
        assert_eq!(ended(None, None), Standing::InFlight);
        assert_eq!(ended(None, Some(false)), Standing::InFlight);
        assert_eq!(ended(None, Some(true)), Standing::Paid);
        assert_eq!(ended(Some(true), None), Standing::Paid);
        assert_eq!(ended(Some(false), Some(true)), Standing::InFlight);
    }

    #[test]
    fn the_receiving_bank_confirms_unless_the_order_denies_it() {
        let validated = |is_paid| standing("dest_bank.validated", Marks { is_paid, ..PLAIN });
        assert_eq!(validated(None), Standing::Paid);
        assert_eq!(validated(Some(false)), Standing::InFlight);
    }

    #[test]
    fn a_failed_order_is_for_a_person_and_a_rejected_one_is_dead_once_it_is_canceled() {
        let rejected = Marks {
            is_rejected: true,
            ..PLAIN
        };
        let word = "owlpay.payout_failed";
        assert_eq!(standing(word, PLAIN), Standing::NeedsReview);
        assert_eq!(standing("owlpay.order_rejected", PLAIN), Standing::Rejected);
        assert_eq!(
            standing("owlpay.order_confirmed", rejected),
            Standing::Rejected
        );
        assert_eq!(
            standing("owlpay.order_confirmed", PLAIN),
            Standing::InFlight
        );
        assert_eq!(
            standing("platform.order_cancelled", PLAIN),
            Standing::FinalNegative
        );
    }

    #[test]
    fn a_word_is_read_exactly_and_anything_else_is_unrecognised() {
        for word in ["paid", "owlpay.Payout_succeed", "payout_succeed", ""] {
            assert_eq!(standing(word, PLAIN), Standing::Unrecognised, "{word:?}");
        }
    }
}
