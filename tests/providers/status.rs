//! The status map, row by row, from the wire to what it proves.

use app::port::Lookup;
use domain::{
    answer::Answer,
    attempt_machine::{AttemptEvent, AttemptState},
    resolution::{Asked, LateNews, Step, Verdict, late_news},
};

use crate::stage::{Act, fixture, holding, object, proves, read};

/// What the printed paid invoice proves to an attempt in `state`, with another status word.
async fn proven(state: AttemptState, body: String) -> Verdict {
    let answer = read(Act::Say(200, body), Lookup::Object(object())).await;
    assert!(matches!(answer, Answer::Exists { .. }), "{answer:?}");
    proves(&holding(state), Asked::Read, &answer)
}

fn worded(word: &str) -> String {
    fixture("processed.json").replace("\"processed\",", &format!("\"{word}\","))
}

fn unpaid(word: &str) -> String {
    worded(word)
        .replace("\"processed\": 1597835933", "\"processed\": null")
        .replace("\"processed_amount\": 10", "\"processed_amount\": null")
}

const WATCHED: AttemptState = AttemptState::Submitted;

#[tokio::test]
async fn created_is_inert() {
    // 200 seconds after the process call, so it is processed again.
    let verdict = proven(WATCHED, unpaid("created")).await;
    assert_eq!(verdict.step, Step::Attempt(AttemptEvent::Reprocess));
}

#[tokio::test]
async fn processing_pending_and_error_are_in_flight() {
    for word in ["processing", "process_pending", "process_error"] {
        let verdict = proven(WATCHED, unpaid(word)).await;
        assert_eq!(
            verdict.step,
            Step::Attempt(AttemptEvent::InFlight),
            "{word}"
        );
        assert_eq!(verdict.reason, None, "{word}");
    }
}

#[tokio::test]
async fn processed_is_paid_only_when_the_processed_amount_is_ours() {
    let verdict = proven(WATCHED, worded("processed")).await;
    assert_eq!(verdict.step, Step::Attempt(AttemptEvent::Paid));
    for amount in ["9.99", "10.005", "null", "\"ten\""] {
        let body = worded("processed").replace(
            "\"processed_amount\": 10",
            &format!("\"processed_amount\": {amount}"),
        );
        let verdict = proven(WATCHED, body).await;
        assert_eq!(
            verdict.step,
            Step::Attempt(AttemptEvent::Mismatch),
            "{amount}"
        );
        assert_eq!(verdict.reason.as_deref(), Some("processed_amount_differs"));
    }
}

#[tokio::test]
async fn partial_and_refused_ends_go_to_review() {
    for word in [
        "partially_processed",
        "partially_refunded",
        "partially_canceled",
        "cancel_failed",
        "refund_failed",
    ] {
        let verdict = proven(WATCHED, worded(word)).await;
        assert_eq!(
            verdict.step,
            Step::Attempt(AttemptEvent::Mismatch),
            "{word}"
        );
        assert_eq!(verdict.reason.as_deref(), Some(word));
    }
}

#[tokio::test]
async fn failed_expired_and_terminated_are_dead() {
    for word in ["process_failed", "expired", "terminated"] {
        let verdict = proven(WATCHED, unpaid(word)).await;
        assert_eq!(
            verdict.step,
            Step::Attempt(AttemptEvent::FinalNegative),
            "{word}"
        );
        assert_eq!(verdict.reason.as_deref(), Some(word));
    }
}

#[tokio::test]
async fn a_cancellation_or_refund_under_way_is_in_flight() {
    for word in [
        "canceling",
        "cancel_pending",
        "cancel_error",
        "refunding",
        "refund_pending",
    ] {
        let verdict = proven(WATCHED, worded(word)).await;
        assert_eq!(
            verdict.step,
            Step::Attempt(AttemptEvent::InFlight),
            "{word}"
        );
    }
}

#[tokio::test]
async fn canceled_and_refunded_are_dead_before_payment_and_a_return_after_it() {
    for word in ["canceled", "refunded"] {
        let before = proven(WATCHED, unpaid(word)).await;
        assert_eq!(before.step, Step::Attempt(AttemptEvent::FinalNegative));
        let unseen = proven(WATCHED, worded(word)).await;
        assert_eq!(unseen.step, Step::PaidThenReturned, "{word}");
        let answer = read(Act::Say(200, worded(word)), Lookup::Object(object())).await;
        let paid = holding(AttemptState::Paid);
        let after = late_news(&paid, &answer, paid.created_at);
        assert_eq!(after, LateNews::Returned, "{word}");
    }
}

#[tokio::test]
async fn either_a_time_or_a_figure_says_that_money_had_left() {
    let time_only =
        worded("canceled").replace("\"processed_amount\": 10", "\"processed_amount\": null");
    let figure_only =
        worded("canceled").replace("\"processed\": 1597835933", "\"processed\": null");
    for body in [time_only, figure_only] {
        let verdict = proven(WATCHED, body).await;
        assert_eq!(verdict.step, Step::PaidThenReturned);
    }
    let zero = unpaid("canceled").replace("\"processed_amount\": null", "\"processed_amount\": 0");
    assert_eq!(
        proven(WATCHED, zero).await.step,
        Step::Attempt(AttemptEvent::FinalNegative)
    );
}

