//! Registers or revises many loads in one call. Each row stands for itself: what is wrong with one rejects
//! that one, and a row that says what is stored already writes nothing.
//!
//! Rows are written in units of up to [`UNIT_ROWS`], one unit after the other in each shard of the count,
//! and the shards side by side: two units never wait for the same count. An import that breaks off keeps
//! what it wrote; sent again it finds those rows unchanged.

mod lane;

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    ids::{DriverId, LoadId, TenantId},
    load::LoadTerms,
    money::Cents,
};

use self::lane::{Candidate, Lane};
use crate::{
    call::Call,
    error::{Error, FieldError},
    large_answer,
    list::list_shard,
    port::Store,
    record::{Key, Record},
    request_key::{Answered, Asking},
    together,
};

/// The most rows of one import.
pub const ROWS_MAX: usize = 10_000;
/// The most rows of one unit of work.
pub const UNIT_ROWS: usize = 50;
/// The most records of one read.
const FETCH_MAX: usize = 100;

pub struct ImportLoads<'a> {
    pub asking: Asking<'a, Import>,
    /// In the order sent, at most [`ROWS_MAX`].
    pub rows: Vec<Row>,
}

/// One row: a load, or what is wrong with it.
pub type Row = Result<AskedLoad, BadRow>;

/// What a row says of a load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedLoad {
    pub load: LoadId,
    pub driver: DriverId,
    pub amount: Cents,
    pub description: Option<String>,
    /// Compact JSON text.
    pub metadata: Option<String>,
}

/// A row that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRow {
    /// Where that much could be read.
    pub load: Option<LoadId>,
    pub problems: Vec<FieldError>,
}

/// What became of every row, in the order sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    pub rows: Vec<DoneRow>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DoneRow {
    pub load: Option<LoadId>,
    pub result: RowResult,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowResult {
    Created,
    Updated,
    /// The load says so already; nothing was written.
    Unchanged,
    Rejected(Error),
}

impl RowResult {
    pub const NAMES: [&str; 4] = ["created", "updated", "unchanged", "rejected"];

    pub const fn name(&self) -> &'static str {
        match self {
            Self::Created => Self::NAMES[0],
            Self::Updated => Self::NAMES[1],
            Self::Unchanged => Self::NAMES[2],
            Self::Rejected(_) => Self::NAMES[3],
        }
    }
}

/// # Errors
/// `KeyReused`; `Unavailable`, also after a part of the rows was written.
pub async fn run(
    call: &Call,
    store: &impl Store,
    command: ImportLoads<'_>,
) -> Result<Answered<Import>, Error> {
    let asking = command.asking;
    if let Some(replayed) = large_answer::replay_now(store, &asking, call.now()).await? {
        return Ok(replayed);
    }
    let import = import(call, store, (asking.tenant, command.rows)).await?;
    let body = (asking.render)(&import);
    let unit = (call.tx_id("remember import"), call.now());
    large_answer::remember(store, &asking, (import, body), unit).await
}

async fn import(
    call: &Call,
    store: &impl Store,
    (tenant, rows): (&TenantId, Vec<Row>),
) -> Result<Import, Error> {
    let names = driver_names(store, tenant, &rows).await?;
    let mut first_rows = BTreeMap::new();
    let mut loads = Vec::new();
    let mut results = BTreeMap::new();
    let mut shards: BTreeMap<u8, Vec<Candidate>> = BTreeMap::new();
    for (index, row) in rows.into_iter().enumerate() {
        let (load, wanted) = match row {
            Ok(asked) => (Some(asked.load.clone()), Ok(asked)),
            Err(bad) => (bad.load, Err(Error::Invalid(bad.problems))),
        };
        let first = load
            .clone()
            .map_or(index, |load| *first_rows.entry(load).or_insert(index));
        loads.push(load);
        let candidate = match first == index {
            true => wanted.and_then(|asked| candidate(index, asked, &names)),
            false => Err(repeated(first)),
        };
        match candidate {
            Ok(candidate) => {
                let shard = shards
                    .entry(list_shard(candidate.load.as_str()))
                    .or_default();
                shard.push(candidate);
            }
            Err(error) => {
                results.insert(index, RowResult::Rejected(error));
            }
        }
    }
    let lanes = shards.into_iter().map(|(shard, candidates)| {
        let lane = Lane::new(call, store, (tenant, shard));
        lane.run(candidates)
    });
    for done in together::all(lanes.collect()).await {
        results.extend(done?);
    }
    let rows = loads.into_iter().zip(results.into_values());
    Ok(Import {
        rows: rows
            .map(|(load, result)| DoneRow { load, result })
            .collect(),
    })
}

/// The registered drivers among those the rows name.
async fn driver_names(
    store: &impl Store,
    tenant: &TenantId,
    rows: &[Row],
) -> Result<BTreeMap<DriverId, String>, Error> {
    let asked: BTreeSet<_> = rows.iter().flatten().map(|row| &row.driver).collect();
    let keys: Vec<_> = asked
        .into_iter()
        .map(|driver| Key::Driver(tenant.clone(), driver.clone()))
        .collect();
    let mut names = BTreeMap::new();
    for keys in keys.chunks(FETCH_MAX) {
        for found in store.fetch(keys).await?.into_iter().flatten() {
            if let Record::Driver(driver) = found {
                names.insert(driver.id, driver.name);
            }
        }
    }
    Ok(names)
}

fn candidate(
    index: usize,
    asked: AskedLoad,
    names: &BTreeMap<DriverId, String>,
) -> Result<Candidate, Error> {
    let Some(name) = names.get(&asked.driver) else {
        return Err(Error::invalid("driverId", "must name a registered driver"));
    };
    Ok(Candidate {
        index,
        load: asked.load,
        terms: LoadTerms {
            driver: asked.driver,
            driver_name: name.clone(),
            amount: asked.amount,
            description: asked.description,
            metadata: asked.metadata,
        },
    })
}

fn repeated(first: usize) -> Error {
    Error::invalid("loadId", &format!("stands in row {} already", first + 1))
}
