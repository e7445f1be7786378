//! Clients without manners: they neither stop the clock nor get an answer that is not ours.

use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::stage::{Call, Stage, http_client, send};

async fn connect(url: &str) -> TcpStream {
    let address = url.strip_prefix("http://").expect("an http address");
    TcpStream::connect(address).await.expect("connected")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_never_ends_does_not_stop_the_clock() {
    let stage = Stage::new().await;
    let mut stalled = connect(&stage.host.ready.api).await;
    let head = format!(
        "POST /api/v1/payouts HTTP/1.1\r\nhost: local\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\ncontent-length: 100\r\n\r\n{{",
        stage.key()
    );
    stalled.write_all(head.as_bytes()).await.expect("sent");
    let moved = tokio::time::timeout(std::time::Duration::from_secs(5), stage.advance(60)).await;
    assert!(moved.is_ok(), "the clock moves while a client stalls");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_breaks_off_is_a_400_in_the_envelope() {
    let stage = Stage::new().await;
    let mut broken = connect(&stage.host.ready.api).await;
    let request = "POST /api/v1/payouts HTTP/1.1\r\nhost: local\r\nconnection: close\r\n\
                   content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nZZ\r\n";
    broken.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    broken.read_to_string(&mut answer).await.expect("answered");
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    assert!(answer.contains("VALIDATION_ERROR"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sandbox_control_names_what_it_does_not_know() {
    let stage = Stage::new().await;
    let http = http_client();
    let cases = [
        (
            "POST",
            "/_control/advance",
            json!({"seconds": 1, "secnds": 5}),
            400,
            "secnds",
        ),
        (
            "POST",
            "/_control/advance",
            json!({"seconds": "1"}),
            400,
            "seconds",
        ),
        (
            "POST",
            "/_control/advance",
            json!({"seconds": -1}),
            400,
            "seconds",
        ),
        ("POST", "/_control/reset", json!({"all": true}), 400, "all"),
        (
            "POST",
            "/_control/faults",
            json!({"provider": "nobody"}),
            400,
            "provider",
        ),
        ("GET", "/_control/advance", json!({}), 405, "method"),
        ("POST", "/_control/nothing", json!({}), 404, "control"),
    ];
    for (method, path, body, status, named) in cases {
        let call = Call::new(method, path).json(&body);
        let answer = send(&http, &stage.host.ready.sandbox, call).await;
        assert_eq!(answer.status, status, "{path} {body}: {}", answer.text);
        let error = answer.body["error"].as_str().unwrap_or_default();
        assert!(error.contains(named), "{path} {body}: {error}");
    }
}
