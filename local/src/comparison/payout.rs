//! One payout against what the twins moved for it.

use std::collections::BTreeSet;

use domain::{
    attempt::Attempt,
    ids::{AttemptRef, TenantId},
    payout::{Payout, PayoutStatus},
    routing::Provider,
};

use super::{Comparison, Moved, Open, Rows, name_at};

/// One payout with all that is ours to know about it.
pub(super) struct Own<'a> {
    pub(super) payout: &'a Payout,
    pub(super) attempts: Vec<&'a Attempt>,
    /// The attempts of anybody that people are asked about.
    pub(super) reviewed: &'a BTreeSet<(&'a TenantId, &'a AttemptRef)>,
    /// What its transitions posted to each clearing account.
    pub(super) posted: [(Provider, i64); 3],
}

/// What the payout's attempts come to.
#[derive(Default)]
struct Sum {
    /// What is out for it, and how many attempts moved it, where no attempt's own entry explains that.
    paid: i64,
    payments: u32,
    /// What waits for an outcome or for people.
    unposted: i64,
    waits: bool,
    /// Whether an entry of an attempt says what it paid.
    has_entry: bool,
}

impl Own<'_> {
    /// Whether the twins paid it, beyond what stands as a surplus under the name of an attempt.
    pub(super) fn compare(&self, rows: &mut Rows, comparison: &mut Comparison) -> bool {
        let (id, status) = (&self.payout.id, self.payout.status);
        let mut sum = Sum::default();
        for (provider, posted) in self.posted {
            let own = self.attempts.iter().filter(|it| it.provider == provider);
            let (mut named, mut unposted) = (0, 0);
            for attempt in own {
                let reference = name_at(provider, &attempt.reference.to_string());
                let moved = rows.take(provider, reference);
                named += attempt.posted().cleared.get();
                unposted += self.attempt((attempt, moved), &mut sum, comparison);
            }
            if named != posted {
                comparison.differences.push(format!(
                    "{id} is {status}: our books say {posted} of {}, its attempts name {named}",
                    provider.name()
                ));
            }
            sum.unposted += unposted;
            *comparison.waiting.entry(provider).or_default() += unposted;
        }
        self.whole(&sum, comparison);
        if !sum.waits && !self.has_ended() {
            comparison.open.push(self.open(None, 0));
        }
        sum.payments > 0
    }

    /// What the twin moved for one attempt and our books do not say yet.
    fn attempt(
        &self,
        (attempt, moved): (&Attempt, Moved),
        sum: &mut Sum,
        comparison: &mut Comparison,
    ) -> i64 {
        let (id, status, name) = (&self.payout.id, self.payout.status, attempt.provider.name());
        let (at_twin, booked) = (moved.amount, attempt.posted().cleared.get());
        let has_surplus = has_surplus(attempt);
        sum.has_entry |= attempt.money.is_some();
        if moved.outs > 1 && moved.peak > attempt.net.get() && !has_surplus {
            let (reference, outs) = (&attempt.reference, moved.outs);
            comparison
                .differences
                .push(format!("{name} paid {reference} {outs} times"));
        }
        // What is a surplus of a payment comes on top of it.
        let counts = match has_surplus {
            true if attempt.has_paid() => at_twin.min(attempt.net.get()),
            true => 0,
            false => at_twin,
        };
        sum.paid += counts;
        sum.payments += u32::from(counts != 0);
        let waits = self.waits(attempt);
        let fits = if waits {
            (0..=booked + attempt.net.get()).contains(&at_twin)
        } else {
            at_twin == booked
        };
        if !fits {
            comparison.differences.push(format!(
                "{id} is {status}: {name} paid {at_twin}, our books say {booked}"
            ));
        }
        if !waits {
            return 0;
        }
        sum.waits = true;
        let unposted = at_twin - booked;
        comparison.open.push(self.open(Some(attempt), unposted));
        unposted
    }

    /// The payout as a whole: nobody may have been paid twice, and its status has to tell the truth.
    fn whole(&self, sum: &Sum, comparison: &mut Comparison) {
        let (id, status) = (&self.payout.id, self.payout.status);
        let (net, paid, payments) = (self.payout.net().get(), sum.paid, sum.payments);
        if paid > net || payments > 1 {
            comparison.differences.push(format!(
                "{id} is {status}: {payments} payments of {paid} in all, for a net of {net}"
            ));
        }
        let expected = match status {
            // What waits may change it yet, and what people settled may be a part.
            _ if sum.waits => None,
            PayoutStatus::Completed if sum.has_entry => None,
            PayoutStatus::Completed => Some(net - self.payout.returned.get()),
            PayoutStatus::Failed | PayoutStatus::Canceled | PayoutStatus::Returned => Some(0),
            PayoutStatus::Scheduled
            | PayoutStatus::Validated
            | PayoutStatus::Queued
            | PayoutStatus::Processing => None,
        };
        if let Some(expected) = expected.filter(|expected| *expected != paid) {
            comparison.differences.push(format!(
                "{id} is {status} with {paid} paid for it, expected {expected}"
            ));
        }
    }

    /// Whether its outcome, or a decision about it, is still to come.
    fn waits(&self, attempt: &Attempt) -> bool {
        !attempt.is_final() || attempt.undecided.is_some() || self.is_reviewed(attempt)
    }

    fn is_reviewed(&self, attempt: &Attempt) -> bool {
        let of = (&attempt.tenant, &attempt.reference);
        self.reviewed.contains(&of)
    }

    const fn has_ended(&self) -> bool {
        match self.payout.status {
            PayoutStatus::Completed
            | PayoutStatus::Failed
            | PayoutStatus::Canceled
            | PayoutStatus::Returned => true,
            PayoutStatus::Scheduled
            | PayoutStatus::Validated
            | PayoutStatus::Queued
            | PayoutStatus::Processing => false,
        }
    }

    fn open(&self, attempt: Option<&Attempt>, unposted: i64) -> Open {
        let reviewed = attempt.filter(|it| self.is_reviewed(it));
        let reason = |attempt: &Attempt| match &attempt.undecided {
            Some(undecided) => undecided.reason.clone(),
            None => attempt.reason.clone().unwrap_or_default(),
        };
        Open {
            payout: self.payout.id.clone(),
            status: self.payout.status,
            attempt: attempt.map(|it| (it.provider, it.state)),
            review: reviewed.map(reason),
            held: self.payout.is_held(),
            unposted,
        }
    }
}

/// Whether what the attempt paid is a surplus: news that nobody decided, or money beyond the payment that stands under
/// its name, still in suspense or explained.
fn has_surplus(attempt: &Attempt) -> bool {
    let Some(money) = &attempt.money else {
        return attempt.undecided.is_some();
    };
    let pays = attempt.has_paid();
    let beyond = money.cleared.get() > 0 && !pays;
    attempt.undecided.is_some()
        || beyond
        || money.surplus().is_positive()
        || money.recovered.is_positive()
}
