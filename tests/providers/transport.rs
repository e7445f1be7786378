//! Calls that end without a usable answer. Only a connection that was never made proves anything.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use app::port::{Lookup, Providers};
use domain::{
    answer::Answer,
    attempt_machine::{AttemptEvent, AttemptState},
    driver::MethodKind,
    resolution::{Asked, Step},
};
use platform::{pace::Pace, provider::http::BODY_MAX};
use tokio::sync::Notify;

use crate::stage::{
    Act, CARD, Twin, attempt, create, fixture, holding, object, process, proves, read, send,
    unclear,
};

/// The answers of create, process and read to the same act.
async fn answers(act: Act) -> [Answer; 3] {
    [
        create(act.clone()).await,
        process(act.clone()).await,
        read(act, Lookup::Object(object())).await,
    ]
}

fn assert_proves_nothing(answers: &[Answer; 3], cause: &str) {
    for answer in answers {
        assert_eq!(*answer, unclear(cause));
    }
    assert_eq!(
        proves(&attempt(AttemptState::Sending), Asked::Create, &answers[0]).step,
        Step::Attempt(AttemptEvent::Lost)
    );
}

#[tokio::test]
async fn a_reset_after_the_request_was_sent_is_unclear() {
    assert_proves_nothing(&answers(Act::Reset).await, "connection_lost");
}

#[tokio::test]
async fn a_connection_closed_without_an_answer_is_unclear() {
    assert_proves_nothing(&answers(Act::Raw(Vec::new())).await, "connection_lost");
}

#[tokio::test]
async fn a_kept_connection_that_breaks_under_the_next_call_is_unclear() {
    let twin = Twin::acting_in_turn(vec![Act::Say(200, fixture("created.json")), Act::Reset]).await;
    let provider = twin.provider();
    let submitted = holding(AttemptState::Submitted);
    let first = provider.read(&submitted, &Lookup::Object(object())).await;
    assert!(matches!(first, Answer::Exists { .. }), "{first:?}");
    let second = send(
        &provider,
        &attempt(AttemptState::Sending),
        MethodKind::Card,
        CARD,
    )
    .await;
    assert_eq!(second, unclear("connection_lost"));
    assert_eq!(twin.connections(), 1, "the kept connection was used");
    assert_eq!(twin.requests().len(), 2, "the create was sent exactly once");
}

#[tokio::test]
async fn an_answer_that_is_not_http_is_unclear() {
    let garbage = b"\x15\x03\x01\x00\x02\x02\x46 what is this".to_vec();
    assert_proves_nothing(&answers(Act::Raw(garbage)).await, "connection_lost");
}

#[tokio::test]
async fn a_truncated_body_is_unclear() {
    let body = fixture("created.json");
    let half = &body[..body.len() / 2];
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{half}",
        body.len()
    );
    assert_proves_nothing(&answers(Act::Raw(head.into_bytes())).await, "body_cut");
}

#[tokio::test]
async fn a_page_instead_of_json_is_unclear() {
    let html = "<html><body>Just a moment</body></html>".to_owned();
    assert_proves_nothing(&answers(Act::Say(200, html)).await, "body_unreadable");
}

#[tokio::test]
async fn a_body_of_the_limit_is_read_and_one_byte_more_is_unclear() {
    let body = fixture("created.json");
    let full = format!("{body}{}", " ".repeat(BODY_MAX - body.len()));
    let more = format!("{full} ");
    let answer = create(Act::Say(201, full)).await;
    assert!(matches!(answer, Answer::Exists { .. }), "{answer:?}");
    assert_proves_nothing(&answers(Act::Say(200, more)).await, "body_too_large");
}

#[tokio::test]
async fn an_endless_body_is_left_at_the_limit() {
    let mut chunks = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    for _ in 0..64 {
        chunks.extend_from_slice(b"10000\r\n");
        chunks.extend(std::iter::repeat_n(b' ', 0x10000));
        chunks.extend_from_slice(b"\r\n");
    }
    assert_proves_nothing(&answers(Act::Raw(chunks)).await, "body_too_large");
}

/// A pace whose waits end when `over` is notified, and the waits that were asked for.
fn moved_by(over: Arc<Notify>) -> (Pace, Arc<Mutex<Vec<Duration>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&asked);
    let pace = Pace::by(Arc::new(move |time| {
        log.lock().expect("not poisoned").push(time);
        let over = Arc::clone(&over);
        Box::pin(async move { over.notified().await })
    }));
    (pace, asked)
}

#[tokio::test]
async fn create_and_process_wait_25_seconds_and_a_read_10_of_the_given_clock() {
    let twin = Twin::acting(Act::Hang).await;
    // The clock jumps as soon as a request has arrived.
    let (pace, asked) = moved_by(Arc::clone(&twin.arrived));
    let provider = twin.provider_at(pace);
    let sending = attempt(AttemptState::Sending);
    let timeout = unclear("timeout");
    assert_eq!(provider.call_budget(), Duration::from_secs(25));
    assert_eq!(
        send(&provider, &sending, MethodKind::Card, CARD).await,
        timeout
    );
    assert_eq!(provider.process(&sending, &object()).await, timeout);
    assert_eq!(provider.read(&sending, &Lookup::Reference).await, timeout);
    assert_eq!(
        *asked.lock().expect("not poisoned"),
        [25, 25, 10].map(Duration::from_secs)
    );
    assert_eq!(
        proves(&sending, Asked::Create, &timeout).step,
        Step::Attempt(AttemptEvent::Lost)
    );
}

#[tokio::test]
async fn a_body_that_never_ends_is_unclear_at_the_deadline() {
    let head = "HTTP/1.1 201 Created\r\ncontent-length: 99\r\n\r\n{\"data\"";
    let twin = Twin::acting(Act::Begin(head.to_owned())).await;
    let (pace, _) = moved_by(Arc::clone(&twin.arrived));
    let answer = send(
        &twin.provider_at(pace),
        &attempt(AttemptState::Sending),
        MethodKind::Card,
        CARD,
    )
    .await;
    assert_eq!(answer, unclear("timeout"));
}
