//! The engine in a file: what was committed is there afterwards, however the process ended.

use std::{fs, path::Path};

use app::{port::Store, record::Key};
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