/// Figures that are there and that nobody can read as an exact amount of money that was paid.
const UNREADABLE: [&str; 7] = [
    "447.505",
    "-10",
    "\"ten\"",
    "\"\"",
    "true",
    "[10]",
    "{\"amount\":10}",
];

fn processed_amount(body: &str, figure: &str) -> String {
    let member = "\"processed_amount\": ";
    let [ten, null] = ["10", "null"].map(|known| body.contains(&format!("{member}{known},")));
    assert!(ten || null, "{body}");
    let known = if ten { "10" } else { "null" };
    body.replace(&format!("{member}{known}"), &format!("{member}{figure}"))
}

#[tokio::test]
async fn an_end_without_payment_whose_figure_cannot_be_read_is_for_people() {
    for word in ["process_failed", "expired", "terminated"] {
        for figure in UNREADABLE.into_iter().chain(["10", "5", "20", "0.01"]) {
            let verdict = proven(WATCHED, processed_amount(&unpaid(word), figure)).await;
            let review = Step::Attempt(AttemptEvent::Mismatch);
            assert_eq!(verdict.step, review, "{word} {figure}");
            assert_eq!(verdict.reason.as_deref(), Some("processed_amount_differs"));
        }
        let marked = worded(word).replace("\"processed_amount\": 10", "\"processed_amount\": null");
        let verdict = proven(WATCHED, marked).await;
        assert_eq!(
            verdict.step,
            Step::Attempt(AttemptEvent::Mismatch),
            "{word}"
        );
        for nothing in ["0", "\"0.00\"", "null"] {
            let verdict = proven(WATCHED, processed_amount(&unpaid(word), nothing)).await;
            let dead = Step::Attempt(AttemptEvent::FinalNegative);
            assert_eq!(verdict.step, dead, "{word} {nothing}");
        }
    }
}

#[tokio::test]
async fn a_figure_that_is_left_out_is_the_same_as_null() {
    let without = unpaid("process_failed")
        .replace("\"processed_amount\": null,", "")
        .replace("\"processed\": null,", "");
    let verdict = proven(WATCHED, without).await;
    assert_eq!(verdict.step, Step::Attempt(AttemptEvent::FinalNegative));
}

#[tokio::test]
async fn a_return_whose_figure_does_not_fit_is_for_people_before_and_after_payment() {
    for word in ["canceled", "refunded"] {
        for figure in UNREADABLE.into_iter().chain(["5", "20", "0"]) {
            for state in [WATCHED, AttemptState::Paid] {
                let verdict = proven(state, processed_amount(&worded(word), figure)).await;
                let review = Step::Attempt(AttemptEvent::Mismatch);
                assert_eq!(verdict.step, review, "{word} {figure} {state:?}");
                assert_eq!(verdict.reason.as_deref(), Some("processed_amount_differs"));
            }
        }
    }
}

#[tokio::test]
async fn an_invoice_that_waits_for_us_and_may_have_paid_is_never_processed() {
    for figure in UNREADABLE.into_iter().chain(["10", "0.01"]) {
        let verdict = proven(WATCHED, processed_amount(&unpaid("created"), figure)).await;
        let review = Step::Attempt(AttemptEvent::Mismatch);
        assert_eq!(verdict.step, review, "{figure}");
    }
    let marked = worded("created");
    assert_eq!(
        proven(WATCHED, marked).await.step,
        Step::Attempt(AttemptEvent::Mismatch)
    );
}

#[tokio::test]
async fn every_other_figure_that_cannot_be_read_differs() {
    for (member, reason) in [
        ("amount", "amount_differs"),
        ("payout_amount", "payout_amount_differs"),
        ("service_payout_amount", "service_amount_differs"),
    ] {
        for figure in UNREADABLE.into_iter().chain(["null"]) {
            for word in ["processed", "process_failed", "canceled"] {
                let known = format!("\"{member}\": 10");
                let body = worded(word).replacen(&known, &format!("\"{member}\": {figure}"), 1);
                let verdict = proven(WATCHED, body).await;
                let review = Step::Attempt(AttemptEvent::Mismatch);
                assert_eq!(verdict.step, review, "{member} {figure} {word}");
                assert_eq!(verdict.reason.as_deref(), Some(reason), "{figure} {word}");
            }
        }
    }
}

#[tokio::test]
async fn a_word_nobody_knows_is_in_flight_and_noticed() {
    let verdict = proven(WATCHED, unpaid("settling")).await;
    assert_eq!(verdict.step, Step::Attempt(AttemptEvent::InFlight));
    assert_eq!(verdict.reason.as_deref(), Some("unrecognised_status"));
}
