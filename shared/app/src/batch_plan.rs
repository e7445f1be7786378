//! What a batch of loads would do, line by line, as things stand. Nothing is written.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    batch::{Batch, Line, PlanHash, Rejection, Sums, Verdict},
    denied::{Denied, NotPayable},
    driver::{Driver, MethodKind},
    fee::{Channel, FeeSchedule, Rail},
    ids::{BatchId, DriverId, LoadId, PayoutId, TenantId},
    load::Load,
    money::Cents,
    routing::{self, Provider},
};

use crate::{
    error::{BadLine, ChangedLine, Error},
    port::Store,
    record::{Key, Record},
    wide_read,
};

/// A load that a client wants in a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedLine {
    pub load: LoadId,
    /// What the client takes its amount to be, where the client says so.
    pub amount: Option<Cents>,
}

/// Where a load is already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    pub payout: PayoutId,
    pub batch: Option<BatchId>,
}

/// One line as it would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedLine {
    pub line: Line,
    pub driver_name: Option<String>,
    pub holder: Option<Holder>,
    /// The earlier line with the same load.
    pub first: Option<u32>,
    /// Who would carry it, for which kind of method; none for a line that is rejected.
    pub route: Option<(Provider, MethodKind)>,
}

/// A whole plan; the first line has the number 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub lines: Vec<PlannedLine>,
}

/// Every line of a batch is a standard payout.
pub const RAIL: Rail = Rail::Standard;

impl Plan {
    pub fn lines(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().map(|planned| &planned.line)
    }

    pub fn hash(&self) -> PlanHash {
        PlanHash::of(self.lines())
    }

    /// # Errors
    /// [`Denied::AmountOutOfRange`] when the sum leaves what a wallet can hold.
    pub fn accepted(&self) -> Result<Sums, Denied> {
        Sums::of(self.lines())
    }

    /// The lines that cannot be paid, with their numbers from 1.
    pub fn bad(&self) -> Vec<BadLine> {
        let numbered = (1..).zip(&self.lines);
        numbered
            .filter_map(|(number, planned)| match planned.line.verdict {
                Verdict::Accepted => None,
                Verdict::Rejected(why) => Some(BadLine {
                    line: number,
                    load: planned.line.load.clone(),
                    why,
                    first: planned.first,
                    payout: planned.holder.as_ref().map(|it| it.payout.clone()),
                    batch: planned.holder.as_ref().and_then(|it| it.batch.clone()),
                }),
            })
            .collect()
    }

    /// # Errors
    /// [`Error::PlanChanged`] with the lines that differ, when `expected` is the hash of another plan.
    pub fn require(&self, expected: Option<&PlanHash>) -> Result<(), Error> {
        let numbered = (1..).zip(self.lines());
        require(&numbered.collect::<Vec<_>>(), expected)
    }
}

/// # Errors
/// [`Error::PlanChanged`] with the lines that differ, by their numbers, when `expected` is the hash of another
/// plan. A hash without its lines names none.
pub(crate) fn require(lines: &[(u32, &Line)], expected: Option<&PlanHash>) -> Result<(), Error> {
    let Some(expected) = expected else {
        return Ok(());
    };
    let plan = PlanHash::of(lines.iter().map(|(_, line)| *line));
    if plan.is_same(expected) {
        return Ok(());
    }
    let next = lines.last().map_or(1, |(number, _)| number + 1);
    let places = plan.differing(expected).unwrap_or_default();
    let changed = places.into_iter().map(|place| match lines.get(place) {
        Some((number, line)) => ChangedLine {
            line: *number,
            now: Some((*line).clone()),
        },
        // The other plan had more lines.
        None => ChangedLine {
            line: next + u32::try_from(place - lines.len()).unwrap_or(0),
            now: None,
        },
    });
    Err(Error::PlanChanged(changed.collect()))
}

/// Works out the plan of a new batch.
///
/// # Errors
/// `Unavailable`.
pub async fn plan(
    store: &impl Store,
    tenant: &TenantId,
    (asked, fees): (&[AskedLine], &FeeSchedule),
) -> Result<Plan, Error> {
    let facts = Facts::read(store, tenant, asked.iter().map(|it| &it.load)).await?;
    let mut seen = BTreeMap::new();
    let lines = (1..).zip(asked).map(|(number, asked)| {
        let first = *seen.entry(&asked.load).or_insert(number);
        let planned = facts.line(asked, fees);
        if first == number {
            return planned;
        }
        PlannedLine {
            line: Line {
                verdict: Verdict::Rejected(Rejection::DuplicateLine),
                ..planned.line
            },
            first: Some(first),
            route: None,
            ..planned
        }
    });
    let mut plan = Plan {
        lines: lines.collect(),
    };
    name_batches(store, tenant, &mut plan).await?;
    Ok(plan)
}

/// The lines of a batch as they stand now: what was accepted and cannot be paid any more is rejected.
///
/// # Errors
/// `Unavailable`.
pub(crate) async fn plan_again(
    store: &impl Store,
    batch: &Batch,
    lines: &[(u32, Line)],
) -> Result<Vec<(u32, Line)>, Error> {
    let accepted = lines.iter().filter(|(_, line)| line.is_accepted());
    let loads = accepted.map(|(_, line)| &line.load);
    let facts = Facts::read(store, &batch.tenant, loads).await?;
    let again = lines.iter().map(|(number, line)| {
        let verdict = match line.verdict {
            Verdict::Accepted => facts.verdict_of(line, &batch.payout_id(*number)),
            rejected @ Verdict::Rejected(_) => rejected,
        };
        let line = Line {
            verdict,
            ..line.clone()
        };
        (*number, line)
    });
    Ok(again.collect())
}

