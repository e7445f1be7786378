//! Imports of loads: every row for itself, whatever happens meanwhile, and large answers that are replayed.

use std::collections::BTreeMap;

use app::{
    audit::{self, Dump},
    error::{Error, FieldError},
    import_loads::{self, AskedLoad, BadRow, Import, ImportLoads, Row, RowResult, UNIT_ROWS},
    port::Store,
    record::{AuditEvent, Record},
    request_key::{Answered, Asking, RequestKey},
};
use domain::{
    denied::Denied,
    fee::Rail,
    ids::{DriverId, LoadId},
    money::Cents,
};

use crate::{
    busy::Busy,
    stage::{AMOUNT, Stage},
};

fn id(load: &str) -> LoadId {
    LoadId::parse(load).expect("valid")
}

fn row(stage: &Stage, load: &str, amount: i64) -> Row {
    Ok(AskedLoad {
        load: id(load),
        driver: stage.driver.clone(),
        amount: Cents::new(amount),
        description: None,
        metadata: None,
    })
}

fn rows(stage: &Stage, count: usize, amount: i64) -> Vec<Row> {
    (0..count)
        .map(|number| row(stage, &format!("I-{number:04}"), amount))
        .collect()
}

/// One word for each row.
fn words(import: &Import) -> String {
    let words = import.rows.iter().map(|row| match &row.result {
        RowResult::Created => "created",
        RowResult::Updated => "updated",
        RowResult::Unchanged => "unchanged",
        RowResult::Rejected(_) => "rejected",
    });
    words.collect::<Vec<_>>().join(" ")
}

async fn import_on(stage: &Stage, store: &impl Store, rows: Vec<Row>) -> Result<Import, Error> {
    let command = ImportLoads {
        asking: Asking {
            tenant: &stage.tenant,
            key: None,
            render: &|_| String::new(),
        },
        rows,
    };
    match import_loads::run(&stage.call("import"), store, command).await? {
        Answered::Fresh { it, .. } => Ok(it),
        Answered::Replayed { .. } => panic!("nothing to replay without a key"),
    }
}

async fn import(stage: &Stage, rows: Vec<Row>) -> Import {
    let done = import_on(stage, &stage.memory, rows).await;
    done.expect("imported")
}

/// The import under a request key, with an answer of more than `length` characters.
async fn keyed(
    stage: &Stage,
    asked: (Vec<Row>, &str),
    length: usize,
) -> Result<Answered<Import>, Error> {
    keyed_on(stage, &stage.memory, asked, length).await
}

async fn keyed_on(
    stage: &Stage,
    store: &impl Store,
    (rows, fingerprint): (Vec<Row>, &str),
    length: usize,
) -> Result<Answered<Import>, Error> {
    let key = RequestKey {
        digest: "key-1".to_owned(),
        fingerprint: fingerprint.to_owned(),
        expires_at: stage.clock.now().plus(std::time::Duration::from_secs(60)),
    };
    let render = |import: &Import| words(import) + &"é".repeat(length);
    let command = ImportLoads {
        asking: Asking {
            tenant: &stage.tenant,
            key: Some(&key),
            render: &render,
        },
        rows,
    };
    import_loads::run(&stage.call("import"), store, command).await
}

fn events(dump: &Dump) -> Vec<AuditEvent> {
    let events = dump.records.iter().filter_map(|record| match record {
        Record::AuditEvent(event) if event.action == "load.import" => Some((**event).clone()),
        _ => None,
    });
    events.collect()
}

