//! What owners may say about an attempt, and when what is known of it lets them.

use serde::{Deserialize, Serialize};

use super::{Carries, Evidence, Proof, Unreadable};
use crate::{
    attempt::{Attempt, AttemptMoney},
    denied::Denied,
    money::Cents,
    payout::Settlement,
    time::Timestamp,
};

/// What is asked of people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// What became of an attempt that is under way.
    #[default]
    Outcome,
    /// Whether an attempt that our books have as dead, or as given back, paid after all.
    LatePayment,
    /// How much of a payment came back.
    Return,
    /// What became of money that stands in suspense under the attempt's name.
    Suspense,
}

impl Question {
    pub const ALL: [Self; 4] = [
        Self::Outcome,
        Self::LatePayment,
        Self::Return,
        Self::Suspense,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Outcome => "outcome",
            Self::LatePayment => "late_payment",
            Self::Return => "return",
            Self::Suspense => "suspense",
        }
    }

    /// The words that answer it.
    pub const fn offers(self) -> &'static [&'static str] {
        match self {
            Self::Outcome => &["paid", "not_paid", "partial"],
            Self::LatePayment => &["paid", "not_paid", "surplus"],
            Self::Return => &["returned", "nothing"],
            Self::Suspense => &["recovered", "absorbed", "rest_returned"],
        }
    }
}

/// Who bears a surplus that nobody gets back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bearer {
    Tenant,
    Platform,
}

impl Bearer {
    pub const ALL: [Self; 2] = [Self::Tenant, Self::Platform];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::Platform => "platform",
        }
    }
}

/// What an owner says of the money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Disposition {
    Paid,
    NotPaid,
    /// Only this much of N reached the driver; the rest waits in suspense.
    Partly(Cents),
    /// Only this much of N reached the driver; the rest goes back to the wallet at once.
    PartlyRestReturned(Cents),
    /// It paid on top of what another attempt or payout paid for the same load.
    Surplus,
    /// So much of a surplus came back.
    Recovered(Cents),
    /// Nobody gets the surplus back.
    Absorbed(Bearer),
    /// So much of what was taken from the wallet never reached anybody, and goes back to it.
    RestReturned(Cents),
    /// So much of the payment came back.
    Returned(Cents),
    /// Nothing came back.
    Nothing,
}

impl Disposition {
    /// The public words.
    pub const NAMES: [&'static str; 9] = [
        "paid",
        "not_paid",
        "partial",
        "surplus",
        "recovered",
        "absorbed",
        "rest_returned",
        "returned",
        "nothing",
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Paid => Self::NAMES[0],
            Self::NotPaid => Self::NAMES[1],
            Self::Partly(_) | Self::PartlyRestReturned(_) => Self::NAMES[2],
            Self::Surplus => Self::NAMES[3],
            Self::Recovered(_) => Self::NAMES[4],
            Self::Absorbed(_) => Self::NAMES[5],
            Self::RestReturned(_) => Self::NAMES[6],
            Self::Returned(_) => Self::NAMES[7],
            Self::Nothing => Self::NAMES[8],
        }
    }

    /// How much reached the driver, where only a part did.
    pub const fn part(self) -> Option<Cents> {
        match self {
            Self::Partly(part) | Self::PartlyRestReturned(part) => Some(part),
            Self::Paid
            | Self::NotPaid
            | Self::Surplus
            | Self::Recovered(_)
            | Self::Absorbed(_)
            | Self::RestReturned(_)
            | Self::Returned(_)
            | Self::Nothing => None,
        }
    }

    /// The sum it speaks of, other than a part that was paid.
    pub const fn amount(self) -> Option<Cents> {
        match self {
            Self::Recovered(amount) | Self::RestReturned(amount) | Self::Returned(amount) => {
                Some(amount)
            }
            Self::Paid
            | Self::NotPaid
            | Self::Partly(_)
            | Self::PartlyRestReturned(_)
            | Self::Surplus
            | Self::Absorbed(_)
            | Self::Nothing => None,
        }
    }

    /// How it settles an attempt that is under way, where it does.
    pub const fn settlement(self) -> Option<Settlement> {
        match self {
            Self::Paid => Some(Settlement::Paid),
            Self::NotPaid => Some(Settlement::NotPaid),
            Self::Partly(part) | Self::PartlyRestReturned(part) => Some(Settlement::Partly(part)),
            Self::Surplus
            | Self::Recovered(_)
            | Self::Absorbed(_)
            | Self::RestReturned(_)
            | Self::Returned(_)
            | Self::Nothing => None,
        }
    }

    /// Whether it explains suspense, which it may at any time.
    pub const fn explains(self) -> bool {
        match self {
            Self::Recovered(_) | Self::Absorbed(_) | Self::RestReturned(_) => true,
            Self::Paid
            | Self::NotPaid
            | Self::Partly(_)
            | Self::PartlyRestReturned(_)
            | Self::Surplus
            | Self::Returned(_)
            | Self::Nothing => false,
        }
    }
}

impl From<Settlement> for Disposition {
    fn from(settlement: Settlement) -> Self {
        match settlement {
            Settlement::Paid => Self::Paid,
            Settlement::NotPaid => Self::NotPaid,
            Settlement::Partly(part) => Self::Partly(part),
        }
    }
}

