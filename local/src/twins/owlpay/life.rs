//! The life of an order: its statuses, how it can end, and the way there.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The statuses of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub(crate) enum Status {
    Received,
    Cancelled,
    VendorUnconfirmed,
    PlatformUnconfirmed,
    Unconfirmed,
    Confirmed,
    Rejected,
    Settled,
    WaitExecute,
    TransferStart,
    InProcess,
    TransferEnd,
    Validated,
    PayoutSucceed,
    PayoutFailed,
}

impl Status {
    pub(crate) const ALL: [Self; 15] = [
        Self::Received,
        Self::Cancelled,
        Self::VendorUnconfirmed,
        Self::PlatformUnconfirmed,
        Self::Unconfirmed,
        Self::Confirmed,
        Self::Rejected,
        Self::Settled,
        Self::WaitExecute,
        Self::TransferStart,
        Self::InProcess,
        Self::TransferEnd,
        Self::Validated,
        Self::PayoutSucceed,
        Self::PayoutFailed,
    ];

    /// The word of the contract.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Received => "owlpay.received_order",
            Self::Cancelled => "platform.order_cancelled",
            Self::VendorUnconfirmed => "vendor.order_unconfirmed",
            Self::PlatformUnconfirmed => "platform.order_unconfirmed",
            Self::Unconfirmed => "owlpay.order_unconfirmed",
            Self::Confirmed => "owlpay.order_confirmed",
            Self::Rejected => "owlpay.order_rejected",
            Self::Settled => "owlpay.order_settled",
            Self::WaitExecute => "bank.wait_execute",
            Self::TransferStart => "bank.transfer_start",
            Self::InProcess => "bank.in_process",
            Self::TransferEnd => "bank.transfer_end",
            Self::Validated => "dest_bank.validated",
            Self::PayoutSucceed => "owlpay.payout_succeed",
            Self::PayoutFailed => "owlpay.payout_failed",
        }
    }

    /// Which of the five displayed stages it belongs to.
    pub(crate) fn stage(self) -> usize {
        match self {
            Self::Received | Self::Cancelled | Self::Rejected => 0,
            Self::VendorUnconfirmed | Self::PlatformUnconfirmed | Self::Unconfirmed => 1,
            Self::Confirmed | Self::Settled => 2,
            Self::WaitExecute | Self::TransferStart | Self::InProcess | Self::PayoutFailed => 3,
            Self::TransferEnd | Self::Validated | Self::PayoutSucceed => 4,
        }
    }

    /// A payout was made for it, which has an id of its own.
    pub(crate) fn has_accounting(self) -> bool {
        self.stage() >= 3
    }

    /// The review of its reconciliation is over.
    pub(crate) fn is_checked(self) -> bool {
        self.stage() >= 2 || self == Self::Rejected
    }

    /// What an order passes through before this status, once its reconciliation waits for review.
    fn way(self) -> &'static [Self] {
        const WAY: [Status; 3] = [Status::Confirmed, Status::WaitExecute, Status::InProcess];
        match self {
            Self::Received
            | Self::Cancelled
            | Self::VendorUnconfirmed
            | Self::PlatformUnconfirmed
            | Self::Unconfirmed
            | Self::Confirmed
            | Self::Rejected
            | Self::Settled => &WAY[..0],
            Self::WaitExecute => &WAY[..1],
            Self::TransferStart | Self::InProcess => &WAY[..2],
            Self::TransferEnd | Self::Validated | Self::PayoutSucceed | Self::PayoutFailed => &WAY,
        }
    }
}

impl From<Status> for &'static str {
    fn from(status: Status) -> Self {
        status.word()
    }
}

impl TryFrom<String> for Status {
    type Error = String;

    fn try_from(word: String) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|status| status.word() == word);
        known.ok_or_else(|| format!("{word} is no status"))
    }
}

/// What an order shows besides its status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Note {
    Plain,
    /// The member `is_paid` is true.
    IsPaid,
    /// The member `is_paid` is false.
    NotPaid,
    /// No `is_paid`, but the reconciliation says `payout_finish`.
    PayoutFinish,
    /// The review rejected it.
    Rejected,
}