#[tokio::test]
async fn a_file_may_hold_rows_of_every_kind() {
    let stage = Stage::new().await;
    stage.put_load("L-2").await;
    stage.put_load("L-3").await;
    let held = stage.create("L-3", Rail::Standard, "k").await;
    held.expect("a payout holds it");
    let bad = BadRow {
        load: None,
        problems: vec![FieldError::new("loadId", "is required")],
    };
    let mut unknown = row(&stage, "N-2", 1).expect("a row");
    unknown.driver = DriverId::parse("drv_unknown").expect("valid");
    let mut described = row(&stage, "L-3", AMOUNT).expect("a row");
    described.description = Some("same money, new text".to_owned());
    let done = import(
        &stage,
        vec![
            row(&stage, "L-1", AMOUNT),
            row(&stage, "L-2", AMOUNT + 1),
            row(&stage, "N-1", 1),
            row(&stage, "N-1", 2),
            Ok(unknown),
            Err(bad),
            Ok(described),
        ],
    )
    .await;
    assert_eq!(
        words(&done),
        "unchanged updated created rejected rejected rejected updated"
    );
    assert_eq!(stage.load("N-1").await.amount, Cents::new(1));
    assert_eq!(stage.load("L-2").await.amount, Cents::new(AMOUNT + 1));
    let again = import(&stage, vec![row(&stage, "L-3", AMOUNT + 1)]).await;
    let RowResult::Rejected(Error::Denied(Denied::LoadHeld { .. })) = &again.rows[0].result else {
        panic!("{again:?}");
    };
    assert_eq!(audit::findings(&stage.memory.dump()), []);
}

#[tokio::test]
async fn a_file_that_says_nothing_new_writes_nothing() {
    let stage = Stage::new().await;
    let first = import(&stage, rows(&stage, 230, 7)).await;
    assert!(words(&first).split(' ').all(|word| word == "created"));
    let before = stage.memory.dump();
    let again = import(&stage, rows(&stage, 230, 7)).await;
    assert!(words(&again).split(' ').all(|word| word == "unchanged"));
    assert_eq!(stage.memory.dump(), before);
    assert_eq!(audit::findings(&before), []);
}

#[tokio::test]
async fn the_audit_tells_each_row_before_and_after() {
    let stage = Stage::new().await;
    import(
        &stage,
        vec![row(&stage, "L-1", AMOUNT + 1), row(&stage, "N-1", 5)],
    )
    .await;
    let changes: BTreeMap<_, _> = events(&stage.memory.dump())
        .into_iter()
        .flat_map(|event| event.changes)
        .map(|it| (it.field, (it.before, it.after)))
        .collect();
    let revised = (
        Some("amount=45000".to_owned()),
        Some("amount=45001".to_owned()),
    );
    assert_eq!(changes["L-1"], revised);
    let driver = format!("driverId={}; driverName=John Smith", stage.driver);
    let registered = (None, Some(format!("{driver}; amount=5")));
    assert_eq!(changes["N-1"], registered);
}

#[tokio::test]
async fn the_audit_of_a_full_unit_stays_far_below_an_item() {
    let stage = Stage::new().await;
    let long = |row: Row, text: &str| {
        row.map(|asked| AskedLoad {
            description: Some(text.repeat(500)),
            metadata: Some(text.repeat(10_000)),
            ..asked
        })
    };
    for text in ["é", "è"] {
        let rows = rows(&stage, 4 * UNIT_ROWS, 7).into_iter();
        import(&stage, rows.map(|row| long(row, text)).collect()).await;
    }
    let largest = events(&stage.memory.dump())
        .iter()
        .map(|event| format!("{event:?}").len())
        .max();
    assert!(largest.is_some_and(|bytes| bytes < 250_000), "{largest:?}");
}

/// Imports 60 new loads and `L-1` at `amount`, while `L-1` becomes 9 before `times` commits.
async fn import_while_busy(stage: &Stage, amount: i64, times: u32) -> Import {
    let store = Busy::new(stage, times);
    let mut rows = rows(stage, 60, 7);
    rows.push(row(stage, "L-1", amount));
    let done = import_on(stage, &store, rows).await.expect("imported");
    assert_eq!(audit::findings(&stage.memory.dump()), []);
    done
}

#[tokio::test]
async fn a_load_that_is_revised_between_read_and_commit_is_decided_again() {
    for (amount, expected) in [(8, "updated"), (9, "unchanged")] {
        let stage = Stage::new().await;
        let done = import_while_busy(&stage, amount, 1).await;
        let words = words(&done);
        assert!(words.ends_with(expected), "{words}");
        assert_eq!(
            words.matches("created").count(),
            60,
            "the others are written"
        );
        assert_eq!(stage.load("L-1").await.amount, Cents::new(amount));
    }
}

