//! Orders that are refused on this side, before anything is sent.

use domain::{
    answer::{Answer, Refusal},
    attempt_machine::{AttemptEvent, AttemptState},
    driver::MethodKind,
    resolution::{Asked, Step},
};

use crate::stage::{Act, BANK, CARD, Twin, attempt, proves, send};

async fn refused_with(method: MethodKind, account: &str, reason: &str) {
    let twin = Twin::acting(Act::Hang).await;
    let sending = attempt(AttemptState::Sending);
    let answer = send(&twin.provider(), &sending, method, account).await;
    let by = Refusal::Input;
    let expected = Answer::Refused {
        by,
        reason: reason.to_owned(),
    };
    assert_eq!(answer, expected);
    assert_eq!(
        proves(&sending, Asked::Create, &answer).step,
        Step::Attempt(AttemptEvent::Rejected)
    );
    assert!(twin.requests().is_empty(), "nothing was sent");
}

#[tokio::test]
async fn an_account_of_another_kind_than_the_order_is_not_sent() {
    refused_with(MethodKind::Card, BANK, "account_unreadable").await;
    refused_with(MethodKind::BankAccount, CARD, "account_unreadable").await;
    let wrong_kind = CARD.replace("\"card\"", "\"prepaid_card\"");
    refused_with(MethodKind::Card, &wrong_kind, "account_unreadable").await;
}

#[tokio::test]
async fn an_account_that_is_not_json_is_not_sent() {
    for account in ["", "{}", "5123817234060000", "null"] {
        refused_with(MethodKind::Card, account, "account_unreadable").await;
    }
}
