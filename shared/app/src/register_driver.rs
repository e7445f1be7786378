//! Registers a driver under the ERP's own id. The same registration again answers the same driver.

use domain::{
    driver::{Driver, DriverStatus, KycStatus},
    ids::{DriverId, OvnDriverId},
    money::Cents,
};

use crate::{
    audit_event::{self, Done, changed},
    call::Call,
    changes::{Changes, Counted, CounterKey, Subject, Write},
    error::Error,
    list::list_shard,
    port::Store,
    record::Record,
    request_key::{Answered, Asking},
};

pub struct RegisterDriver<'a> {
    pub asking: Asking<'a, Driver>,
    pub id: DriverId,
    pub ovn_id: OvnDriverId,
    pub name: String,
    pub email: String,
    pub phone: String,
}

/// # Errors
/// `Conflict` when the OVN driver id is taken with other details; `KeyReused`; `Unavailable`.
pub async fn run(
    call: &Call,
    store: &impl Store,
    command: RegisterDriver<'_>,
) -> Result<Answered<Driver>, Error> {
    let asking = command.asking;
    let driver = Driver {
        tenant: asking.tenant.clone(),
        id: command.id,
        version: 1,
        ovn_id: command.ovn_id,
        name: command.name,
        email: command.email,
        phone: command.phone,
        status: DriverStatus::Invited,
        kyc: KycStatus::Pending,
        kyc_reason: None,
        kyc_by_owlpay: false,
        method: None,
        vendor: None,
        // Known to OwlPay before anybody saves a bank account.
        vendor_next_at: Some(call.now()),
        vendor_tries: 0,
        created_at: call.now(),
        payouts: 0,
        pending_payouts: 0,
        total_paid: Cents::ZERO,
    };
    let body = (asking.render)(&driver);
    let changes = Changes::new("register-driver", call.tx_id("register-driver"));
    let changes = asking
        .remember(changes, &body, call.now())
        .insert(Record::Driver(Box::new(driver.clone())))
        .insert(noted(call, &driver))
        .count(counter(&driver), driver.status.name(), 1);
    let error = match store.commit(changes).await {
        Ok(()) => return Ok(Answered::Fresh { it: driver, body }),
        Err(error) => error,
    };
    if let Some(replayed) = asking.replay_after(&error, call.now())? {
        return Ok(replayed);
    }
    match error.refused(Subject::Driver).map(|refused| &refused.found) {
        Some(Some(Record::Driver(known))) if is_same(known, &driver) => {
            let body = (asking.render)(known);
            Ok(Answered::Fresh {
                it: known.as_ref().clone(),
                body,
            })
        }
        Some(_) => Err(Error::Conflict(
            "a driver with this ovnDriverId exists with other details".to_owned(),
        )),
        None => Err(error.into()),
    }
}

fn noted(call: &Call, driver: &Driver) -> Record {
    let new = |field, value: &str| changed(field, None, Some(value.to_owned()));
    let members = [
        new("ovnDriverId", driver.ovn_id.as_str()),
        new("name", &driver.name),
        new("email", &driver.email),
        new("phone", &driver.phone),
        new("status", driver.status.name()),
    ];
    let done = Done {
        tenant: &driver.tenant,
        action: "driver.register",
        subject: ("driver", driver.id.as_str()),
        changes: members.into_iter().flatten().collect(),
    };
    audit_event::event(call, done)
}

fn is_same(known: &Driver, asked: &Driver) -> bool {
    known.name == asked.name && known.email == asked.email && known.phone == asked.phone
}

/// Where a driver is counted.
pub(crate) fn counter(driver: &Driver) -> CounterKey {
    CounterKey {
        tenant: driver.tenant.clone(),
        list: Counted::Drivers,
        shard: list_shard(driver.id.as_str()),
    }
}

/// Writes a driver who was changed, and counts them under their new status. Who becomes inactive has no
/// payout pending at that moment.
pub(crate) fn replaced(changes: Changes, before: &Driver, after: &Driver) -> Changes {
    if before.status == after.status {
        return changes.replace(Record::Driver(Box::new(after.clone())), before.version);
    }
    let (driver, version) = (Box::new(after.clone()), before.version);
    let write = match after.status {
        DriverStatus::Inactive => Write::Retire { driver, version },
        DriverStatus::Invited | DriverStatus::Active | DriverStatus::Suspended => Write::Replace {
            record: Record::Driver(driver),
            version,
        },
    };
    changes
        .write(write)
        .count(counter(before), before.status.name(), -1)
        .count(counter(after), after.status.name(), 1)
}
