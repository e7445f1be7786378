//! The rows of docs/providers/owlpay.md: every status word of an order with the marks that may stand beside it.

use domain::answer::Standing;
use platform::provider::owlpay::status::Marks;

use crate::cells::{ANY_OTHER, DEAD, INERT, Late, MISMATCH, PAID, Row, UNDER_WAY};

fn is_said_paid(marks: Marks) -> bool {
    marks.say_paid()
}

/// The one word whose payment its reconciliation can tell.
fn is_ended_paid(marks: Marks) -> bool {
    marks.is_paid.or(marks.is_finished) == Some(true)
}

pub(crate) const OWLPAY: [Row<Marks>; 21] = [
    Row {
        words: &["owlpay.received_order"],
        marks: "no reconciliation",
        has: |marks| !marks.is_reconciled && !is_said_paid(marks),
        standing: Standing::Inert,
        follows: INERT,
    },
    Row {
        words: &["owlpay.received_order"],
        marks: "no reconciliation, `is_paid` is true",
        has: |marks| !marks.is_reconciled && is_said_paid(marks),
        standing: Standing::NeedsReview,
        follows: (MISMATCH, Late::People),
    },
    Row {
        words: &["owlpay.received_order"],
        marks: "a reconciliation",
        has: |marks| marks.is_reconciled,
        standing: Standing::InFlight,
        follows: (UNDER_WAY, Late::People),
    },
    Row {
        words: &[
            "owlpay.order_unconfirmed",
            "vendor.order_unconfirmed",
            "platform.order_unconfirmed",
        ],
        marks: "any",
        has: |_| true,
        standing: Standing::InFlight,
        follows: (UNDER_WAY, Late::People),
    },
    Row {
        words: &["owlpay.order_confirmed"],
        marks: "`is_rejected` is not true",
        has: |marks| !marks.is_rejected,
        standing: Standing::InFlight,
        follows: (UNDER_WAY, Late::People),
    },
    Row {
        words: &["owlpay.order_confirmed"],
        marks: "`is_rejected` is true",
        has: |marks| marks.is_rejected && !is_said_paid(marks),
        standing: Standing::Rejected,
        follows: (MISMATCH, Late::People),
    },
    Row {
        words: &["owlpay.order_confirmed"],
        marks: "`is_rejected` and `is_paid` are true",
        has: |marks| marks.is_rejected && is_said_paid(marks),
        standing: Standing::NeedsReview,
        follows: (MISMATCH, Late::People),
    },
    Row {
        words: &["owlpay.order_rejected"],
        marks: "`is_paid` is not true",
        has: |marks| !is_said_paid(marks),
        standing: Standing::Rejected,
        follows: (MISMATCH, Late::People),
    },
    Row {
        words: &["owlpay.order_rejected"],
        marks: "`is_paid` is true",
        has: is_said_paid,
        standing: Standing::NeedsReview,
        follows: (MISMATCH, Late::People),
    },
    Row {
        words: &["owlpay.order_settled"],
        marks: "`is_paid` is not true",
        has: |marks| marks.is_paid != Some(true),
        standing: Standing::InFlight,
        follows: (UNDER_WAY, Late::People),
    },
    Row {
        words: &["owlpay.order_settled"],
        marks: "`is_paid` is true",
        has: |marks| marks.is_paid == Some(true),
        standing: Standing::Paid,
        follows: (PAID, Late::Paid),
    },
    Row {
        words: &["bank.wait_execute"],
        marks: "any",
        has: |_| true,
        standing: Standing::InFlight,
        follows: (UNDER_WAY, Late::People),
    },
    Row {
        words: &["bank.transfer_start", "bank.in_process"],
        marks: "any",
        has: |_| true,
        standing: Standing::InFlight,
        follows: (UNDER_WAY, Late::People),
    },
    Row {
        words: &["bank.transfer_end"],
        marks: "`is_paid` is true; or it is absent, and the reconciliation is `payout_finish`",
        has: is_ended_paid,
        standing: Standing::Paid,
        follows: (PAID, Late::Paid),
    },
    Row {
        words: &["bank.transfer_end"],
        marks: "neither",
        has: |marks| !is_ended_paid(marks),
        standing: Standing::InFlight,
        follows: (UNDER_WAY, Late::People),
    },
    Row {
        words: &["dest_bank.validated", "owlpay.payout_succeed"],
        marks: "`is_paid` is not false",
        has: |marks| marks.is_paid != Some(false),
        standing: Standing::Paid,
        follows: (PAID, Late::Paid),
    },
    Row {
        words: &["dest_bank.validated", "owlpay.payout_succeed"],
        marks: "`is_paid` is false",
        has: |marks| marks.is_paid == Some(false),
        standing: Standing::InFlight,
        follows: (UNDER_WAY, Late::People),
    },
    Row {
        words: &["owlpay.payout_failed"],
        marks: "any",
        has: |_| true,
        standing: Standing::NeedsReview,
        follows: (MISMATCH, Late::People),
    },
    Row {
        words: &["platform.order_cancelled"],
        marks: "`is_paid` is not true",
        has: |marks| !is_said_paid(marks),
        standing: Standing::FinalNegative,
        follows: (DEAD, Late::People),
    },
    Row {
        words: &["platform.order_cancelled"],
        marks: "`is_paid` is true",
        has: is_said_paid,
        standing: Standing::NeedsReview,
        follows: (MISMATCH, Late::People),
    },
    Row {
        words: ANY_OTHER,
        marks: "any",
        has: |_| true,
        standing: Standing::Unrecognised,
        follows: (UNDER_WAY, Late::People),
    },
];

pub(crate) fn all_marks() -> Vec<Marks> {
    let [yes, no, nobody] = [Some(true), Some(false), None];
    let mut all = Vec::new();
    for is_reconciled in [true, false] {
        for is_rejected in [true, false] {
            for is_paid in [yes, no, nobody] {
                for is_finished in [yes, no, nobody] {
                    // Without a reconciliation nobody can be asked about one.
                    if is_reconciled || is_finished.is_none() {
                        all.push(Marks {
                            is_reconciled,
                            is_rejected,
                            is_paid,
                            is_finished,
                        });
                    }
                }
            }
        }
    }
    all
}
