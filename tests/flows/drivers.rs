//! Drivers who are changed, deleted and brought back, and payouts that are made at the same moment.

use std::sync::Arc;

use app::{
    create_payout::{self, CreatePayout, Source},
    delete_driver,
    error::Error,
    list_drivers::{self, ListDrivers},
    memory::MemoryQueue,
    page::{Paging, Start},
    port::{CommitError, Store},
    record::{AuditEvent, FieldChange, Key, Record},
    request_key::{Answered, Asking, RequestKey},
    update_driver::{self, UpdateDriver},
};
use domain::{
    denied::Denied,
    driver::{Driver, DriverStatus, Revision, WantedStatus},
    fee::{FeeSchedule, Rail},
    ids::{DriverId, LoadId},
};
use tokio::sync::Mutex;

use crate::{books, races::Catch, stage::Stage};

fn quietly<T>(stage: &Stage) -> Asking<'_, T> {
    Asking {
        tenant: &stage.tenant,
        key: None,
        render: &|_| String::new(),
    }
}

async fn delete(stage: &Stage, store: &impl Store) -> Result<Answered<Driver>, Error> {
    let call = stage.call("client");
    delete_driver::run(&call, store, quietly(stage), stage.driver.clone()).await
}

async fn update(stage: &Stage, revision: Revision) -> Result<Answered<Driver>, Error> {
    let command = UpdateDriver {
        asking: quietly(stage),
        driver: stage.driver.clone(),
        revision,
    };
    update_driver::run(&stage.call("client"), &stage.memory, command).await
}

fn to(status: WantedStatus) -> Revision {
    Revision {
        status: Some(status),
        ..Revision::default()
    }
}

async fn driver(stage: &Stage) -> Driver {
    let key = Key::Driver(stage.tenant.clone(), stage.driver.clone());
    let found = stage.memory.fetch(&[key]).await.expect("in memory");
    match found.into_iter().next().flatten() {
        Some(Record::Driver(driver)) => *driver,
        other => panic!("no driver: {other:?}"),
    }
}

/// Every audit event, oldest first.
fn events(stage: &Stage) -> Vec<AuditEvent> {
    let records = stage.memory.dump().records.into_iter();
    // What the stage set up is not what a test asks about.
    let setup = stage.call("setup").actor;
    let events = records.filter_map(|record| match record {
        Record::AuditEvent(event) if event.actor != setup => Some(*event),
        _ => None,
    });
    let mut events: Vec<_> = events.collect();
    events.sort_by(|one, other| (one.at, &one.id).cmp(&(other.at, &other.id)));
    events
}

/// How many are listed and counted under a status.
async fn listed(stage: &Stage, status: DriverStatus) -> (Vec<DriverId>, u64) {
    let command = ListDrivers {
        tenant: &stage.tenant,
        status: Some(status),
        paging: Paging {
            start: Start::Page(1),
            size: 100,
        },
    };
    let page = list_drivers::run(&stage.memory, &command)
        .await
        .expect("a page");
    let ids = page.items.into_iter().map(|it| it.id).collect();
    (ids, page.total)
}

#[tokio::test]
async fn a_driver_moves_between_the_lists_of_their_statuses_and_every_move_is_noted() {
    let stage = Stage::new().await;
    let mut before = DriverStatus::Active;
    for (wanted, status) in [
        (WantedStatus::Suspended, DriverStatus::Suspended),
        (WantedStatus::Active, DriverStatus::Active),
        (WantedStatus::Inactive, DriverStatus::Inactive),
        (WantedStatus::Active, DriverStatus::Active),
    ] {
        stage.clock.advance_ms(1);
        update(&stage, to(wanted)).await.expect("allowed");
        assert_eq!(driver(&stage).await.status, status);
        let one = (vec![stage.driver.clone()], 1);
        assert_eq!(listed(&stage, status).await, one);
        assert_eq!(listed(&stage, before).await, (Vec::new(), 0));
        let noted = events(&stage).pop().expect("noted");
        let change = FieldChange {
            field: "status".to_owned(),
            before: Some(before.name().to_owned()),
            after: Some(status.name().to_owned()),
        };
        let expected = ("driver.update", stage.driver.as_str(), vec![change]);
        assert_eq!(
            (
                noted.action.as_str(),
                noted.subject_id.as_str(),
                noted.changes
            ),
            expected
        );
        before = status;
        books::balance(&stage);
    }
    assert_eq!(events(&stage).len(), 4);
}

