//! The rows of docs/providers/payelata.md: every status word of an invoice with what it may say of its payment.

use domain::{
    answer::{Figure, Standing},
    money::Cents,
    resolution::Step,
};

use crate::cells::{ANY_OTHER, DEAD, INERT, Late, MISMATCH, NET, PAID, Row, UNDER_WAY};

/// What an invoice says of its payment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Signs {
    pub(crate) processed: bool,
    pub(crate) amount: Figure,
}

impl Signs {
    pub(crate) fn all() -> Vec<Self> {
        let figures = [
            Figure::Absent,
            Figure::Unreadable,
            Figure::Exact(Cents::ZERO),
            Figure::Exact(Cents::new(1)),
            Figure::Exact(NET),
            Figure::Exact(Cents::new(1_001)),
        ];
        let both = |amount| [true, false].map(|processed| Self { processed, amount });
        figures.into_iter().flat_map(both).collect()
    }

    /// Nothing here says that money left.
    pub(crate) fn none(self) -> bool {
        !self.processed
            && (self.amount == Figure::Absent || self.amount == Figure::Exact(Cents::ZERO))
    }

    pub(crate) fn some(self) -> bool {
        !self.none()
    }

    pub(crate) fn exactly(self) -> bool {
        self.amount == Figure::Exact(NET)
    }

    /// Figures of a payment that came back whole.
    pub(crate) fn whole(self) -> bool {
        self.exactly() || (self.processed && self.amount == Figure::Absent)
    }
}

pub(crate) const PAYELATA: [Row<Signs>; 14] = [
    Row {
        words: &["created"],
        marks: "nothing paid",
        has: Signs::none,
        standing: Standing::Inert,
        follows: INERT,
    },
    Row {
        words: &["created"],
        marks: "any sign of payment",
        has: Signs::some,
        standing: Standing::NeedsReview,
        follows: (MISMATCH, Late::People),
    },
    Row {
        words: &["processing", "process_pending", "process_error"],
        marks: "any",
        has: |_| true,
        standing: Standing::InFlight,
        follows: (UNDER_WAY, Late::People),
    },
    Row {
        words: &["processed"],
        marks: "`processed_amount` is N",
        has: Signs::exactly,
        standing: Standing::Paid,
        follows: (PAID, Late::Paid),
    },
    Row {
        words: &["processed"],
        marks: "any other figure, or none",
        has: |signs| !signs.exactly(),
        standing: Standing::Paid,
        follows: (MISMATCH, Late::People),
    },
    Row {
        words: &["partially_processed"],
        marks: "any",
        has: |_| true,
        standing: Standing::NeedsReview,
        follows: (MISMATCH, Late::People),
    },
    Row {
        words: &["process_failed", "expired", "terminated"],
        marks: "nothing paid",
        has: Signs::none,
        standing: Standing::FinalNegative,
        follows: (DEAD, Late::People),
    },
    Row {
        words: &["process_failed", "expired", "terminated"],
        marks: "any sign of payment",
        has: Signs::some,
        standing: Standing::FinalNegative,
        follows: (MISMATCH, Late::People),
    },
    Row {
        words: &[
            "canceling",
            "cancel_pending",
            "cancel_error",
            "refunding",
            "refund_pending",
        ],
        marks: "any",
        has: |_| true,
        standing: Standing::InFlight,
        follows: (UNDER_WAY, Late::People),
    },
    Row {
        words: &["canceled", "refunded"],
        marks: "nothing paid",
        has: Signs::none,
        standing: Standing::Reversed,
        follows: (DEAD, Late::Returned),
    },
    Row {
        words: &["canceled", "refunded"],
        marks: "`processed_amount` is N, or `processed` without a figure",
        has: Signs::whole,
        standing: Standing::Reversed,
        follows: (Step::PaidThenReturned, Late::Returned),
    },
    Row {
        words: &["canceled", "refunded"],
        marks: "any other sign of payment",
        has: |signs| signs.some() && !signs.whole(),
        standing: Standing::Reversed,
        follows: (MISMATCH, Late::People),
    },
    Row {
        words: &[
            "partially_canceled",
            "cancel_failed",
            "partially_refunded",
            "refund_failed",
        ],
        marks: "any",
        has: |_| true,
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
