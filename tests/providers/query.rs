//! The query table and the table of reads after a process call, row by row.

use app::port::Lookup;
use domain::{
    answer::{Answer, Standing},
    attempt::Attempt,
    attempt_machine::{AttemptEvent, AttemptState},
    resolution::{Asked, Step},
    time::Timestamp,
};

use crate::stage::{
    Act, REFERENCE, attempt, create, fixture, holding, invoice_with, object, printed, process,
    proves, read, row, unclear,
};

async fn found(status: u16, body: &str) -> Answer {
    read(Act::Say(status, body.to_owned()), Lookup::Reference).await
}

async fn shown(status: u16, body: &str) -> Answer {
    read(Act::Say(status, body.to_owned()), Lookup::Object(object())).await
}

fn unknown_learns(answer: &Answer) -> Step {
    proves(&attempt(AttemptState::Unknown), Asked::Read, answer).step
}

#[tokio::test]
async fn exactly_one_matching_row_exists() {
    for body in [row(&fixture("created.json")), fixture("created.json")] {
        assert_eq!(
            unknown_learns(&found(200, &body).await),
            Step::Attempt(AttemptEvent::Created)
        );
    }
}

#[tokio::test]
async fn one_row_that_differs_goes_to_review() {
    let answer = found(200, &row(&invoice_with("amount", "11"))).await;
    assert_eq!(
        unknown_learns(&answer),
        Step::Attempt(AttemptEvent::Mismatch)
    );
}

#[tokio::test]
async fn an_empty_list_is_one_absence() {
    for body in [
        r#"{"data":[]}"#,
        r#"{"meta":{"count":0},"data":[]}"#,
        r#"{"meta":[],"data":[]}"#,
    ] {
        let answer = found(200, body).await;
        assert_eq!(answer, Answer::Absent, "{body}");
        assert_eq!(unknown_learns(&answer), Step::AbsentOnce);
    }
}

#[tokio::test]
async fn a_list_without_a_row_that_counts_some_or_names_an_error_is_no_absence() {
    for body in [
        r#"{"meta":{"count":1},"data":[]}"#,
        r#"{"errors":[{"status":"Not Found","code":"404"}],"data":[]}"#,
    ] {
        assert_eq!(found(200, body).await, unclear("body_unreadable"), "{body}");
    }
}

/// What stands between us and a provider writes when it cannot reach it.
pub(crate) const FOREIGN: [&str; 4] = [
    "",
    "<html><body><h1>404 Not Found</h1></body></html>",
    r#"{"message":"not found"}"#,
    r#"{"status":404,"error":"Not Found","path":"/"}"#,
];

#[tokio::test]
async fn a_404_that_is_not_payelatas_own_says_nothing_of_any_call() {
    let foreign = unclear("status_404_foreign");
    for body in FOREIGN {
        let shown = shown(404, body).await;
        assert_eq!(shown, foreign, "{body}");
        for state in [AttemptState::Submitted, AttemptState::Paid] {
            let verdict = proves(&holding(state), Asked::Read, &shown);
            assert_eq!(verdict.step, Step::Nothing, "{body}");
        }
        assert_eq!(found(404, body).await, foreign, "{body}");
        let said = || Act::Say(404, body.to_owned());
        assert_eq!(process(said()).await, foreign, "{body}");
        assert_eq!(create(said()).await, foreign, "{body}");
    }
    let cut = b"HTTP/1.1 404 Not Found\r\ncontent-length: 99\r\n\r\n{\"err".to_vec();
    assert_eq!(read(Act::Raw(cut), Lookup::Object(object())).await, foreign);
}

#[tokio::test]
async fn payelatas_own_404_to_a_search_speaks_of_the_address_and_proves_nothing() {
    let answer = found(404, &fixture("error_404.json")).await;
    assert_eq!(answer, unclear("status_404_search"));
    assert_eq!(unknown_learns(&answer), Step::Nothing);
}

#[tokio::test]
async fn a_second_absence_30_seconds_later_repeats_the_same_reference() {
    let answer = found(200, "{\"data\":[]}").await;
    let absent_before = Attempt {
        absences: 1,
        absent_at: Some(Timestamp::from_millis(170_000)),
        ..attempt(AttemptState::Unknown)
    };
    assert_eq!(
        proves(&absent_before, Asked::Read, &answer).step,
        Step::Attempt(AttemptEvent::Repeat)
    );
}

#[tokio::test]
async fn more_than_one_row_goes_to_review() {
    let answer = found(200, &printed("list.json")).await;
    match &answer {
        Answer::Exists { object, seen } => {
            assert_eq!(object.as_str(), "cpoi_S1zoJnT8x4iZ4oPr");
            assert_eq!(seen.status, "duplicate_reference");
            assert_eq!(seen.standing, Standing::NeedsReview);
        }
        other => panic!("expected an object, got {other:?}"),
    }
    assert_eq!(
        unknown_learns(&answer),
        Step::Attempt(AttemptEvent::Mismatch)
    );
}