#[tokio::test]
async fn a_load_that_never_rests_is_rejected_and_holds_up_nobody() {
    let stage = Stage::new().await;
    let done = import_while_busy(&stage, 8, 100).await;
    assert_eq!(words(&done).matches("created").count(), 60);
    let Some(RowResult::Rejected(Error::Conflict(_))) = done.rows.last().map(|it| &it.result)
    else {
        panic!("{done:?}");
    };
}

#[tokio::test]
async fn a_repeat_gets_the_same_bytes_however_large_the_answer_was() {
    for (length, parts) in [(100, 0), (300_000, 3)] {
        let stage = Stage::new().await;
        let asked = || (rows(&stage, 3, 7), "same");
        let first = keyed(&stage, asked(), length).await.expect("imported");
        let Answered::Fresh { body, .. } = first else {
            panic!("{first:?}");
        };
        let stored = stage.memory.dump().records;
        let stored = stored
            .iter()
            .filter(|it| matches!(it, Record::AnswerPart(_)));
        assert_eq!(stored.count(), parts);
        let again = keyed(&stage, asked(), length).await.expect("imported");
        assert_eq!(again, Answered::Replayed { body });
        let other = keyed(&stage, (rows(&stage, 3, 8), "other"), length).await;
        assert_eq!(other, Err(Error::KeyReused));
        assert_eq!(stage.load("I-0001").await.amount, Cents::new(7));
        stage.clock.advance_ms(60_001);
        let later = keyed(&stage, (rows(&stage, 3, 8), "other"), length).await;
        assert!(matches!(later, Ok(Answered::Fresh { .. })), "{later:?}");
    }
}

#[tokio::test]
async fn of_two_imports_at_once_the_first_answer_counts_for_both() {
    let stage = Stage::new().await;
    let store = Busy::new(&stage, 0);
    let (one, two) = tokio::join!(
        keyed_on(&stage, &store, (rows(&stage, 120, 7), "same"), 300_000),
        keyed_on(&stage, &store, (rows(&stage, 120, 7), "same"), 300_000)
    );
    let answers = [one, two].map(|answered| answered.expect("imported"));
    let bodies = answers.map(|answered| match answered {
        Answered::Fresh { body, .. } | Answered::Replayed { body } => body,
    });
    assert_eq!(bodies[0], bodies[1]);
    assert_eq!(audit::findings(&stage.memory.dump()), []);
    let (one, two) = tokio::join!(
        import_on(&stage, &store, rows(&stage, 240, 8)),
        import_on(&stage, &store, rows(&stage, 240, 8))
    );
    let words = [one, two].map(|done| words(&done.expect("imported")));
    let updated = words.map(|words| words.matches("updated").count());
    assert_eq!(updated[0] + updated[1], 120, "each load once");
    assert_eq!(audit::findings(&stage.memory.dump()), []);
}

#[tokio::test]
async fn an_import_that_breaks_off_anywhere_is_finished_by_its_repeat() {
    let stage = Stage::new().await;
    let (store, _) = stage.call_store();
    let done = import_on(&stage, store, rows(&stage, 230, 7)).await;
    done.expect("imported");
    let points = stage.points.names().len();
    assert!(points > 20, "{points}");
    for point in 0..points {
        let stage = Stage::new().await;
        let (store, _) = stage.call_store();
        stage.points.crash_at(point);
        let broken = import_on(&stage, store, rows(&stage, 230, 7)).await;
        assert!(broken.is_err(), "{:?}", stage.points.names().last());
        assert_eq!(audit::findings(&stage.memory.dump()), []);
        stage.points.revive();
        let done = import_on(&stage, store, rows(&stage, 230, 7)).await;
        let words = words(&done.expect("imported"));
        let written = words.matches("created").count() + words.matches("unchanged").count();
        assert_eq!(written, 230);
        assert_eq!(audit::findings(&stage.memory.dump()), []);
    }
}
