//! Registers or revises a load: which driver earns how much for it.

use domain::{
    ids::{DriverId, LoadId},
    load::{Load, LoadTerms},
    money::Cents,
};

use crate::{
    audit_event::{self, Done, changed},
    call::Call,
    cancel_payout::refuse_unless_overtaken,
    changes::{ALL, Changes, Counted, CounterKey},
    create_payout::ROUNDS,
    error::{Error, FieldError},
    list::list_shard,
    port::Store,
    record::{Key, Record},
    request_key::{Answered, Asking},
};

pub struct PutLoad<'a> {
    pub asking: Asking<'a, Load>,
    pub load: LoadId,
    pub driver: DriverId,
    pub amount: Cents,
    pub description: Option<String>,
    /// Compact JSON text.
    pub metadata: Option<String>,
}

/// # Errors
/// `Invalid` for an unknown driver; `Denied` when driver or amount would change under a payout;
/// `KeyReused`; `Unavailable`.
pub async fn run(
    call: &Call,
    store: &impl Store,
    command: PutLoad<'_>,
) -> Result<Answered<Load>, Error> {
    let asking = command.asking;
    let tenant = asking.tenant;
    for round in 0..ROUNDS {
        let now = call.now();
        let mut keys = vec![
            Key::Load(tenant.clone(), command.load.clone()),
            Key::Driver(tenant.clone(), command.driver.clone()),
        ];
        keys.extend(asking.stored_at());
        let mut found = store.fetch(&keys).await?.into_iter();
        let (before, driver) = (found.next().flatten(), found.next().flatten());
        if let Some(replayed) = asking.replay(found.next().flatten().as_ref(), now)? {
            return Ok(replayed);
        }
        let Some(Record::Driver(driver)) = driver else {
            return Err(Error::Invalid(vec![FieldError::new(
                "driverId",
                "must name a registered driver",
            )]));
        };
        let terms = LoadTerms {
            driver: driver.id,
            driver_name: driver.name,
            amount: command.amount,
            description: command.description.clone(),
            metadata: command.metadata.clone(),
        };
        let changes = Changes::new("put-load", call.tx_id(&format!("put-load {round}")));
        let (load, changes) = match before {
            Some(Record::Load(before)) => {
                let load = match before.revised(terms, now) {
                    Ok(load) => load,
                    Err(denied) => {
                        return match asking.replay_now(store, now).await? {
                            Some(replayed) => Ok(replayed),
                            None => Err(denied.into()),
                        };
                    }
                };
                let changes = changes.insert_if(noted(call, Some(&before), &load));
                let record = Record::Load(Box::new(load.clone()));
                (load, changes.replace(record, before.version))
            }
            Some(_) | None => {
                let load = Load::registered(tenant.clone(), command.load.clone(), terms, now);
                let record = Record::Load(Box::new(load.clone()));
                let changes = changes
                    .insert(record)
                    .insert_if(noted(call, None, &load))
                    .count(counter(&load), ALL, 1);
                (load, changes)
            }
        };
        let body = (asking.render)(&load);
        match store.commit(asking.remember(changes, &body, now)).await {
            Ok(()) => return Ok(Answered::Fresh { it: load, body }),
            Err(error) => {
                if let Some(replayed) = asking.replay_after(&error, now)? {
                    return Ok(replayed);
                }
                refuse_unless_overtaken(error)?;
            }
        }
    }
    Err(Error::Conflict(
        "the load kept changing; send it again".to_owned(),
    ))
}

/// What changed of a load, when anything did.
fn noted(call: &Call, before: Option<&Load>, after: &Load) -> Option<Record> {
    let member = |field: &str, of: fn(&Load) -> Option<String>| {
        changed(field, before.and_then(of), of(after))
    };
    let members = [
        member("driverId", |load| Some(load.driver.to_string())),
        member("driverName", |load| Some(load.driver_name.clone())),
        member("amount", |load| Some(load.amount.to_string())),
        member("description", |load| load.description.as_deref().map(shown)),
        member("metadata", |load| load.metadata.as_deref().map(shown)),
    ];
    let action = match before {
        Some(_) => "load.update",
        None => "load.create",
    };
    let done = Done {
        tenant: &after.tenant,
        action,
        subject: ("load", after.id.as_str()),
        changes: members.into_iter().flatten().collect(),
    };
    audit_event::event_if_changed(call, done)
}

/// The most bytes of a long member that an event shows: a page of a hundred events must stay an answer.
const SHOWN_MAX: usize = 500;

fn shown(text: &str) -> String {
    text[..text.floor_char_boundary(SHOWN_MAX)].to_owned()
}

/// Where a load is counted.
pub(crate) fn counter(load: &Load) -> CounterKey {
    CounterKey {
        tenant: load.tenant.clone(),
        list: Counted::Loads,
        shard: list_shard(load.id.as_str()),
    }
}
