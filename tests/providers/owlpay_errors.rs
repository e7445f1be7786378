//! The errors of OwlPay: whose fault they are, and what a 404 says, call by call.

use app::port::{Lookup, Providers};
use domain::{
    answer::{Answer, Refusal},
    attempt::Attempt,
    attempt_machine::{AttemptEvent, AttemptState},
    resolution::{Asked, Step},
    routing::StopReason,
};

use crate::{
    owlpay::{ORDER, attempt, enveloped, order, order_id, proves, provider, read, said},
    query::FOREIGN,
    stage::{self, Act, Twin, unclear},
};

#[tokio::test]
async fn a_400_402_or_404_is_a_doubt_that_absences_prove() {
    for (status, body, reason) in [
        (
            400,
            r#"{"type":"invalid_request_error"}"#,
            "http_400_invalid_request_error",
        ),
        (402, "", "http_402"),
        (
            400,
            r#"{"error":{"type":"order_error"},"status":400}"#,
            "http_400_order_error",
        ),
        (
            402,
            r#"{"type":"order_transfer_error","message":"m"}"#,
            "http_402_order_transfer_error",
        ),
        (
            404,
            r#"{"error":{"type":"data_not_found"}}"#,
            "http_404_data_not_found",
        ),
    ] {
        let by = Refusal::Input;
        let reason = reason.to_owned();
        assert_eq!(said(status, body).await, Answer::Doubted { by, reason });
    }
}

/// Errors that an operator has to put right at OwlPay: nothing about the data of any payout.
const OF_OUR_ACCOUNT: [&str; 5] = [
    "2fa_error",
    "2fa_recovery_code_exist",
    "2fa_recovery_code_incorrect",
    "unauthorized",
    "guard_auth_forbidden",
];

