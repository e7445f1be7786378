//! What a read proves to people who decide, whatever state the attempt is in.

use crate::{
    answer::{Answer, Seen, Standing},
    attempt::Attempt,
    manifest::{ReturnProof, manifest},
    money::Cents,
    review::Proof,
};

/// What `answer` proves of the money of `attempt`. None where it says nothing about it.
pub fn proof_of(attempt: &Attempt, answer: &Answer) -> Option<Proof> {
    match answer {
        Answer::Exists { object, seen } => {
            let is_own = attempt.object.as_ref().is_none_or(|own| own == object);
            let fits = is_own && seen.facts.difference(attempt).is_none();
            Some(if fits {
                shown(attempt, seen)
            } else {
                Proof::Open
            })
        }
        Answer::Absent => Some(Proof::Open),
        Answer::NotSent { .. }
        | Answer::Refused { .. }
        | Answer::Doubted { .. }
        | Answer::Taken
        | Answer::Unclear { .. } => None,
    }
}

fn shown(attempt: &Attempt, seen: &Seen) -> Proof {
    match seen.standing {
        Standing::Paid => match seen.facts.paid_figure(attempt) {
            Some(figure) if figure == attempt.net => Proof::PaidInFull,
            Some(figure) if is_part(figure, attempt) => Proof::Part(figure),
            Some(_) | None => Proof::Open,
        },
        Standing::NeedsReview => match seen.facts.processed_amount.exact() {
            Some(figure) if is_part(figure, attempt) => Proof::Part(figure),
            Some(_) | None => Proof::Open,
        },
        Standing::FinalNegative if !seen.facts.may_have_paid() => Proof::NothingPaid,
        // What left came back: the driver has nothing of it.
        Standing::Reversed if is_all_back(attempt, seen) => Proof::NothingPaid,
        Standing::FinalNegative
        | Standing::Inert
        | Standing::InFlight
        | Standing::Unrecognised
        | Standing::Rejected
        | Standing::Reversed => Proof::Open,
    }
}

fn is_all_back(attempt: &Attempt, seen: &Seen) -> bool {
    let by_status = match manifest(attempt.provider).full_return {
        ReturnProof::ByStatus => true,
        ReturnProof::None => false,
    };
    let fits = !seen.facts.may_have_paid() || seen.facts.fits_a_return(attempt.net);
    by_status && fits
}

fn is_part(figure: Cents, attempt: &Attempt) -> bool {
    figure.is_positive() && figure < attempt.net
}