/// What a decision is about.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    pub attempt: &'a Attempt,
    /// Whether another attempt of the payout, or another payout of its load, has paid.
    pub another_paid: bool,
}

/// Whether the words answer the question, and whether their sums can be true.
///
/// # Errors
/// [`Denied::OutcomeNotOffered`], [`Denied::PartOutOfRange`] and [`Denied::SumOutOfRange`].
pub(super) fn is_offered(
    (question, evidence): (Question, &Evidence),
    case: Case<'_>,
    said: Disposition,
) -> Result<(), Denied> {
    let money = case.attempt.posted();
    let offered = offered((question, evidence), case, &money);
    if !offered.contains(&said.name()) {
        return Err(Denied::OutcomeNotOffered { offered });
    }
    let net = case.attempt.net;
    let within = |sum: Cents, most: Cents| {
        if sum.is_positive() && sum <= most {
            Ok(())
        } else {
            Err(Denied::SumOutOfRange { most })
        }
    };
    match said {
        Disposition::Partly(part) | Disposition::PartlyRestReturned(part) => {
            if part.is_positive() && part < net {
                Ok(())
            } else {
                Err(Denied::PartOutOfRange { net })
            }
        }
        Disposition::Recovered(sum) => within(sum, money.surplus()),
        Disposition::RestReturned(sum) => within(sum, money.rest()),
        Disposition::Returned(sum) => within(sum, money.returnable()),
        Disposition::Paid
        | Disposition::NotPaid
        | Disposition::Surplus
        | Disposition::Absorbed(_)
        | Disposition::Nothing => Ok(()),
    }
}

fn offered(
    (question, evidence): (Question, &Evidence),
    case: Case<'_>,
    money: &AttemptMoney,
) -> Vec<&'static str> {
    let ended_without_money = evidence
        .read
        .as_ref()
        .is_some_and(|read| read.proof == Proof::NothingPaid);
    let has_surplus = money.surplus().is_positive();
    let has_rest = money.rest().is_positive();
    let is_open = |word: &str| match (question, word) {
        // Once something else paid, what this one paid comes on top of it, unless its provider has taken that back.
        (Question::LatePayment, "surplus") => {
            case.another_paid && has_surplus && !ended_without_money
        }
        (Question::LatePayment, "paid") => !case.another_paid,
        (Question::LatePayment, "not_paid") => {
            !(case.another_paid && has_surplus) || ended_without_money
        }
        (_, "recovered" | "absorbed") => has_surplus,
        (_, "rest_returned") => has_rest,
        _ => true,
    };
    let words = question.offers().iter().copied();
    let more: &[&str] = match question {
        Question::Return => &["rest_returned"],
        Question::Outcome | Question::LatePayment | Question::Suspense => &[],
    };
    words
        .chain(more.iter().copied())
        .filter(|word| is_open(word))
        .collect()
}

/// Whether what is known lets `said` take effect. The reason why no read could be had, where that is so.
///
/// # Errors
/// [`Denied::EvidenceStale`], [`Denied::EvidenceContradicts`] and [`Denied::WithdrawalPending`].
pub(super) fn is_carried(
    question: Question,
    evidence: &Evidence,
    (said, now): (Disposition, Timestamp),
) -> Result<Option<Unreadable>, Denied> {
    if question == Question::Suspense || said.explains() {
        return Ok(None);
    }
    let unread = match evidence.carries(now) {
        Carries::Stale => return Err(Denied::EvidenceStale),
        Carries::Unread(why) => Some(why),
        Carries::Read(proof) => {
            is_consistent(question, proof, said)?;
            None
        }
    };
    let withdraws = question == Question::Outcome && said == Disposition::NotPaid;
    if withdraws && unread.is_none() && evidence.can_be_withdrawn() {
        return Err(Denied::WithdrawalPending);
    }
    Ok(unread)
}

/// Whether a fresh read denies what is said.
///
/// # Errors
/// [`Denied::EvidenceContradicts`].
pub(super) fn is_consistent(
    question: Question,
    proof: Proof,
    said: Disposition,
) -> Result<(), Denied> {
    let asks_outcome = match question {
        Question::Outcome | Question::LatePayment => true,
        Question::Return | Question::Suspense => false,
    };
    let denied = asks_outcome
        && match (proof, said) {
            (Proof::PaidInFull, Disposition::NotPaid) => true,
            (Proof::PaidInFull, said) => said.part().is_some(),
            (Proof::NothingPaid, Disposition::Paid | Disposition::Surplus) => true,
            (Proof::NothingPaid, said) => said.part().is_some(),
            (Proof::Part(_), Disposition::NotPaid) => true,
            // Late, the part that was paid is posted already, and what is missing of N stays in suspense by name.
            (Proof::Part(_), Disposition::Paid) => question == Question::Outcome,
            (Proof::Part(figure), said) => said.part().is_some_and(|part| part != figure),
            (Proof::Open, _) => false,
        };
    if denied {
        return Err(Denied::EvidenceContradicts { proof });
    }
    Ok(())
}
