//! The exact bytes of every request.

use app::port::{Lookup, Providers};
use domain::{
    attempt::Attempt, attempt_machine::AttemptState, driver::MethodKind, ids::ProviderId,
    money::Cents,
};

use platform::pace::Pace;

use crate::stage::{
    Act, BANK, CARD, OBJECT, Twin, attempt, fixture, holding, object, printed, provider, send,
};

/// A request as a fixture writes it: line feeds in the head, placeholders, a newline at the end.
pub(crate) fn assert_request(twin: &Twin, name: &str) {
    let text = printed(name)
        .replace("{host}", &twin.host)
        .replace("{version}", env!("CARGO_PKG_VERSION"));
    let (head, body) = text.split_once("\n\n").expect("a head");
    let expected = format!(
        "{}\r\n\r\n{}",
        head.replace('\n', "\r\n"),
        body.trim_end_matches('\n')
    );
    assert_eq!(twin.request(), expected, "{name}");
}

async fn created_by(attempt: &Attempt, method: MethodKind, account: &str) -> Twin {
    let twin = Twin::acting(Act::Say(201, fixture("created.json"))).await;
    send(&twin.provider(), attempt, method, account).await;
    twin
}

#[tokio::test]
async fn a_card_create_is_sent_as_documented() {
    let twin = created_by(&attempt(AttemptState::Sending), MethodKind::Card, CARD).await;
    assert_request(&twin, "create_card.http");
}

#[tokio::test]
async fn a_bank_create_is_sent_as_documented() {
    let bank = Attempt {
        net: Cents::new(44_750),
        ..attempt(AttemptState::Sending)
    };
    let twin = created_by(&bank, MethodKind::BankAccount, BANK).await;
    assert_request(&twin, "create_bank.http");
}

#[tokio::test]
async fn every_amount_is_an_exact_token() {
    for (minor, token) in [
        (1, "0.01"),
        (10, "0.1"),
        (29, "0.29"),
        (100_000_000, "1000000"),
        (123_456_789, "1234567.89"),
    ] {
        let exact = Attempt {
            net: Cents::new(minor),
            ..attempt(AttemptState::Sending)
        };
        let twin = created_by(&exact, MethodKind::Card, CARD).await;
        let wanted = format!("\"amount\":{token},");
        assert!(twin.request().contains(&wanted), "{token}");
    }
}

#[tokio::test]
async fn a_process_call_has_an_empty_body() {
    let twin = Twin::acting(Act::Say(200, fixture("process_accepted.json"))).await;
    twin.provider()
        .process(&holding(AttemptState::ProcessSending), &object())
        .await;
    assert_request(&twin, "process.http");
}

#[tokio::test]
async fn a_read_by_object_names_it_in_the_path() {
    let twin = Twin::acting(Act::Say(200, fixture("processed.json"))).await;
    twin.provider()
        .read(&holding(AttemptState::Submitted), &Lookup::Object(object()))
        .await;
    assert_request(&twin, "read_object.http");
}

#[tokio::test]
async fn a_read_by_reference_encodes_the_filter() {
    let twin = Twin::acting(Act::Say(200, "{\"data\":[]}".to_owned())).await;
    twin.provider()
        .read(&attempt(AttemptState::Unknown), &Lookup::Reference)
        .await;
    assert_request(&twin, "read_reference.http");
}

#[tokio::test]
async fn the_base_address_may_have_no_path_or_end_with_a_slash() {
    for (base, path) in [
        ("", "/payout-invoices/"),
        ("/", "/payout-invoices/"),
        ("/a/b/", "/a/b/payout-invoices/"),
    ] {
        let twin = Twin::acting(Act::Say(404, String::new())).await;
        let address = format!("http://{}{base}", twin.host);
        provider(&address, Pace::real())
            .read(&holding(AttemptState::Submitted), &Lookup::Object(object()))
            .await;
        let wanted = format!("GET {path}{OBJECT} HTTP/1.1\r\n");
        assert!(twin.request().starts_with(&wanted), "{}", twin.request());
    }
}

#[tokio::test]
async fn an_object_id_cannot_reach_another_path() {
    let twin = Twin::acting(Act::Say(404, String::new())).await;
    let dots = ProviderId::parse("..").expect("allowed characters");
    twin.provider()
        .read(&attempt(AttemptState::Unknown), &Lookup::Object(dots))
        .await;
    assert!(twin.requests().is_empty());
}

#[tokio::test]
async fn a_connection_is_used_again_for_the_next_call() {
    let twin = Twin::acting(Act::Say(200, fixture("created.json"))).await;
    let provider = twin.provider();
    for _ in 0..3 {
        provider
            .read(&holding(AttemptState::Submitted), &Lookup::Object(object()))
            .await;
    }
    assert_eq!(twin.requests().len(), 3);
    assert_eq!(twin.connections(), 1);
}
