//! What a run under faults came to: how much misbehaved, where every payout ended, and whatever is wrong.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    time::Duration,
};

use app::audit::{Dump, Finding};
use domain::{
    payout::PayoutStatus,
    transition::{Recorded, Transition},
};
use serde::Deserialize;

use super::{news::News, operators::Deeds};
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

/// What became of news that came late, by our own books.
#[derive(Clone, Debug, Default)]
pub struct Late {
    /// What the twins were made to do: dead payments that they contradict, payments taken back whole and in part.
    pub ordered: (u64, u64, u64),
    pub contradictions: u64,
    /// Payouts that were held, and how many holds their provider lifted by itself.
    pub held: u64,
    pub lifted: u64,
    /// Payments that came back, proven by the provider; those people decided, whole and in part.
    pub proven_returns: u64,
    pub decided_returns: u64,
    pub part_returns: u64,
}

impl Late {
    fn of(dump: &Dump, news: &News) -> Self {
        let mut late = Self {
            ordered: (news.contradicted, news.whole, news.parts),
            ..Self::default()
        };
        let mut held = BTreeSet::new();
        for transition in dump.transitions() {
            late.count(transition);
            if matches!(transition.event, Recorded::Contradiction | Recorded::Hold) {
                held.insert(&transition.payout);
            }
        }
        late.held = u64::try_from(held.len()).unwrap_or(u64::MAX);
        late
    }

    fn count(&mut self, transition: &Transition) {
        let by_people = transition.actor.to_string().starts_with("key:");
        let is_whole = transition.to == PayoutStatus::Returned;
        let counted = match transition.event {
            Recorded::Contradiction => &mut self.contradictions,
            Recorded::Lift if !by_people => &mut self.lifted,
            Recorded::Returned => &mut self.proven_returns,
            Recorded::PartReturned if is_whole => &mut self.decided_returns,
            Recorded::PartReturned => &mut self.part_returns,
            _ => return,
        };
        *counted += 1;
    }
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
    pub late: Late,
    pub deeds: Deeds,
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
            if let Some(reason) = &open.review {
                *reviews.entry(format!("{provider} {reason}")).or_default() += 1;
            } else if !open.has_reason() {
                let (id, status) = (&open.payout, open.status);
                let state = open.attempt.map_or("none", |(_, state)| state.name());
                findings.push(format!(
                    "{id} is {status} and stuck: {provider}, attempt {state}"
                ));
            }
        }
        Self {
            met,
            statuses,
            reviews,
            attempts_max,
            comparison,
            late: Late::default(),
            deeds: Deeds::default(),
            findings,
            clock: Duration::ZERO,
            elapsed: Duration::ZERO,
        }
    }

    /// What the twins changed their mind about, and what people did.
    pub(super) fn tell(&mut self, dump: &Dump, news: &News, deeds: Deeds) {
        self.late = Late::of(dump, news);
        self.deeds = deeds;
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

    fn write_late(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (late, deeds) = (&self.late, &self.deeds);
        let (dead, whole, parts) = late.ordered;
        writeln!(
            f,
            "  ordered: {dead} dead payments contradicted, {whole} payments taken back whole, {parts} in part"
        )?;
        writeln!(
            f,
            "  recorded: {} contradictions, {} payouts held, {} lifted by themselves",
            late.contradictions, late.held, late.lifted,
        )?;
        writeln!(
            f,
            "  returned: {} whole by proof, {} whole and {} in part by decision",
            late.proven_returns, late.decided_returns, late.part_returns,
        )?;
        for (outcome, count) in &deeds.decided {
            writeln!(f, "  {count:>6} decided: {outcome}")?;
        }
        for (reason, count) in &deeds.waited {
            writeln!(f, "  {count:>6} refused: {reason}")?;
        }
        writeln!(
            f,
            "  clients: {} retried, {} canceled, {} loads paid again; {} routes resumed",
            deeds.retried, deeds.canceled, deeds.again, deeds.resumed,
        )?;
        let suspense = &self.comparison.suspense;
        let sum: i64 = suspense.values().sum();
        writeln!(f, "  suspense: {sum} cents under {} names", suspense.len())?;
        for (reference, cents) in suspense {
            writeln!(f, "  {cents:>6} in suspense: {reference}")?;
        }
        Ok(())
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
        self.write_late(f)?;
        for (provider, paid) in &self.comparison.paid {
            let waiting = self.comparison.waiting.get(provider).copied().unwrap_or(0);
            writeln!(
                f,
                "  {:<10} paid {} times, {} cents in all, of which {waiting} wait for an outcome or for people",
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
