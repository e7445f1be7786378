//! The engine in a file: what was committed is there afterwards, however the process ended.

use std::{fs, path::Path, time::Instant};

use app::{changes::Changes, port::Store, record::Key, record::Record};
use domain::ledger::Account::{Available, Pending};
use local::engine::Engine;

use crate::{fixtures::*, stores::over};

fn open(path: &Path) -> Engine {
    Engine::on_file(path).expect("opens")
}

#[tokio::test]
async fn a_table_that_is_opened_again_holds_what_it_held() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("table.db");
    insert(&over(&open(&path)), api_key("k1", 1)).await;
    let found = stored(&over(&open(&path)), Key::ApiKey("k1".to_owned())).await;
    assert_eq!(found, Some(api_key("k1", 1)));
}

#[tokio::test]
async fn a_committed_unit_survives_a_killed_process() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("table.db");
    let store = over(&open(&path));
    fund(&store, 1_000).await;
    // What a killed process leaves: the files as they are, nothing closed, nothing flushed.
    let left = tempfile::tempdir().expect("a folder");
    for file in ["table.db", "table.db-wal"] {
        fs::copy(folder.path().join(file), left.path().join(file)).expect("copied");
    }
    let revived = over(&open(&left.path().join("table.db")));
    let figures = revived.balances(&tenant()).await.expect("reachable");
    assert_eq!(figures.available.get(), 1_000);
}

#[tokio::test]
async fn tools_reach_the_same_table_over_loopback() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let address = listener.local_addr().expect("bound");
    let engine = Engine::in_memory().expect("opens");
    engine.create_table().expect("a table");
    engine.create_table().expect("made once, asked for twice");
    tokio::spawn(engine.serve_aws(listener));
    let mut socket = tokio::net::TcpStream::connect(address)
        .await
        .expect("listens");
    let request = b"GET / HTTP/1.1\r\nhost: local\r\nconnection: close\r\n\r\n";
    socket.write_all(request).await.expect("sent");
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.expect("answered");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// A settlement as it is written: nine writes.
fn settlement(name: &str) -> Changes {
    let (payout, _) = booked(name, name);
    let load = domain::load::Load {
        id: format!("L-{name}").parse().expect("valid"),
        ..load()
    };
    Changes::new("settle", name.to_owned())
        .insert(Record::Payout(Box::new(payout)))
        .insert(Record::Attempt(Box::new(attempt(name, Some(at(1))))))
        .insert(Record::Load(Box::new(load)))
        .insert(Record::Outbox(Box::new(outbox_entry(7, at(number(name))))))
        .forget(Some(Key::ApiKey(name.to_owned())))
        .insert(api_key(&format!("x{name}"), 1))
        .record(transition(name, 1, legs(&[(Available, -1), (Pending, 1)])))
}

fn number(name: &str) -> i64 {
    name.parse().expect("a number")
}

#[tokio::test]
#[ignore = "prints figures; run it alone, with --nocapture and --release"]
#[expect(
    clippy::disallowed_methods,
    reason = "a measurement reads the real clock"
)]
async fn the_time_of_a_unit_of_nine_writes() {
    let folder = tempfile::tempdir().expect("a folder");
    let stores = [
        ("engine in memory", Engine::in_memory().expect("opens")),
        ("engine in a file", open(&folder.path().join("table.db"))),
    ];
    for (name, engine) in stores {
        let store = over(&engine);
        fund(&store, 1_000_000).await;
        for round in 0..3 {
            let begin = Instant::now();
            for n in 0..1_000 {
                let unit = settlement(&format!("{}", round * 1_000 + n));
                assert_eq!(unit.clone().into_writes().len(), 9);
                assert_eq!(store.commit(unit).await, Ok(()));
            }
            let micros = begin.elapsed().as_micros() / 1_000;
            let begin = Instant::now();
            for n in 0..1_000 {
                stored(&store, Key::Payout(tenant(), payout_id(&n.to_string()))).await;
            }
            let read = begin.elapsed().as_micros() / 1_000;
            println!("{name}: {micros} us a unit of nine, {read} us a read of one");
        }
    }
}
