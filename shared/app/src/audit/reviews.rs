//! Reviews against the attempts that they are about.

use std::collections::BTreeMap;

use domain::attempt_machine::AttemptState;

use super::{Dump, Finding, found};
use crate::record::Record;

/// V13: an attempt that people are asked about has an open review, and no other has one. They are asked about what is
/// in review and about news that nobody decided, and such news holds the payout. A review that operators closed has
/// two decisions.
pub(super) fn fit_their_attempts(dump: &Dump, findings: &mut Vec<Finding>) {
    let mut reviews: BTreeMap<_, _> = dump
        .records
        .iter()
        .filter_map(|record| match record {
            Record::Review(review) => Some(((&review.tenant, &review.reference), review)),
            _ => None,
        })
        .collect();
    let mut undecided: BTreeMap<_, Vec<u8>> = BTreeMap::new();
    for attempt in dump.attempts() {
        let review = reviews.remove(&(&attempt.tenant, &attempt.reference));
        let (reference, state) = (&attempt.reference, attempt.state.name());
        if attempt.undecided.is_some() {
            let of = (&attempt.tenant, &reference.payout);
            undecided.entry(of).or_default().push(reference.number);
        }
        let needs_people = attempt.state == AttemptState::Review || attempt.undecided.is_some();
        let is_open = review.is_some_and(|review| review.closing.is_none());
        let what = if needs_people && attempt.reviewed_at.is_none() {
            format!("{reference} is {state} and was not given to people")
        } else if attempt.reviewed_at.is_some() != is_open {
            let status = review.map_or("missing", |review| review.status().name());
            format!("the review of {reference} is {status}, and the attempt is {state}")
        } else if review.is_some_and(|review| !review.is_proven()) {
            format!("the review of {reference} was closed without two decisions")
        } else {
            continue;
        };
        found(findings, "V13", what);
    }
    for payout in dump.payouts() {
        let mut news = undecided
            .remove(&(&payout.tenant, &payout.id))
            .unwrap_or_default();
        let mut held = payout
            .hold
            .as_ref()
            .map(|hold| hold.attempts.clone())
            .unwrap_or_default();
        news.sort_unstable();
        held.sort_unstable();
        if news != held {
            let what = format!(
                "{} is held for attempts {held:?}, news is of {news:?}",
                payout.id
            );
            found(findings, "V13", what);
        }
    }
    for ((_, reference), _) in reviews {
        let what = format!("a review is about {reference}, which does not exist");
        found(findings, "V13", what);
    }
}