/// A status with its note.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ending {
    pub(crate) status: Status,
    pub(crate) note: Note,
}

impl Ending {
    pub(crate) fn plain(status: Status) -> Self {
        let note = Note::Plain;
        Self { status, note }
    }

    /// Money is with the vendor when an order is here.
    pub(crate) fn pays(self) -> bool {
        match self.note {
            Note::IsPaid | Note::PayoutFinish => true,
            Note::NotPaid | Note::Rejected => false,
            Note::Plain => matches!(self.status, Status::PayoutSucceed | Status::Validated),
        }
    }

    /// Money that left can come back with it.
    pub(crate) fn returns(self) -> bool {
        !self.pays() && matches!(self.status, Status::PayoutFailed | Status::Cancelled)
    }

    pub(crate) fn is_rejected(self) -> bool {
        self.status == Status::Rejected || self.note == Note::Rejected
    }

    pub(crate) fn is_paid(self) -> Option<bool> {
        match self.note {
            Note::IsPaid => Some(true),
            Note::NotPaid => Some(false),
            Note::Plain | Note::PayoutFinish | Note::Rejected => None,
        }
    }
}

/// `STATUS`, or `STATUS:NOTE`.
impl FromStr for Ending {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (word, note) = match text.split_once(':') {
            None => (text, Note::Plain),
            Some((word, "is_paid")) => (word, Note::IsPaid),
            Some((word, "not_paid")) => (word, Note::NotPaid),
            Some((word, "payout_finish")) => (word, Note::PayoutFinish),
            Some((word, "rejected")) => (word, Note::Rejected),
            Some(_) => return Err(()),
        };
        let status = Status::try_from(word.to_owned()).map_err(|_| ())?;
        Ok(Self { status, note })
    }
}

/// A change that is still to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Step {
    /// Unix seconds.
    pub(crate) at_s: i64,
    pub(crate) to: Ending,
}

/// The steps from a reconciliation to its end `after_s` seconds later, evenly spread; without such a time it ends
/// at once and passes through nothing.
pub(crate) fn way_to(end: Ending, now_s: i64, after_s: i64) -> Vec<Step> {
    let way = if after_s == 0 { &[] } else { end.status.way() };
    let stops = way.iter().map(|status| Ending::plain(*status));
    let all: Vec<Ending> = stops.chain([end]).collect();
    let count = i64::try_from(all.len()).expect("a way has at most four steps");
    let step = |(n, to)| Step {
        at_s: now_s.saturating_add(after_s.saturating_mul(n) / count),
        to,
    };
    (1..).zip(all).map(step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_end_has_its_stops_and_an_immediate_one_has_none() {
        let end: Ending = "owlpay.payout_failed".parse().unwrap();
        let at_once = Step { at_s: 50, to: end };
        assert_eq!(way_to(end, 50, 0), [at_once]);
        let words: Vec<_> = way_to(end, 50, 400)
            .iter()
            .map(|step| (step.at_s, step.to.status.word()))
            .collect();
        let expected = [
            (150, "owlpay.order_confirmed"),
            (250, "bank.wait_execute"),
            (350, "bank.in_process"),
            (450, "owlpay.payout_failed"),
        ];
        assert_eq!(words, expected);
        let rejected = Ending::plain(Status::Rejected);
        assert_eq!(way_to(rejected, 0, 60).len(), 1);
    }

    #[test]
    fn only_words_of_the_contract_are_endings() {
        for status in Status::ALL {
            assert_eq!(status.word().parse(), Ok(Ending::plain(status)));
        }
        let end: Ending = "bank.transfer_end:is_paid".parse().unwrap();
        assert_eq!((end.is_paid(), end.pays()), (Some(true), true));
        for text in ["", "processed", "bank.transfer_end:maybe", ":is_paid"] {
            assert_eq!(text.parse::<Ending>(), Err(()), "{text}");
        }
    }
}
