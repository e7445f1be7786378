//! What the twins paid, held against what our books say: the rows of `/_control/payments` beside the ledger.
//!
//! Pure: the same books and rows give the same differences. It only means something while nothing is under way.

mod payout;

use std::collections::{BTreeMap, BTreeSet};

use app::audit::Dump;
use app::record::Record;
use domain::{
    attempt::Attempt,
    attempt_machine::AttemptState,
    ids::{AttemptRef, LoadId, PayoutId, TenantId},
    ledger::{Account, Posting},
    payout::PayoutStatus,
    review::ReviewStatus,
    routing::Provider,
};
use platform::provider::paywizard::OrderNo;
use serde::Deserialize;

use self::payout::Own;

/// A row of `GET /_control/payments`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Movement {
    pub provider: Provider,
    pub reference: String,
    /// Minor units.
    pub amount_minor: i64,
    pub direction: Direction,
    /// Money really moved.
    pub paid: bool,
}

/// Where the money went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// To the recipient.
    Out,
    /// Back to us, or from a card that paid us.
    In,
}

/// Payments of one provider that were made and not taken back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Paid {
    pub payments: u64,
    /// Minor units; what cards paid us counts as negative.
    pub amount: i64,
}

/// A payout that waits: for an attempt of it that is under way, or for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open {
    pub payout: PayoutId,
    pub status: PayoutStatus,
    /// The attempt it waits for: who has it, and where it stands.
    pub attempt: Option<(Provider, AttemptState)>,
    /// Why people have to decide about that attempt; none while it goes on by itself.
    pub review: Option<String>,
    /// News of another attempt, or of another payout of the load, holds it.
    pub held: bool,
    /// What the twins moved for it and our books do not say yet, in minor units; below zero for what came back.
    pub unposted: i64,
}

impl Open {
    /// Whether people, or what they decide about another attempt, is what it waits for.
    pub const fn has_reason(&self) -> bool {
        self.review.is_some() || self.held
    }
}

/// What came of a comparison.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    pub paid: BTreeMap<Provider, Paid>,
    /// Of that, what our books do not say yet: its payout or charge waits. Minor units.
    pub waiting: BTreeMap<Provider, i64>,
    pub open: Vec<Open>,
    /// What stands in suspense, by the attempt under whose name it stands. Minor units, signed.
    pub suspense: BTreeMap<AttemptRef, i64>,
    /// What the twins did and our books deny, or the other way round. One line each.
    pub differences: Vec<String>,
}

/// What moved under one reference.
#[derive(Clone, Copy, Debug, Default)]
struct Moved {
    /// How often money left for the recipient.
    outs: u32,
    /// Out less in, in minor units.
    amount: i64,
    /// The most that was out at any time.
    peak: i64,
}

/// What the twins have moved, by provider and reference; each reference is taken by who owns it.
struct Rows {
    moved: BTreeMap<(Provider, String), Moved>,
}

impl Rows {
    fn of(movements: &[Movement]) -> Self {
        let mut moved: BTreeMap<_, Moved> = BTreeMap::new();
        for row in movements.iter().filter(|row| row.paid) {
            let entry = moved
                .entry((row.provider, row.reference.clone()))
                .or_default();
            match row.direction {
                Direction::Out => {
                    entry.outs += 1;
                    entry.amount += row.amount_minor;
                }
                Direction::In => entry.amount -= row.amount_minor,
            }
            entry.peak = entry.peak.max(entry.amount);
        }
        Self { moved }
    }

    fn take(&mut self, provider: Provider, reference: String) -> Moved {
        self.moved
            .remove(&(provider, reference))
            .unwrap_or_default()
    }

    fn paid(&self) -> BTreeMap<Provider, Paid> {
        let mut paid: BTreeMap<_, Paid> = BTreeMap::new();
        for ((provider, _), moved) in &self.moved {
            let total = paid.entry(*provider).or_default();
            total.payments += u64::from(moved.amount != 0);
            total.amount += moved.amount;
        }
        paid
    }
}

/// The attempts that people are asked about.
fn open_reviews(dump: &Dump) -> BTreeSet<(&TenantId, &AttemptRef)> {
    let reviews = dump.records.iter().filter_map(|record| match record {
        Record::Review(review) => Some(review),
        _ => None,
    });
    reviews
        .filter(|review| review.status() == ReviewStatus::Open)
        .map(|review| (&review.tenant, &review.reference))
        .collect()
}

/// The name under which a provider knows a submission of ours.
pub fn name_at(provider: Provider, reference: &str) -> String {
    match provider {
        Provider::Payelata | Provider::Owlpay => reference.to_owned(),
        Provider::Paywizard => OrderNo::of(reference).to_string(),
    }
}

