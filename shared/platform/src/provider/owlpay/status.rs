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

impl Marks {
    /// Whether one of them says that the money left, whatever the word is.
    pub fn say_paid(self) -> bool {
        self.is_paid == Some(true) || self.is_finished == Some(true)
    }
}

/// Words that mean the same whatever else the order shows.
pub const WORDS: [(&str, Standing); 7] = [
    ("owlpay.order_unconfirmed", Standing::InFlight),
    ("vendor.order_unconfirmed", Standing::InFlight),
    ("platform.order_unconfirmed", Standing::InFlight),
    ("bank.wait_execute", Standing::InFlight),
    ("bank.transfer_start", Standing::InFlight),
    ("bank.in_process", Standing::InFlight),
    // It may still be corrected and paid, until the order is canceled. Money that was on its way is for a person.
    ("owlpay.payout_failed", Standing::NeedsReview),
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
    // A word that says that no money left, beside a mark that says that it did, is for a person.
    let unpaid = |standing: Standing| {
        if marks.say_paid() {
            Standing::NeedsReview
        } else {
            standing
        }
    };
    match word {
        "owlpay.received_order" if marks.is_reconciled => Standing::InFlight,
        "owlpay.received_order" => unpaid(Standing::Inert),
        // It may be corrected and paid until it is canceled.
        "owlpay.order_rejected" => unpaid(Standing::Rejected),
        "owlpay.order_confirmed" if marks.is_rejected => unpaid(Standing::Rejected),
        "owlpay.order_confirmed" => Standing::InFlight,
        "platform.order_cancelled" => unpaid(Standing::FinalNegative),
        // Settled speaks of the review, not of the money.
        "owlpay.order_settled" => paid_if(marks.is_paid == Some(true)),
        TRANSFER_END => paid_if(marks.is_paid.or(marks.is_finished) == Some(true)),
        "dest_bank.validated" | "owlpay.payout_succeed" => paid_if(marks.is_paid != Some(false)),
        other => WORDS
            .iter()
            .find(|(known, _)| *known == other)
            .map_or(Standing::Unrecognised, |(_, standing)| *standing),
    }
}

/// Whether an order of which OwlPay says that it can be cancelled is believed: not when something else of it says
/// that money is at the bank or with the vendor.
pub fn may_be_withdrawn(word: &str, marks: Marks) -> bool {
    let is_at_the_bank = matches!(
        word,
        "bank.transfer_start" | "bank.in_process" | TRANSFER_END | "dest_bank.validated"
    );
    !is_at_the_bank && !marks.say_paid() && standing(word, marks) != Standing::Paid
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
    fn a_success_is_believed_unless_the_order_denies_it() {
        for word in ["dest_bank.validated", "owlpay.payout_succeed"] {
            let paid = |is_paid| standing(word, Marks { is_paid, ..PLAIN });
            assert_eq!(paid(None), Standing::Paid, "{word}");
            assert_eq!(paid(Some(true)), Standing::Paid, "{word}");
            assert_eq!(paid(Some(false)), Standing::InFlight, "{word}");
        }
    }

    #[test]
    fn a_word_without_payment_beside_a_mark_of_payment_is_for_a_person() {
        let paid = Marks {
            is_paid: Some(true),
            is_reconciled: false,
            ..PLAIN
        };
        let finished = Marks {
            is_paid: None,
            is_finished: Some(true),
            ..paid
        };
        for marks in [paid, finished] {
            let rejected = Marks {
                is_rejected: true,
                ..marks
            };
            for (word, marks) in [
                ("platform.order_cancelled", marks),
                ("owlpay.order_rejected", marks),
                ("owlpay.order_confirmed", rejected),
                ("owlpay.payout_failed", marks),
                ("owlpay.received_order", marks),
            ] {
                assert_eq!(standing(word, marks), Standing::NeedsReview, "{word}");
            }
        }
    }

    #[test]
    fn an_order_is_withdrawn_only_while_nothing_else_speaks_of_money() {
        for word in [
            "owlpay.received_order",
            "owlpay.order_unconfirmed",
            "owlpay.order_confirmed",
            "owlpay.order_rejected",
            "owlpay.order_settled",
            "owlpay.payout_failed",
            "bank.wait_execute",
        ] {
            assert!(may_be_withdrawn(word, PLAIN), "{word}");
            let paid = Marks {
                is_paid: Some(true),
                ..PLAIN
            };
            assert!(!may_be_withdrawn(word, paid), "{word}");
        }
        for word in [
            "bank.transfer_start",
            "bank.in_process",
            "bank.transfer_end",
            "dest_bank.validated",
            "owlpay.payout_succeed",
        ] {
            assert!(!may_be_withdrawn(word, PLAIN), "{word}");
        }
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