#[tokio::test]
async fn an_update_that_changes_nothing_writes_nothing() {
    let stage = Stage::new().await;
    let before = driver(&stage).await;
    let revision = Revision {
        name: Some(before.name.clone()),
        ..to(WantedStatus::Active)
    };
    update(&stage, revision).await.expect("allowed");
    assert_eq!(driver(&stage).await, before);
    assert_eq!(events(&stage), []);
}

#[tokio::test]
async fn an_update_under_a_key_is_answered_once() {
    let stage = Stage::new().await;
    let key = RequestKey {
        digest: "k".to_owned(),
        fingerprint: "suspend".to_owned(),
        expires_at: stage.clock.now().plus(std::time::Duration::from_secs(60)),
    };
    let render = |driver: &Driver| format!("{} {}", driver.version, driver.status.name());
    let again = || {
        let command = UpdateDriver {
            asking: Asking {
                tenant: &stage.tenant,
                key: Some(&key),
                render: &render,
            },
            driver: stage.driver.clone(),
            revision: to(WantedStatus::Suspended),
        };
        let call = stage.call("client");
        let store = stage.memory.clone();
        async move { update_driver::run(&call, &store, command).await }
    };
    let Ok(Answered::Fresh { body, .. }) = again().await else {
        panic!("the first answer is fresh");
    };
    update(&stage, to(WantedStatus::Active))
        .await
        .expect("allowed");
    assert_eq!(again().await, Ok(Answered::Replayed { body }));
    assert_eq!(driver(&stage).await.status, DriverStatus::Active);
}

#[tokio::test]
async fn deleting_again_answers_the_same_and_notes_nothing_more() {
    let stage = Stage::new().await;
    let first = delete(&stage, &stage.memory).await.expect("deleted");
    let second = delete(&stage, &stage.memory).await.expect("deleted");
    assert_eq!(first, second);
    let actions: Vec<_> = events(&stage).into_iter().map(|it| it.action).collect();
    assert_eq!(actions, ["driver.delete"]);
    assert_eq!(driver(&stage).await.status, DriverStatus::Inactive);
    books::balance(&stage);
}

#[tokio::test]
async fn a_payout_made_after_the_driver_was_read_keeps_them_from_being_deleted() {
    let stage = Stage::new().await;
    let caught = Arc::new(Mutex::new(None));
    let late = Catch {
        inner: stage.memory.clone(),
        caught: caught.clone(),
    };
    delete(&stage, &late).await.expect_err("held back");
    stage
        .create("L-1", Rail::Standard, "k1")
        .await
        .expect("created");
    let unit = caught.lock().await.take().expect("a unit");
    let refused = stage.memory.commit(unit).await;
    assert!(
        matches!(refused, Err(CommitError::Refused(_))),
        "{refused:?}"
    );
    let refused = delete(&stage, &stage.memory).await;
    assert_eq!(refused, Err(Error::Denied(Denied::DriverHasPayouts)));
    assert_eq!(driver(&stage).await.status, DriverStatus::Active);

    stage.advance(3_600).await;
    delete(&stage, &stage.memory).await.expect("nothing waits");
    books::balance(&stage);
}

#[tokio::test]
async fn a_driver_deleted_after_a_payout_was_decided_gets_none() {
    let stage = Stage::new().await;
    let caught = Arc::new(Mutex::new(None));
    let late = Catch {
        inner: stage.memory.clone(),
        caught: caught.clone(),
    };
    let command = CreatePayout {
        asking: quietly(&stage),
        source: Source::Load(LoadId::parse("L-1").expect("valid")),
        rail: Rail::Standard,
        may_fall_back: false,
        requested_by: None,
        fees: &FeeSchedule::default(),
    };
    let queue = MemoryQueue::new(stage.clock.clone());
    create_payout::run(&stage.call("client"), &late, &queue, command)
        .await
        .expect_err("held back");
    delete(&stage, &stage.memory).await.expect("nothing waits");
    let unit = caught.lock().await.take().expect("a unit");
    let refused = stage.memory.commit(unit).await;
    assert!(
        matches!(refused, Err(CommitError::Refused(_))),
        "{refused:?}"
    );
    books::balance(&stage);
}

#[tokio::test]
async fn what_copied_a_drivers_name_keeps_it() {
    let stage = Stage::new().await;
    let id = stage.create_for_sure("L-1", Rail::Standard).await;
    let revision = Revision {
        name: Some("Jane Smith".to_owned()),
        ..Revision::default()
    };
    update(&stage, revision).await.expect("allowed");
    assert_eq!(driver(&stage).await.name, "Jane Smith");
    assert_eq!(stage.payout(&id).await.driver_name, "John Smith");
    assert_eq!(stage.load("L-1").await.driver_name, "John Smith");
    stage.advance(3_600).await;
    books::paid_exactly_once(&stage, &id).await;
}