/// The shapes that an error of this type may have.
fn errors(word: &str) -> [String; 3] {
    [
        format!(r#"{{"error":{{"type":"{word}","code":null,"message":"m"}},"status":400}}"#),
        format!(r#"{{"type":"{word}","message":"m"}}"#),
        format!(r#"{{"error":{{"type":"order_error","code":"{word}"}}}}"#),
    ]
}

#[tokio::test]
async fn an_account_that_needs_an_operator_stops_the_route_and_never_fails_a_payout() {
    for word in OF_OUR_ACCOUNT {
        for status in [400, 402] {
            for body in errors(word) {
                let answer = said(status, &body).await;
                let by = Refusal::Credentials;
                let reason = format!("http_{status}_{word}");
                assert_eq!(answer, Answer::Doubted { by, reason }, "{body}");
                // Two absences: the same serial again, and the route stops.
                let doubted = Attempt {
                    doubt: Some(by),
                    absences: 1,
                    absent_at: Some(domain::time::Timestamp::from_millis(170_000)),
                    ..attempt(AttemptState::Unknown)
                };
                let verdict = stage::proves(&doubted, Asked::Read, &Answer::Absent);
                assert_eq!(verdict.step, Step::Attempt(AttemptEvent::Repeat), "{word}");
                assert_eq!(verdict.stop, Some(StopReason::Credentials), "{word}");
            }
        }
    }
}

#[tokio::test]
async fn an_account_that_needs_an_operator_ends_neither_a_release_nor_a_cancellation() {
    for word in OF_OUR_ACCOUNT.into_iter().chain(["data_is_lock"]) {
        for status in [400, 402] {
            for body in errors(word) {
                let cause = unclear(&format!("http_{status}_{word}"));
                let twin = Twin::acting(Act::Say(status, body.clone())).await;
                let sent = attempt(AttemptState::ProcessSending);
                let released = provider(&twin).process(&sent, &order_id()).await;
                assert_eq!(released, cause, "{body}");
                let canceled = provider(&twin).cancel(&sent, &order_id()).await;
                assert_eq!(canceled, cause, "{body}");
            }
        }
    }
}

#[tokio::test]
async fn an_error_that_passes_is_no_refusal_of_an_order() {
    for word in [
        "rate_limit",
        "data_is_lock",
        "unknowns_error",
        "server_error",
        "invite_fail",
    ] {
        for status in [400, 402] {
            let body = format!(r#"{{"error":{{"type":"{word}"}},"status":{status}}}"#);
            let answer = said(status, &body).await;
            assert_eq!(answer, unclear(&format!("http_{status}_{word}")));
            let verdict = proves(AttemptState::Sending, Asked::Create, &answer);
            assert_eq!(verdict.step, Step::Attempt(AttemptEvent::Lost), "{word}");
            assert_eq!(verdict.doubt, None, "{word}");
        }
    }
}

#[tokio::test]
async fn a_401_or_403_is_a_doubt_about_our_credentials_and_stops_nothing_yet() {
    for status in [401, 403] {
        let answer = said(status, "{}").await;
        let by = Refusal::Credentials;
        let reason = format!("http_{status}");
        assert_eq!(answer, Answer::Doubted { by, reason });
        let verdict = proves(AttemptState::Sending, Asked::Create, &answer);
        assert_eq!(verdict.step, Step::Attempt(AttemptEvent::Lost));
        assert_eq!(verdict.stop, None);
    }
}

#[tokio::test]
async fn a_throttled_or_locked_400_is_no_refusal() {
    for word in ["rate_limit", "data_is_lock"] {
        let body = format!("{{\"error\":{{\"code\":\"{word}\"}}}}");
        let cause = unclear(&format!("http_400_{word}"));
        assert_eq!(said(400, &body).await, cause);
    }
}

#[tokio::test]
async fn an_order_is_absent_when_owlpay_itself_says_so_of_its_id_and_any_other_404_says_nothing() {
    let own = r#"{"error":{"type":"data_not_found","code":null,"message":"m"},"status":404}"#;
    let flat = r#"{"type":"data_not_found","message":"m"}"#;
    let by_id = |status, body: &str| {
        let act = Act::Say(status, body.to_owned());
        read(vec![act], Lookup::Object(order_id()))
    };
    let by_serial =
        |status, body: &str| read(vec![Act::Say(status, body.to_owned())], Lookup::Reference);
    for body in [own, flat] {
        assert_eq!(by_id(404, body).await, Answer::Absent, "{body}");
        assert_eq!(by_serial(404, body).await, unclear("status_404_search"));
    }
    assert_eq!(by_id(200, own).await, Answer::Absent);
    assert_eq!(by_serial(200, own).await, unclear("body_status_404"));
    for body in FOREIGN
        .into_iter()
        .chain([r#"{"error":{"type":"order_error"},"status":404}"#])
    {
        let foreign = unclear("status_404_foreign");
        let shown = by_id(404, body).await;
        assert_eq!(shown, foreign, "{body}");
        for state in [AttemptState::Submitted, AttemptState::Paid] {
            let held = Attempt {
                object: Some(order_id()),
                ..attempt(state)
            };
            let verdict = stage::proves(&held, Asked::Read, &shown);
            assert_eq!(verdict.step, Step::Nothing, "{body}");
        }
        assert_eq!(by_serial(404, body).await, foreign, "{body}");
        assert_eq!(said(404, body).await, foreign, "{body}");
        let twin = Twin::acting(Act::Say(404, body.to_owned())).await;
        let sent = attempt(AttemptState::ProcessSending);
        let released = provider(&twin).process(&sent, &order_id()).await;
        assert_eq!(released, foreign, "{body}");
        let canceled = provider(&twin).cancel(&sent, &order_id()).await;
        assert_eq!(canceled, foreign, "{body}");
    }
    for lookup in [Lookup::Reference, Lookup::Object(order_id())] {
        let read =
            |status, body: &str| read(vec![Act::Say(status, body.to_owned())], lookup.clone());
        let hidden = read(200, "{\"status\":404}").await;
        assert_eq!(hidden, unclear("body_status_404"));
        for status in [400, 401, 403, 429, 500] {
            assert_eq!(read(status, "").await, unclear(&format!("http_{status}")));
        }
        assert_eq!(
            read(200, "{\"status\":500}").await,
            unclear("body_status_500")
        );
    }
}

#[tokio::test]
async fn an_order_is_canceled_by_its_id_and_only_owlpays_own_no_ends_it() {
    let canceled = enveloped(&format!(
        "[{}]",
        order("\"status\":\"platform.order_cancelled\"")
    ));
    let refused = |reason: &str| Answer::Refused {
        by: Refusal::Input,
        reason: reason.to_owned(),
    };
    for (act, expected) in [
        (Act::Say(200, canceled), Answer::Taken),
        (Act::Say(400, String::new()), refused("http_400")),
        (Act::Say(402, String::new()), refused("http_402")),
        (
            Act::Say(404, r#"{"type":"data_not_found"}"#.to_owned()),
            refused("http_404_data_not_found"),
        ),
        (Act::Say(404, String::new()), unclear("status_404_foreign")),
        (Act::Say(409, String::new()), refused("http_409")),
        (
            Act::Say(402, r#"{"type":"data_is_lock"}"#.to_owned()),
            unclear("http_402_data_is_lock"),
        ),
        (
            Act::Say(200, r#"{"status":402}"#.to_owned()),
            unclear("body_status_402"),
        ),
        (Act::Say(401, String::new()), unclear("http_401")),
        (Act::Say(429, String::new()), unclear("http_429")),
        (Act::Say(500, String::new()), unclear("http_500")),
        (Act::Reset, unclear("connection_lost")),
    ] {
        let twin = Twin::acting(act.clone()).await;
        let attempt = attempt(AttemptState::Submitted);
        let answer = provider(&twin).cancel(&attempt, &order_id()).await;
        assert_eq!(answer, expected, "{act:?}");
        let request = twin.request();
        let (head, body) = request.split_once("\r\n\r\n").expect("head and body");
        assert!(head.starts_with("PUT /api/v1/platform/tunnel/orders/cancel HTTP/1.1"));
        assert_eq!(body, format!("{{\"order_uuids\":[\"{ORDER}\"]}}"));
    }
}
