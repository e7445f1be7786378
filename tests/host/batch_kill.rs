//! A batch in the real process, which is killed without warning wherever it is: every line ends, and once.

use std::{collections::BTreeSet, time::Duration};

use serde_json::{Value, json};

use crate::{
    kill::{Process, the_books_are_in_order},
    stage::Call,
};

const LINES: usize = 100;
const AMOUNT: i64 = 5_000;
/// Where each process is killed.
const ENDS: [End; 10] = [
    End::Making(30),
    End::Making(150),
    End::Waiting(80),
    End::Waiting(40),
    End::Waiting(20),
    End::Waiting(0),
    End::Paid(1),
    End::Paid(20),
    End::Paid(50),
    End::Paid(80),
];
/// How long the end of a process may take to come.
const PATIENCE: Duration = Duration::from_secs(240);

#[derive(Clone, Copy)]
enum End {
    /// So many milliseconds after it is asked for the batch.
    Making(u64),
    /// Once no more lines than these wait to become payouts.
    Waiting(i64),
    /// Once so many lines of the released batch are paid.
    Paid(i64),
}

async fn put_loads(process: &Process) -> Vec<String> {
    let ids: Vec<_> = (0..LINES).map(|it| format!("K-{it}")).collect();
    let load = |id| json!({"loadId": id, "driverId": "OVN-DRIVER-789", "amount": AMOUNT});
    let loads: Vec<_> = ids.iter().map(load).collect();
    let path = "/api/v1/loads/import";
    let body = json!({ "loads": loads });
    process.try_call("POST", path, &body).await.expect("put");
    ids
}

/// Makes the batch and lets it go, as far as the process answers; its id.
async fn work(process: &Process, (loads, releases): (&[String], bool)) -> Option<String> {
    let body = json!({"name": "Weekly", "loadIds": loads});
    let made = process.try_call("POST", "/api/v1/batches", &body).await?;
    let id = made["id"].as_str().expect("an id").to_owned();
    if releases {
        let path = format!("/api/v1/batches/{id}/release");
        let released = process.try_call("POST", &path, &json!({})).await?;
        assert_eq!(released["status"], "processing");
    }
    Some(id)
}

async fn advance(process: &Process, seconds: u32) {
    let advance = Call::new("POST", "/_control/advance").json(&json!({"seconds": seconds}));
    process.sandbox(advance).await;
}

/// One life of the process, up to its end; the id of the batch, if it got so far.
async fn live(process: &Process, (loads, end): (&[String], End)) -> Option<String> {
    if let End::Making(millis) = end {
        let end = tokio::time::sleep(Duration::from_millis(millis));
        return tokio::select! {
            id = work(process, (loads, false)) => id,
            () = end => None,
        };
    }
    let is_released = matches!(end, End::Paid(_));
    let id = work(process, (loads, is_released)).await?;
    tokio::select! {
        // What another process left undone is found again as time passes.
        () = advance(process, 14_400) => {}
        () = reached(process, (&id, end)) => {}
    }
    Some(id)
}

async fn reached(process: &Process, (id, end): (&str, End)) {
    let path = format!("/api/v1/batches/{id}");
    loop {
        let read = process.try_call("GET", &path, &Value::Null).await;
        let batch = read.expect("an answer");
        let count = |name: &str| batch[name].as_i64().expect("a count");
        let is_reached = match end {
            End::Making(_) => true,
            End::Waiting(most) => count("waitingCount") <= most,
            End::Paid(least) => count("paidCount") >= least,
        };
        if is_reached {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_whose_process_is_killed_ten_times_is_paid_line_by_line_and_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let loads = put_loads(&Process::start(folder.path())).await;
    let mut ids = BTreeSet::new();
    for end in ENDS {
        let mut process = Process::start(folder.path());
        let life = live(&process, (&loads, end));
        ids.extend(tokio::time::timeout(PATIENCE, life).await.expect("an end"));
        process.child.kill().expect("killed");
    }
    let process = Process::start(folder.path());
    ids.extend(work(&process, (&loads, true)).await);

    assert_eq!(ids.len(), 1, "the same request key names the same batch");
    let id = ids.first().expect("a batch");
    advance(&process, 3_600).await;

    let read = async |path: String| {
        let read = process.try_call("GET", &path, &Value::Null).await;
        read.expect("an answer")
    };
    let batch = read(format!("/api/v1/batches/{id}")).await;
    let lines = i64::try_from(LINES).expect("few");
    let counts = ["waiting", "open", "paid", "failed", "canceled", "rejected"];
    let counted = counts.map(|name| batch[format!("{name}Count")].as_i64());
    assert_eq!(counted, [0, 0, lines, 0, 0, 0].map(Some), "{batch}");
    assert_eq!(batch["amounts"]["paid"], lines * AMOUNT);
    assert_eq!(batch["amounts"]["waiting"], 0);
    assert_eq!(batch["status"], "completed");
    let balance = read("/api/v1/balance".to_owned()).await;
    assert_eq!(balance["pending"], 0, "{balance}");
    assert_eq!(balance["available"], 5_000_000 - lines * AMOUNT);

    let mut payouts = BTreeSet::new();
    for page in 1..=2 {
        let page = read(format!(
            "/api/v1/batches/{id}/payouts?pageSize=50&page={page}"
        ))
        .await;
        for line in page["items"].as_array().expect("items") {
            assert_eq!(line["status"], "completed", "{line}");
            payouts.insert(line["id"].to_string());
        }
    }
    assert_eq!(payouts.len(), LINES);
    let rows = process
        .sandbox(Call::new("GET", "/_control/payments"))
        .await;
    let rows = rows.as_array().expect("a list").iter();
    let paid: Vec<_> = rows.filter(|row| row["paid"] == true).collect();
    let distinct: BTreeSet<_> = paid
        .iter()
        .map(|row| row["reference"].to_string())
        .collect();
    assert_eq!(
        (paid.len(), distinct.len()),
        (LINES, LINES),
        "one paid movement a line"
    );
    drop(process);
    the_books_are_in_order(folder.path(), LINES);
}