fn posted_to(provider: Provider, legs: &Posting) -> i64 {
    let account = Account::clearing(provider);
    let of_provider = legs.legs().iter().filter(|leg| leg.account == account);
    of_provider.map(|leg| leg.amount.get()).sum()
}

/// Compares our books with the twins' rows.
pub fn compare(dump: &Dump, movements: &[Movement]) -> Comparison {
    let mut rows = Rows::of(movements);
    let mut comparison = Comparison {
        paid: rows.paid(),
        ..Comparison::default()
    };
    let mut posted: BTreeMap<(&TenantId, &PayoutId, Provider), i64> = BTreeMap::new();
    for transition in dump.transitions() {
        for provider in Provider::ALL {
            let of = (&transition.tenant, &transition.payout, provider);
            *posted.entry(of).or_default() += posted_to(provider, &transition.legs);
        }
    }
    let reviewed = open_reviews(dump);
    let mut attempts: BTreeMap<(&TenantId, &PayoutId), Vec<&Attempt>> = BTreeMap::new();
    for attempt in dump.attempts() {
        let of = (&attempt.tenant, &attempt.reference.payout);
        attempts.entry(of).or_default().push(attempt);
        let suspense = attempt.posted().suspense.get();
        if suspense != 0 {
            let name = attempt.reference.clone();
            comparison.suspense.insert(name, suspense);
        }
    }
    let mut paid_loads: BTreeMap<(&TenantId, &LoadId), Vec<&PayoutId>> = BTreeMap::new();
    for payout in dump.payouts() {
        let of = (&payout.tenant, &payout.id);
        let own = Own {
            payout,
            attempts: attempts.remove(&of).unwrap_or_default(),
            reviewed: &reviewed,
            posted: Provider::ALL.map(|provider| {
                let posted = posted.get(&(&payout.tenant, &payout.id, provider));
                (provider, posted.copied().unwrap_or(0))
            }),
        };
        let pays = own.compare(&mut rows, &mut comparison);
        if let Some(load) = payout.load.as_ref().filter(|_| pays) {
            let of = (&payout.tenant, load);
            paid_loads.entry(of).or_default().push(&payout.id);
        }
    }
    for ((_, load), payouts) in paid_loads.iter().filter(|(_, payouts)| payouts.len() > 1) {
        let ids: Vec<_> = payouts.iter().map(|id| id.as_str()).collect();
        let what = format!("load {load} is paid by {}", ids.join(" and "));
        comparison.differences.push(what);
    }
    charges(dump, &mut rows, &mut comparison);
    for ((provider, reference), moved) in &rows.moved {
        comparison.differences.push(format!(
            "{} moved {} under {reference}, which is nobody's",
            provider.name(),
            moved.amount
        ));
    }
    totals(dump, &mut comparison);
    comparison
}

/// A charge moved its amount exactly when it is paid; one that has not ended may have moved it.
fn charges(dump: &Dump, rows: &mut Rows, comparison: &mut Comparison) {
    let mut posted: BTreeMap<_, i64> = BTreeMap::new();
    for funding in dump.fundings() {
        let legs = posted_to(domain::charge::CHARGER, &funding.legs);
        *posted
            .entry((&funding.tenant, &funding.charge))
            .or_default() += legs;
    }
    for charge in dump.charges() {
        let provider = domain::charge::CHARGER;
        let at_twin = rows
            .take(provider, name_at(provider, charge.id.as_str()))
            .amount;
        let posted = posted.remove(&(&charge.tenant, &charge.id)).unwrap_or(0);
        let is_made = at_twin == -charge.amount.get();
        if !charge.state.is_final() && is_made {
            *comparison.waiting.entry(provider).or_default() += at_twin;
        } else if at_twin != posted {
            let (id, state) = (&charge.id, charge.state.name());
            comparison.differences.push(format!(
                "{id} is {state}: {} moved {at_twin}, our books say {posted}",
                provider.name()
            ));
        }
    }
}

/// The stored balance of each clearing account is what its twin moved, less what waits for its outcome.
fn totals(dump: &Dump, comparison: &mut Comparison) {
    for provider in Provider::ALL {
        let account = Account::clearing(provider);
        let balances = dump
            .balances
            .iter()
            .filter(|(key, _)| key.account == account);
        let clearing: i64 = balances.map(|(_, cents)| cents.get()).sum();
        let moved = comparison.paid.get(&provider).map_or(0, |paid| paid.amount);
        let waiting = comparison.waiting.get(&provider).copied().unwrap_or(0);
        if clearing != moved - waiting {
            comparison.differences.push(format!(
                "{} holds {clearing}, its twin moved {moved}, of which {waiting} wait for an outcome",
                account.name()
            ));
        }
    }
}
