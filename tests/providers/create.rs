//! The create table, row by row.

use domain::{
    answer::{Answer, Refusal, Standing},
    attempt_machine::{AttemptEvent, AttemptState},
    resolution::{Asked, Step, Verdict},
    routing::StopReason,
};
use platform::pace::Pace;

use crate::stage::{
    Act, CARD, attempt, create, fixture, invoice_with, object, proves, provider, row, send, unclear,
};

fn verdict(answer: &Answer) -> Verdict {
    proves(&attempt(AttemptState::Sending), Asked::Create, answer)
}

fn event(answer: &Answer) -> AttemptEvent {
    match verdict(answer).step {
        Step::Attempt(event) => event,
        other => panic!("expected an event, got {other:?}"),
    }
}

fn standing(answer: &Answer) -> Standing {
    match answer {
        Answer::Exists { object: id, seen } => {
            assert_eq!(*id, object());
            seen.standing
        }
        other => panic!("expected an object, got {other:?}"),
    }
}

async fn said(status: u16, body: &str) -> Answer {
    create(Act::Say(status, body.to_owned())).await
}

#[tokio::test]
async fn a_refused_connection_was_not_sent_and_the_attempt_stays_prepared() {
    let port = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.local_addr().expect("bound").port()
    };
    let closed = provider(&format!("http://127.0.0.1:{port}/api"), Pace::real());
    let answer = send(
        &closed,
        &attempt(AttemptState::Sending),
        domain::driver::MethodKind::Card,
        CARD,
    )
    .await;
    let cause = "connect_failed".to_owned();
    assert_eq!(answer, Answer::NotSent { cause });
    assert_eq!(event(&answer), AttemptEvent::NotSent);
}

#[tokio::test]
async fn a_201_or_200_that_matches_created_an_inert_object() {
    for status in [201, 200] {
        let answer = said(status, &fixture("created.json")).await;
        assert_eq!(standing(&answer), Standing::Inert, "{status}");
        assert_eq!(event(&answer), AttemptEvent::Created, "{status}");
    }
}

#[tokio::test]
async fn a_2xx_whose_body_is_unreadable_is_unclear() {
    for (member, value) in [
        ("id", "\"12345678\""),
        ("id", "null"),
        ("status", "null"),
        ("updated", "\"1597835735\""),
        ("reference_id", "null"),
        ("type", "\"customers\""),
        ("status", "\"created\",\n\"status\": \"processed\""),
    ] {
        let answer = said(201, &invoice_with(member, value)).await;
        assert_eq!(answer, unclear("body_unreadable"), "{member} {value}");
        assert_eq!(event(&answer), AttemptEvent::Lost);
    }
    for body in ["", "{}", "[]", "null", "{\"data\":[]}", "{\"data\":{}}"] {
        assert_eq!(said(200, body).await, unclear("body_unreadable"), "{body}");
    }
    assert_eq!(
        said(202, &fixture("created.json")).await,
        unclear("http_202")
    );
    assert_eq!(said(204, "").await, unclear("http_204"));
}

#[tokio::test]
async fn a_2xx_whose_figures_differ_goes_to_review() {
    for (member, value, reason) in [
        ("reference_id", "\"pay_7Q2-a02\"", "reference_differs"),
        ("currency", "\"EUR\"", "currency_differs"),
        ("test_mode", "false", "mode_differs"),
        ("test_mode", "null", "mode_differs"),
        ("amount", "10.01", "amount_differs"),
        ("amount", "10.001", "amount_differs"),
        ("amount", "null", "amount_differs"),
        ("payout_amount", "9.5", "payout_amount_differs"),
        ("service_currency", "\"EUR\"", "service_currency_differs"),
        ("service_payout_amount", "9.5", "service_amount_differs"),
    ] {
        let answer = said(201, &invoice_with(member, value)).await;
        let verdict = verdict(&answer);
        assert_eq!(verdict.step, Step::Attempt(AttemptEvent::Mismatch));
        assert_eq!(verdict.reason.as_deref(), Some(reason), "{member} {value}");
    }
}

#[tokio::test]
async fn an_amount_in_any_exact_spelling_matches() {
    for amount in ["10", "10.00", "1e1", "\"10.00\""] {
        let answer = said(201, &invoice_with("amount", amount)).await;
        assert_eq!(event(&answer), AttemptEvent::Created, "{amount}");
    }
}

#[tokio::test]
async fn empty_metadata_may_be_a_list() {
    let text = fixture("created.json").replace("\"key\": \"value\"", "");
    let start = text.find("\"metadata\": {").expect("metadata");
    let end = start + text[start..].find('}').expect("its end");
    let body = format!("{}\"metadata\": []{}", &text[..start], &text[end + 1..]);
    assert_eq!(event(&said(201, &body).await), AttemptEvent::Created);
}