#[tokio::test]
async fn of_several_rows_the_one_with_our_reference_is_shown() {
    let second = "a5c22bfb-04c1-4dbf-8b46-9753bf1f6570";
    let list = printed("list.json").replace(second, REFERENCE);
    match found(200, &list).await {
        Answer::Exists { object, .. } => assert_eq!(object.as_str(), "cpoi_O2aH69xK7mgwZUK1"),
        other => panic!("expected an object, got {other:?}"),
    }
}

#[tokio::test]
async fn any_other_status_of_a_read_says_nothing_about_the_payout() {
    for status in [
        201, 204, 301, 400, 401, 403, 405, 408, 409, 422, 425, 429, 500, 502, 503, 504,
    ] {
        let cause = unclear(&format!("http_{status}"));
        let body = if status == 204 { "" } else { "{\"data\":[]}" };
        let by_reference = found(status, body).await;
        assert_eq!(by_reference, cause);
        assert_eq!(unknown_learns(&by_reference), Step::Nothing);
        assert_eq!(shown(status, body).await, cause);
    }
}

#[tokio::test]
async fn an_unreadable_answer_to_a_read_is_neither_presence_nor_absence() {
    for body in [
        "",
        "<html>",
        "{}",
        "null",
        "[]",
        "{\"data\":null}",
        "{\"data\":{}}",
        "{\"data\":[{}]}",
        "{\"data\":[null]}",
        "{\"data\":[]",
        "{\"data\":[]} trailing",
        "{\"data\":[],\"data\":[]}",
    ] {
        let answer = found(200, body).await;
        assert_eq!(answer, unclear("body_unreadable"), "{body}");
        assert_eq!(unknown_learns(&answer), Step::Nothing);
        assert_eq!(shown(200, body).await, unclear("body_unreadable"), "{body}");
    }
}

#[tokio::test]
async fn an_object_read_by_its_id_shows_its_status() {
    let answer = shown(200, &fixture("processed.json")).await;
    let submitted = holding(AttemptState::Submitted);
    assert_eq!(
        proves(&submitted, Asked::Read, &answer).step,
        Step::Attempt(AttemptEvent::Paid)
    );
}

#[tokio::test]
async fn an_answer_about_another_object_is_no_news() {
    let body = invoice_with("id", "\"cpoi_AAAAbbbbCCCCdddd\"");
    assert_eq!(shown(200, &body).await, unclear("another_object"));
}

#[tokio::test]
async fn older_news_is_no_news() {
    let answer = shown(200, &fixture("processed.json")).await;
    let newer = Attempt {
        object_updated: 1_597_835_934,
        ..holding(AttemptState::Submitted)
    };
    assert_eq!(proves(&newer, Asked::Read, &answer).step, Step::Nothing);
}

#[tokio::test]
async fn payelatas_own_404_for_an_object_we_hold_goes_to_review_the_third_time() {
    let answer = shown(404, &fixture("error_404.json")).await;
    let held = holding(AttemptState::Submitted);
    let verdict = proves(&held, Asked::Read, &answer);
    assert_eq!(verdict.step, Step::AbsentOnce);
    let gone_twice = Attempt {
        absences: 2,
        ..held
    };
    let verdict = proves(&gone_twice, Asked::Read, &answer);
    assert_eq!(verdict.step, Step::Attempt(AttemptEvent::Mismatch));
    assert_eq!(verdict.reason.as_deref(), Some("object_vanished"));
}

#[tokio::test]
async fn an_object_still_created_after_a_process_call_is_processed_again() {
    let answer = shown(200, &fixture("created.json")).await;
    assert_eq!(
        proves(&holding(AttemptState::Submitted), Asked::Read, &answer).step,
        Step::Attempt(AttemptEvent::Reprocess)
    );
}

#[tokio::test]
async fn whatever_a_process_call_answers_leads_to_a_read() {
    for status in [
        200, 202, 301, 400, 401, 403, 404, 405, 409, 422, 429, 500, 503,
    ] {
        let answer = process(Act::Say(status, fixture("error_401.json"))).await;
        match answer {
            Answer::Unclear { .. } => {}
            other => panic!("{status} must prove nothing, got {other:?}"),
        }
        let sending = holding(AttemptState::ProcessSending);
        assert_eq!(
            proves(&sending, Asked::Process, &answer).step,
            Step::Attempt(AttemptEvent::ProcessDone),
            "{status}"
        );
    }
    let accepted = process(Act::Say(200, fixture("process_accepted.json"))).await;
    assert!(matches!(accepted, Answer::Exists { .. }), "{accepted:?}");
}
