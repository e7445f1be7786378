//! What a run under faults came to: how much misbehaved, where every payout ended, and whatever is wrong.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    time::Duration,
};

use app::audit::{Dump, Finding};
use domain::payout::PayoutStatus;
use serde::Deserialize;

use crate::comparison::Comparison;

/// One share of calls that misbehaved, as `GET /_control/faults` shows it.
#[derive(Clone, Debug, Deserialize)]
pub struct Met {
    pub provider: String,
    /// What could go wrong; tells calls from callbacks.
    pub faults: Vec<String>,
    pub calls: u64,
    pub misbehaved: u64,
}

/// The outcome of a run under faults.
#[derive(Clone, Debug)]
pub struct FaultReport {
    pub met: Vec<Met>,
    /// How many payouts ended how.
    pub statuses: BTreeMap<PayoutStatus, u64>,
    /// How many wait for people, by provider and reason.
    pub reviews: BTreeMap<String, u64>,
    /// The largest number of attempts that a payout took.
    pub attempts_max: usize,
    pub comparison: Comparison,
    /// Everything that is wrong, one line each. None when no payment was doubled or lost.
    pub findings: Vec<String>,
    /// What passed on the clock.
    pub clock: Duration,
    /// What passed really.
    pub elapsed: Duration,
}

impl FaultReport {
    pub(super) fn new(dump: &Dump, comparison: Comparison, met: Vec<Met>) -> Self {
        let mut statuses = BTreeMap::new();
        let mut attempts_max = 0;
        for payout in dump.payouts() {
            *statuses.entry(payout.status).or_default() += 1;
            attempts_max = attempts_max.max(usize::from(payout.attempts));
        }
        let mut reviews = BTreeMap::new();
        let mut findings = comparison.differences.clone();
        for open in &comparison.open {
            let provider = open
                .attempt
                .map_or("nobody", |(provider, _)| provider.name());
            match &open.review {
                Some(reason) => *reviews.entry(format!("{provider} {reason}")).or_default() += 1,
                None => {
                    let (id, status) = (&open.payout, open.status);
                    let state = open.attempt.map_or("none", |(_, state)| state.name());
                    findings.push(format!(
                        "{id} is {status} and stuck: {provider}, attempt {state}"
                    ));
                }
            }
        }
        Self {
            met,
            statuses,
            reviews,
            attempts_max,
            comparison,
            findings,
            clock: Duration::ZERO,
            elapsed: Duration::ZERO,
        }
    }

    /// Exactly the payouts that wait for people are in the list that people see.
    pub(super) fn find_reviews(&mut self, listed: &BTreeSet<String>) {
        let reviewed = self.comparison.open.iter().filter(|it| it.review.is_some());
        let reviewed: BTreeSet<_> = reviewed.map(|it| it.payout.to_string()).collect();
        for id in reviewed.difference(listed) {
            self.findings
                .push(format!("{id} is in review and not in the list of reviews"));
        }
        for id in listed.difference(&reviewed) {
            self.findings
                .push(format!("{id} is in the list of reviews and not in review"));
        }
    }

    /// What the audit found, and payouts that were accepted and are not there.
    pub(super) fn find_others(&mut self, findings: Vec<Finding>, payouts: usize) {
        for finding in findings {
            self.findings
                .push(format!("{}: {}", finding.invariant, finding.what));
        }
        let there: u64 = self.statuses.values().sum();
        if u64::try_from(payouts) != Ok(there) {
            self.findings.push(format!(
                "{there} payouts are there, {payouts} were accepted"
            ));
        }
    }

    /// How many payouts there are.
    pub fn payouts(&self) -> u64 {
        self.statuses.values().sum()
    }
}

impl fmt::Display for FaultReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} payouts in {} s, {} h on the clock; a payout took {} attempts at the most",
            self.payouts(),
            self.elapsed.as_secs(),
            self.clock.as_secs() / 3_600,
            self.attempts_max,
        )?;
        for met in &self.met {
            let kind = match met.faults.iter().any(|it| it == "lose") {
                true => "callbacks",
                false => "calls",
            };
            let hundredths = met.misbehaved * 10_000 / met.calls.max(1);
            writeln!(
                f,
                "  {:<10} {:>6} {kind}, of which {:>5} misbehaved ({}.{:02} %)",
                met.provider,
                met.calls,
                met.misbehaved,
                hundredths / 100,
                hundredths % 100,
            )?;
        }
        for (status, count) in &self.statuses {
            writeln!(f, "  {count:>6} payouts {status}")?;
        }
        for (reason, count) in &self.reviews {
            writeln!(f, "  {count:>6} in review: {reason}")?;
        }
        for (provider, paid) in &self.comparison.paid {
            let waiting = self.comparison.waiting.get(provider).copied().unwrap_or(0);
            writeln!(
                f,
                "  {:<10} paid {} times, {} cents in all, of which {waiting} wait in review",
                provider.name(),
                paid.payments,
                paid.amount,
            )?;
        }
        for finding in &self.findings {
            writeln!(f, "  wrong: {finding}")?;
        }
        write!(f, "  {} findings", self.findings.len())
    }
}