#[tokio::test]
async fn a_409_with_our_invoice_was_created_before() {
    let document = fixture("created.json");
    let errors = r#""errors":[{"status":"Conflict","code":"409"}]"#;
    let beside = document.replacen('{', &format!("{{{errors},"), 1);
    let nested_list = format!("{{\"errors\":[{document}]}}");
    let nested_map = format!("{{\"errors\":{document}}}");
    for body in [
        document.clone(),
        beside,
        row(&document),
        nested_list,
        nested_map,
    ] {
        let answer = said(409, &body).await;
        assert_eq!(standing(&answer), Standing::Inert, "{body}");
        assert_eq!(event(&answer), AttemptEvent::Created, "{body}");
    }
}

#[tokio::test]
async fn a_409_with_another_amount_goes_to_review() {
    let answer = said(409, &invoice_with("amount", "11")).await;
    assert_eq!(event(&answer), AttemptEvent::Mismatch);
}

#[tokio::test]
async fn a_409_without_a_readable_invoice_is_unclear() {
    let printed = r#"{"errors":[{"status":"Conflict","code":"409"}]}"#;
    for body in [
        printed,
        "",
        "{}",
        "{\"data\":[]}",
        "{\"errors\":{\"reference_id\":\"x\"}}",
    ] {
        let answer = said(409, body).await;
        assert_eq!(answer, unclear("http_409"), "{body}");
        assert_eq!(event(&answer), AttemptEvent::Lost);
    }
}

#[tokio::test]
async fn a_401_or_403_created_nothing_and_stops_the_route() {
    for status in [401, 403] {
        let answer = said(status, &fixture("error_401.json")).await;
        let reason = format!("http_{status}");
        let by = Refusal::Credentials;
        assert_eq!(answer, Answer::Refused { by, reason });
        let verdict = verdict(&answer);
        assert_eq!(verdict.step, Step::Attempt(AttemptEvent::RefusedUs));
        assert_eq!(verdict.stop, Some(StopReason::Credentials));
    }
}

#[tokio::test]
async fn a_405_created_nothing_ends_the_attempt_and_stops_the_route() {
    let answer = said(405, &fixture("error_405.json")).await;
    let verdict = verdict(&answer);
    assert_eq!(verdict.step, Step::Attempt(AttemptEvent::Rejected));
    assert_eq!(verdict.stop, Some(StopReason::IntegrationDefect));
}

#[tokio::test]
async fn a_422_created_nothing_and_names_the_fields() {
    let by = Refusal::Input;
    for (body, reason) in [
        (fixture("error_422.json"), "amount"),
        (
            r#"{"errors":{"service":"x","amount":{"min":"0.01"}}}"#.to_owned(),
            "amount,service",
        ),
        (fixture("error_404.json"), "http_422"),
        ("<html>".to_owned(), "http_422"),
    ] {
        let answer = said(422, &body).await;
        let reason = reason.to_owned();
        assert_eq!(answer, Answer::Refused { by, reason });
        assert_eq!(event(&answer), AttemptEvent::Rejected);
    }
}

#[tokio::test]
async fn a_422_whose_body_was_cut_still_created_nothing() {
    let cut = b"HTTP/1.1 422 Unprocessable\r\ncontent-length: 99\r\n\r\n{\"err".to_vec();
    let answer = create(Act::Raw(cut)).await;
    assert_eq!(event(&answer), AttemptEvent::Rejected);
}

#[tokio::test]
async fn a_400_is_unclear() {
    let answer = said(400, &fixture("error_404.json")).await;
    assert_eq!(answer, unclear("http_400"));
    assert_eq!(event(&answer), AttemptEvent::Lost);
}

#[tokio::test]
async fn a_404_and_every_other_4xx_are_unclear() {
    for status in [402, 404, 406, 408, 410, 413, 415, 418, 425, 429, 451] {
        let answer = said(status, &fixture("error_404.json")).await;
        assert_eq!(answer, unclear(&format!("http_{status}")));
        assert_eq!(event(&answer), AttemptEvent::Lost);
    }
}

#[tokio::test]
async fn a_5xx_is_unclear_whatever_its_body_says() {
    for status in [500, 501, 502, 503, 504, 520, 599] {
        for body in [fixture("error_500.json"), fixture("created.json")] {
            let answer = said(status, &body).await;
            assert_eq!(answer, unclear(&format!("http_{status}")));
            assert_eq!(event(&answer), AttemptEvent::Lost);
        }
    }
}

#[tokio::test]
async fn a_redirect_is_unclear_and_not_followed() {
    for status in [300, 301, 302, 303, 307, 308] {
        let answer = said(status, "").await;
        assert_eq!(answer, unclear(&format!("http_{status}")));
        assert_eq!(event(&answer), AttemptEvent::Lost);
    }
}
