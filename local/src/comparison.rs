//! What the twins paid, held against what our books say: the rows of `/_control/payments` beside the ledger.
//!
//! Pure: the same books and rows give the same differences. It only means something while nothing is under way.

use std::collections::BTreeMap;

use app::audit::Dump;
use domain::{
    attempt::Attempt,
    attempt_machine::AttemptState,
    ids::{PayoutId, TenantId},
    ledger::{Account, Posting},
    payout::{Payout, PayoutStatus},
    routing::Provider,
};
use platform::provider::paywizard::OrderNo;
use serde::Deserialize;

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

/// A payout that has not ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open {
    pub payout: PayoutId,
    pub status: PayoutStatus,
    /// Its live attempt: who has it, and where it stands.
    pub attempt: Option<(Provider, AttemptState)>,
    /// Why people have to decide about it; none while it goes on by itself.
    pub review: Option<String>,
    /// What the twins paid for it and our books do not say yet, in minor units.
    pub unposted: i64,
}

/// What came of a comparison.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    pub paid: BTreeMap<Provider, Paid>,
    /// Of that, what our books do not say yet: its payout or charge has not ended. Minor units.
    pub waiting: BTreeMap<Provider, i64>,
    pub open: Vec<Open>,
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
    let mut attempts: BTreeMap<(&TenantId, &PayoutId), Vec<&Attempt>> = BTreeMap::new();
    for attempt in dump.attempts() {
        let of = (&attempt.tenant, &attempt.reference.payout);
        attempts.entry(of).or_default().push(attempt);
    }
    for payout in dump.payouts() {
        let of = (&payout.tenant, &payout.id);
        let own = Own {
            payout,
            attempts: attempts.remove(&of).unwrap_or_default(),
            posted: Provider::ALL.map(|provider| {
                let posted = posted.get(&(&payout.tenant, &payout.id, provider));
                (provider, posted.copied().unwrap_or(0))
            }),
        };
        own.compare(&mut rows, &mut comparison);
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

/// One payout with all that is ours to know about it.
struct Own<'a> {
    payout: &'a Payout,
    attempts: Vec<&'a Attempt>,
    /// What its transitions posted to each clearing account.
    posted: [(Provider, i64); 3],
}

impl Own<'_> {
    fn compare(&self, rows: &mut Rows, comparison: &mut Comparison) {
        let (id, net) = (&self.payout.id, self.payout.net().get());
        let status = self.payout.status;
        let differences = &mut comparison.differences;
        let (mut paid, mut payments, mut unposted) = (0, 0, 0);
        for (provider, posted) in self.posted {
            let name = provider.name();
            let mut at_twin = 0;
            let mut is_live = false;
            for attempt in self.attempts.iter().filter(|it| it.provider == provider) {
                let reference = attempt.reference.to_string();
                let moved = rows.take(provider, name_at(provider, &reference));
                if moved.outs > 1 {
                    let outs = moved.outs;
                    differences.push(format!("{name} paid {reference} {outs} times"));
                }
                at_twin += moved.amount;
                payments += u32::from(moved.amount != 0);
                is_live |= !attempt.is_final();
            }
            paid += at_twin;
            if is_live {
                unposted += at_twin - posted;
                *comparison.waiting.entry(provider).or_default() += at_twin - posted;
            }
            let fits = if is_live {
                (posted..=posted + net).contains(&at_twin)
            } else {
                posted == at_twin
            };
            if !fits {
                differences.push(format!(
                    "{id} is {status}: {name} paid {at_twin}, our books say {posted}"
                ));
            }
        }
        if paid > net || payments > 1 {
            differences.push(format!(
                "{id} is {status}: {payments} payments of {paid} in all, for a net of {net}"
            ));
        }
        let was_settled = self
            .attempts
            .iter()
            .any(|it| it.reviewed_at.is_some() || it.money.is_some());
        let expected = match status {
            PayoutStatus::Completed if !was_settled => Some(net),
            PayoutStatus::Failed | PayoutStatus::Canceled | PayoutStatus::Returned => Some(0),
            // What people settled may be a part; what has not ended may be paid by now.
            PayoutStatus::Completed
            | PayoutStatus::Scheduled
            | PayoutStatus::Validated
            | PayoutStatus::Queued
            | PayoutStatus::Processing => None,
        };
        if let Some(expected) = expected.filter(|expected| *expected != paid) {
            differences.push(format!(
                "{id} is {status} with {paid} paid for it, expected {expected}"
            ));
        }
        comparison.open.extend(self.open(unposted));
    }

    fn open(&self, unposted: i64) -> Option<Open> {
        let live = self.attempts.iter().find(|it| !it.is_final());
        match self.payout.status {
            PayoutStatus::Completed
            | PayoutStatus::Failed
            | PayoutStatus::Canceled
            | PayoutStatus::Returned => return None,
            PayoutStatus::Scheduled
            | PayoutStatus::Validated
            | PayoutStatus::Queued
            | PayoutStatus::Processing => {}
        }
        let reviewed = live.filter(|it| it.reviewed_at.is_some());
        Some(Open {
            payout: self.payout.id.clone(),
            status: self.payout.status,
            attempt: live.map(|it| (it.provider, it.state)),
            review: reviewed.map(|it| it.reason.clone().unwrap_or_default()),
            unposted,
        })
    }
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
