//! Reviews against the attempts that they are about.

use std::collections::BTreeMap;

use super::{Dump, Finding, found};
use crate::record::Record;

/// V13: an attempt that people were asked about has a review. It is open exactly as long as the attempt is not
/// final, and one that operators closed has two decisions.
pub(super) fn fit_their_attempts(dump: &Dump, findings: &mut Vec<Finding>) {
    let mut reviews: BTreeMap<_, _> = dump
        .records
        .iter()
        .filter_map(|record| match record {
            Record::Review(review) => Some(((&review.tenant, &review.reference), review)),
            _ => None,
        })
        .collect();
    for attempt in dump.attempts() {
        let review = reviews.remove(&(&attempt.tenant, &attempt.reference));
        let (reference, state) = (&attempt.reference, attempt.state.name());
        let what = match (attempt.reviewed_at.is_some(), review) {
            (true, None) => format!("{reference} is {state} and was not given to people"),
            (false, Some(_)) => format!("{reference} does not know of its review"),
            (true, Some(review)) if review.closing.is_some() != attempt.is_final() => {
                let status = review.status().name();
                format!("the review of {reference} is {status}, and the attempt is {state}")
            }
            (true, Some(review)) if !review.is_proven() => {
                format!("the review of {reference} was closed without two decisions")
            }
            (true, Some(_)) | (false, None) => continue,
        };
        found(findings, "V13", what);
    }
    for ((_, reference), _) in reviews {
        let what = format!("a review is about {reference}, which does not exist");
        found(findings, "V13", what);
    }
}
