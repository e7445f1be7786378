//! A stand-in for the Lambda Runtime API that has one event to give.

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use tokio::{net::TcpListener, sync::Notify};

/// The id of the one invocation.
pub(crate) const REQUEST_ID: &str = "8476a536-e9f4-11e8-9739-2dfe598c3fcd";

pub(crate) struct RuntimeApi {
    /// Host and port.
    pub(crate) address: String,
    desk: Arc<Desk>,
}

#[derive(Default)]
struct Desk {
    event: Mutex<Option<String>>,
    answer: Mutex<Option<Value>>,
    answered: Notify,
}

impl RuntimeApi {
    pub(crate) async fn serve(event: String) -> Self {
        let desk = Arc::new(Desk {
            event: Mutex::new(Some(event)),
            ..Desk::default()
        });
        let invocation = format!("/2018-06-01/runtime/invocation/{REQUEST_ID}");
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route(&format!("{invocation}/response"), post(answered))
            .route(&format!("{invocation}/error"), post(failed))
            .route("/2018-06-01/runtime/init/error", post(failed))
            .with_state(Arc::clone(&desk));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, desk }
    }

    /// What the function answered, or `{"failed": ...}` when its invocation failed.
    pub(crate) async fn answer(&self) -> Value {
        self.desk.answered.notified().await;
        let answer = self.desk.answer.lock().expect("whole").take();
        answer.expect("an answer was noted before it was announced")
    }
}

async fn next(State(desk): State<Arc<Desk>>) -> Response {
    let event = desk.event.lock().expect("whole").take();
    let Some(event) = event else {
        // An idle function waits here until Lambda freezes it; this one until it is ended.
        return std::future::pending().await;
    };
    let arn = "arn:aws:lambda:us-east-1:123456789012:function:ovn-pay";
    let headers = [
        ("content-type", "application/json"),
        ("lambda-runtime-aws-request-id", REQUEST_ID),
        ("lambda-runtime-deadline-ms", "4102444800000"),
        ("lambda-runtime-invoked-function-arn", arn),
        (
            "lambda-runtime-trace-id",
            "Root=1-697deec0-0123456789abcdef01234567",
        ),
    ];
    (headers, event).into_response()
}

async fn answered(State(desk): State<Arc<Desk>>, body: Bytes) -> StatusCode {
    note(&desk, read(&body));
    StatusCode::ACCEPTED
}

async fn failed(State(desk): State<Arc<Desk>>, body: Bytes) -> StatusCode {
    note(&desk, json!({ "failed": read(&body) }));
    StatusCode::ACCEPTED
}

fn read(body: &Bytes) -> Value {
    serde_json::from_slice(body).unwrap_or_else(|_| String::from_utf8_lossy(body).into())
}

fn note(desk: &Desk, answer: Value) {
    *desk.answer.lock().expect("whole") = Some(answer);
    desk.answered.notify_one();
}