/// What the lines depend on.
struct Facts {
    loads: BTreeMap<LoadId, Load>,
    drivers: BTreeMap<DriverId, Driver>,
}

impl Facts {
    async fn read<'a>(
        store: &impl Store,
        tenant: &TenantId,
        loads: impl Iterator<Item = &'a LoadId>,
    ) -> Result<Self, Error> {
        let asked: BTreeSet<_> = loads.collect();
        let keys: Vec<_> = asked
            .into_iter()
            .map(|load| Key::Load(tenant.clone(), load.clone()))
            .collect();
        let mut loads = BTreeMap::new();
        for record in wide_read::fetch(store, &keys).await?.into_iter().flatten() {
            if let Record::Load(load) = record {
                loads.insert(load.id.clone(), *load);
            }
        }
        let asked: BTreeSet<_> = loads.values().map(|load| &load.driver).collect();
        let keys: Vec<_> = asked
            .into_iter()
            .map(|driver| Key::Driver(tenant.clone(), driver.clone()))
            .collect();
        let mut drivers = BTreeMap::new();
        for record in wide_read::fetch(store, &keys).await?.into_iter().flatten() {
            if let Record::Driver(driver) = record {
                drivers.insert(driver.id.clone(), *driver);
            }
        }
        Ok(Self { loads, drivers })
    }

    fn line(&self, asked: &AskedLine, fees: &FeeSchedule) -> PlannedLine {
        let Some(load) = self.loads.get(&asked.load) else {
            return PlannedLine {
                line: Line {
                    load: asked.load.clone(),
                    driver: None,
                    amount: Cents::ZERO,
                    fee: Cents::ZERO,
                    verdict: Verdict::Rejected(Rejection::LoadNotFound),
                },
                driver_name: None,
                holder: None,
                first: None,
                route: None,
            };
        };
        let quote = fees.quote(RAIL, Channel::Batch, load.amount);
        let differs = asked.amount.is_some_and(|amount| amount != load.amount);
        let (verdict, route) = match (load.require_open(), &quote, self.route(&load.driver)) {
            (Err(denied), ..) => (Verdict::Rejected(of_load(&denied)), None),
            (Ok(()), ..) if !load.can_be_held() => {
                (Verdict::Rejected(Rejection::LoadExhausted), None)
            }
            (Ok(()), ..) if differs => (Verdict::Rejected(Rejection::LoadChanged), None),
            (Ok(()), Err(_), _) => (Verdict::Rejected(Rejection::FeeNotBelowAmount), None),
            (Ok(()), Ok(_), Err(reason)) => (Verdict::Rejected(reason.into()), None),
            (Ok(()), Ok(_), Ok(route)) => (Verdict::Accepted, Some(route)),
        };
        PlannedLine {
            line: Line {
                load: load.id.clone(),
                driver: Some(load.driver.clone()),
                amount: load.amount,
                fee: quote.map_or(Cents::ZERO, |quote| quote.fee),
                verdict,
            },
            driver_name: Some(load.driver_name.clone()),
            holder: load.holder.clone().map(|payout| Holder {
                payout,
                batch: None,
            }),
            first: None,
            route,
        }
    }

    fn verdict_of(&self, line: &Line, own: &PayoutId) -> Verdict {
        let Some(load) = self.loads.get(&line.load) else {
            return Verdict::Rejected(Rejection::LoadNotFound);
        };
        let is_own = load.holder.as_ref() == Some(own);
        if let Err(denied) = load.require_open().or_else(|denied| match denied {
            Denied::LoadHeld { .. } if is_own => Ok(()),
            other => Err(other),
        }) {
            return Verdict::Rejected(of_load(&denied));
        }
        if line.driver.as_ref() != Some(&load.driver) || line.amount != load.amount {
            return Verdict::Rejected(Rejection::LoadChanged);
        }
        match self.route(&load.driver) {
            Ok(_) => Verdict::Accepted,
            Err(reason) => Verdict::Rejected(reason.into()),
        }
    }

    fn route(&self, driver: &DriverId) -> Result<(Provider, MethodKind), NotPayable> {
        let driver = self.drivers.get(driver).ok_or(NotPayable::Unknown)?;
        driver.require_payable(RAIL)?;
        let kind = driver.method.as_ref().ok_or(NotPayable::NoMethod)?.kind;
        let able = |provider: &&Provider| driver.is_approved_at(**provider);
        let provider = routing::routes(kind, RAIL).iter().find(able);
        let provider = *provider.ok_or(NotPayable::NoRoute)?;
        Ok((provider, kind))
    }
}

pub(crate) const fn of_load(denied: &Denied) -> Rejection {
    match denied {
        Denied::LoadPaid { .. } => Rejection::LoadPaid,
        Denied::LoadExhausted { .. } => Rejection::LoadExhausted,
        _ => Rejection::LoadHeld,
    }
}

/// Looks up in which batches the loads are that others hold.
async fn name_batches(store: &impl Store, tenant: &TenantId, plan: &mut Plan) -> Result<(), Error> {
    let held = plan.lines.iter().filter_map(|it| it.holder.as_ref());
    let payouts: BTreeSet<_> = held.map(|holder| holder.payout.clone()).collect();
    let keys: Vec<_> = payouts
        .into_iter()
        .map(|payout| Key::Payout(tenant.clone(), payout))
        .collect();
    let mut batches = BTreeMap::new();
    for record in wide_read::fetch(store, &keys).await?.into_iter().flatten() {
        if let Record::Payout(payout) = record
            && let Some(line) = payout.batch
        {
            batches.insert(payout.id, line.id);
        }
    }
    for planned in &mut plan.lines {
        if let Some(holder) = &mut planned.holder {
            holder.batch = batches.get(&holder.payout).cloned();
        }
    }
    Ok(())
}
