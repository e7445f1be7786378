//! What a read of a final attempt means. Its outcome stands in our books already, so most reads say nothing new; one
//! that fits neither our books nor an end that proves itself is for people, and holds the payout.

use crate::{
    answer::{Answer, Seen, Standing},
    attempt::{Attempt, AttemptMoney},
    attempt_machine::AttemptState,
    ids::ProviderId,
    manifest::{ReturnProof, manifest},
    money::Cents,
};

use super::{ABSENCES_OF_OBJECT, ABSENCES_OF_OBJECT_APART};
use crate::time::Timestamp;

/// What a read of a final attempt means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LateNews {
    /// It says nothing about the attempt.
    Silent,
    /// It was decided already, or proves nothing either way.
    Nothing,
    /// As our books have it: a paid attempt is shown paid, a dead one ended without money.
    Confirms,
    /// A paid attempt whose provider proves that all of it came back.
    Returned,
    /// The provider no longer shows the object; not yet often enough to be news.
    AbsentOnce,
    /// It contradicts our books.
    Contradicts(Contradiction),
}

/// What contradicts our books.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contradiction {
    /// A stable word: the provider's own, or what differs.
    pub reason: String,
    /// The object that is shown; none where it is gone.
    pub object: Option<ProviderId>,
    /// Whether it is the attempt's own, and not a second one under our reference.
    pub is_own: bool,
    /// What the object is said to have paid beyond what is booked for it.
    pub more: Cents,
}

/// What `answer` to a read of the final `attempt` means at `now`.
pub fn late_news(attempt: &Attempt, answer: &Answer, now: Timestamp) -> LateNews {
    match answer {
        Answer::NotSent { .. }
        | Answer::Refused { .. }
        | Answer::Doubted { .. }
        | Answer::Taken
        | Answer::Unclear { .. } => LateNews::Silent,
        Answer::Absent => absence(attempt, now),
        Answer::Exists { seen, .. } if seen.updated < attempt.object_updated => LateNews::Silent,
        Answer::Exists { seen, .. } if attempt.was_decided_on(seen) => LateNews::Nothing,
        Answer::Exists { object, seen } => shown(attempt, object, seen),
    }
}

/// Only what was paid can disappear: an object of a dead attempt may be forgotten.
fn absence(attempt: &Attempt, now: Timestamp) -> LateNews {
    if !attempt.has_paid() || attempt.object.is_none() || attempt.undecided.is_some() {
        return LateNews::Nothing;
    }
    let too_soon = |last: Timestamp| now.since(last) < ABSENCES_OF_OBJECT_APART;
    if attempt.absent_at.is_some_and(too_soon) {
        return LateNews::Nothing;
    }
    if attempt.absences + 1 < ABSENCES_OF_OBJECT {
        return LateNews::AbsentOnce;
    }
    LateNews::Contradicts(Contradiction {
        reason: "object_vanished".to_owned(),
        object: None,
        is_own: true,
        more: Cents::ZERO,
    })
}

fn shown(attempt: &Attempt, object: &ProviderId, seen: &Seen) -> LateNews {
    let is_own = attempt.object.as_ref().is_none_or(|own| own == object);
    let difference = if is_own {
        seen.facts.difference(attempt).map(|it| it.name())
    } else {
        Some("object_differs")
    };
    let money = attempt.posted();
    let told = if attempt.has_paid() && is_own {
        of_a_payment(attempt, seen, &money)
    } else {
        of_nothing_paid(seen, attempt.net)
    };
    let (booked, net) = (money.booked(object, is_own), attempt.net);
    let more = |paid: Cents| Cents::new((paid.get() - booked.get()).max(0));
    let contradicts = |paid: Cents| {
        LateNews::Contradicts(Contradiction {
            reason: difference.unwrap_or(&seen.status).to_owned(),
            object: Some(object.clone()),
            is_own,
            more: more(paid),
        })
    };
    // Whole, or as much of it as was settled.
    let facts = &seen.facts;
    let fits_a_return =
        !facts.may_have_paid() || facts.fits_a_return(net) || facts.fits_a_return(booked);
    match told {
        // What was not paid needs no figures that fit.
        Told::NoMoney => LateNews::Confirms,
        Told::Inert => LateNews::Nothing,
        Told::AsBooked if difference.is_none() => LateNews::Confirms,
        Told::AllBack if difference.is_none() && fits_a_return => LateNews::Returned,
        Told::Paid => contradicts(seen.facts.reported_paid(seen.standing, net)),
        Told::AsBooked | Told::AllBack | Told::Unclear => contradicts(Cents::ZERO),
    }
}

/// What a status says of money, seen from the attempt's end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    /// Ended, and nothing left or everything came back.
    NoMoney,
    /// Exists, and moves nothing by itself.
    Inert,
    /// What our books have as paid.
    AsBooked,
    /// Paid, and all of it came back.
    AllBack,
    /// Money left, as much as the figures say.
    Paid,
    /// Money may have left, or may have come back.
    Unclear,
}

/// Of an attempt that our books have as paid.
fn of_a_payment(attempt: &Attempt, seen: &Seen, money: &AttemptMoney) -> Told {
    match seen.standing {
        Standing::Paid => {
            let figure = seen.facts.paid_figure(attempt);
            if figure == Some(money.cleared) && money.returned == Cents::ZERO {
                Told::AsBooked
            } else {
                Told::Paid
            }
        }
        Standing::Reversed => match manifest(attempt.provider).full_return {
            ReturnProof::ByStatus => Told::AllBack,
            ReturnProof::None => Told::Unclear,
        },
        Standing::NeedsReview => Told::Paid,
        Standing::Inert
        | Standing::InFlight
        | Standing::Unrecognised
        | Standing::Rejected
        | Standing::FinalNegative => Told::Unclear,
    }
}

/// Of an attempt, or an object, that our books have not as paid.
fn of_nothing_paid(seen: &Seen, net: Cents) -> Told {
    let facts = &seen.facts;
    match seen.standing {
        Standing::Paid | Standing::NeedsReview => Told::Paid,
        Standing::InFlight | Standing::Unrecognised | Standing::Rejected => Told::Unclear,
        Standing::Inert => Told::Inert,
        Standing::FinalNegative if facts.may_have_paid() => Told::Paid,
        // That all of it came back is believed only of figures that say what had left.
        Standing::Reversed if facts.may_have_paid() && !facts.fits_a_return(net) => Told::Unclear,
        Standing::FinalNegative | Standing::Reversed => Told::NoMoney,
    }
}

/// Whether an attempt is over for good: no read of it is needed to find out more.
pub fn is_over(attempt: &Attempt) -> bool {
    let given_back = attempt.money.as_ref().is_some_and(|it| it.given_back);
    attempt.state == AttemptState::Paid && given_back && attempt.undecided.is_none()
}
