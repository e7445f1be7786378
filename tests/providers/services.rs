//! The list of services and one service, over the private API; and invoices as the public one shows them.

use std::time::Duration;

use domain::{
    answer::Standing,
    ids::{Mode, ProviderId},
    money::Cents,
    time::Timestamp,
};
use platform::{
    pace::Pace,
    provider::{
        http::Http,
        payelata::{
            Payelata,
            public::{PublicInvoice, PublicReading},
        },
    },
};
use serde_json::{Value, json};

use crate::{
    accounts::public,
    stage::{Act, OBJECT, REFERENCE, Twin, object, printed, settings},
};

const ID: &str = "comcpos_RHUGUgEnmmedR7h3";

fn adapter(twin: &Twin) -> Payelata {
    let settings = settings(&format!("http://{}/api", twin.host));
    Payelata::new(settings, Http::new(Pace::real()).expect("a client")).expect("valid settings")
}

fn at(seconds: u64) -> Timestamp {
    Timestamp::default().plus(Duration::from_secs(seconds))
}

fn line(twin: &Twin, number: usize) -> String {
    let requests = twin.requests();
    requests[number].lines().next().expect("a line").to_owned()
}

/// The printed list as the page `page` of `pages`.
fn page(page: u64, pages: u64, change: impl FnOnce(&mut Value)) -> String {
    let mut list: Value = serde_json::from_str(&printed("services.json")).expect("JSON");
    list["meta"] = json!({"total": 168, "pages": pages, "page": page});
    if page == pages {
        list["links"].as_object_mut().expect("links").remove("next");
    }
    change(&mut list);
    list.to_string()
}

#[tokio::test]
async fn the_list_is_read_page_by_page_and_kept_for_ten_minutes() {
    let pages = [page(1, 2, |_| ()), page(2, 2, |_| ()), page(1, 1, |_| ())];
    let acts = pages.map(|body| Act::Say(200, body)).to_vec();
    let twin = Twin::acting_in_turn(acts).await;
    let adapter = adapter(&twin);
    let services = adapter.services(at(0)).await.expect("read");
    assert_eq!(services.len(), 4);
    let first = &services[0];
    assert_eq!(
        (first.id.as_str(), first.service.as_str()),
        (ID, "swift_jpy")
    );
    assert_eq!(first.amount_max.to_string(), "999999");
    assert_eq!(services[1].amount_min.to_string(), "0.01");
    assert!(!first.is_usable(Mode::Test), "it is not active");
    assert_eq!(
        line(&twin, 0),
        "GET /api/payout-services?page%5Bnumber%5D=1&page%5Bsize%5D=50 HTTP/1.1"
    );
    assert_eq!(
        line(&twin, 1),
        "GET /api/payout-services?page%5Bnumber%5D=2&page%5Bsize%5D=50 HTTP/1.1"
    );
    assert_eq!(adapter.services(at(599)).await.expect("kept").len(), 4);
    // One of them needs no call of its own.
    let one = adapter.service(ID, at(599)).await.expect("kept");
    assert_eq!(one.as_ref(), Some(first));
    assert_eq!(twin.requests().len(), 2);
    assert_eq!(adapter.services(at(600)).await.expect("read").len(), 2);
    assert_eq!(twin.requests().len(), 3);
}

#[tokio::test]
async fn a_service_can_be_used_when_it_is_available_active_enabled_and_of_the_mode() {
    let with = |member: &'static str, value: bool| {
        page(1, 1, move |list| {
            let attributes = &mut list["data"][0]["attributes"];
            attributes["active"] = json!(true);
            attributes[member] = json!(value);
        })
    };
    for (member, value, usable) in [
        ("active", true, true),
        ("active", false, false),
        ("available", false, false),
        ("enabled", false, false),
        ("test_mode", false, false),
    ] {
        let twin = Twin::acting(Act::Say(200, with(member, value))).await;
        let services = adapter(&twin).services(at(0)).await.expect("read");
        assert_eq!(services[0].is_usable(Mode::Test), usable, "{member}");
    }
}

#[tokio::test]
async fn a_list_that_cannot_be_read_whole_is_none_and_is_not_asked_for_again_at_once() {
    let changed = |member: &'static str, value: Value| {
        page(1, 1, move |list| {
            list["data"][1]["attributes"][member] = value;
        })
    };
    let rows = [
        (changed("amount_min", json!("little")), "body_unreadable"),
        (changed("fee_rate", json!(null)), "body_unreadable"),
        (changed("active", json!("yes")), "body_unreadable"),
        (
            page(1, 1, |list| list["data"][0]["id"] = json!("../x")),
            "body_unreadable",
        ),
        (
            page(1, 1, |list| list["data"][0]["type"] = json!("x")),
            "body_unreadable",
        ),
        (
            page(1, 1, |list| list["meta"] = json!({})),
            "body_unreadable",
        ),
        (page(2, 9, |_| ()), "other_page"),
        ("<html>".to_owned(), "body_unreadable"),
        ("x".repeat(300 * 1024), "body_too_large"),
    ];
    for (body, cause) in rows {
        let twin = Twin::acting(Act::Say(200, body)).await;
        let adapter = adapter(&twin);
        for seconds in [0, 29] {
            let answer = adapter.services(at(seconds)).await;
            assert_eq!(answer, Err(cause.to_owned()));
        }
        assert_eq!(twin.requests().len(), 1);
    }
    let twin = Twin::acting(Act::Say(503, String::new())).await;
    let answer = adapter(&twin).services(at(0)).await;
    assert_eq!(answer, Err("http_503".to_owned()));
}

#[tokio::test]
async fn a_list_without_end_is_broken_off() {
    let pages = (1..=30).map(|number| Act::Say(200, page(number, 99, |_| ())));
    let twin = Twin::acting_in_turn(pages.collect()).await;
    let answer = adapter(&twin).services(at(0)).await;
    assert_eq!(answer, Err("too_many_pages".to_owned()));
    assert_eq!(twin.requests().len(), 20);
}

#[tokio::test]
async fn one_service_is_read_by_its_id_and_kept() {
    let twin = Twin::acting(Act::Say(200, printed("service.json"))).await;
    let adapter = adapter(&twin);
    for seconds in [0, 599] {
        let found = adapter.service(ID, at(seconds)).await.expect("read");
        assert_eq!(found.expect("a service").currency, "GBP");
    }
    assert_eq!(twin.requests().len(), 1);
    assert_eq!(
        line(&twin, 0),
        format!("GET /api/payout-services/{ID} HTTP/1.1")
    );
    assert!(twin.request().contains("authorization: Basic "));
    let other = adapter.service("comcpos_giKmqeYwcuWV4QSt", at(0)).await;
    assert_eq!(other, Err("another_object".to_owned()));
    for id in ["", "comcpos_", "comcpos_../../x", "swift_jpy"] {
        let answer = adapter.service(id, at(0)).await;
        assert_eq!(answer, Err("not_a_service_id".to_owned()), "{id}");
    }
    assert_eq!(twin.requests().len(), 2);
}

#[tokio::test]
async fn a_service_that_does_not_exist_is_none() {
    let twin = Twin::acting(Act::Say(404, printed("error_404.json"))).await;
    assert_eq!(adapter(&twin).service(ID, at(0)).await, Ok(None));
}

async fn read(act: Act) -> PublicReading {
    let twin = Twin::acting(act).await;
    public(&twin, Pace::real()).invoice(&object()).await
}

fn shown(reading: PublicReading) -> Vec<PublicInvoice> {
    match reading {
        PublicReading::Shown(invoices) => invoices,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_public_api_is_asked_with_the_public_key_and_shows_figures() {
    let twin = Twin::acting(Act::Say(200, printed("public_invoice.json"))).await;
    let public = public(&twin, Pace::real());
    let invoices = shown(public.invoice(&object()).await);
    assert_eq!(invoices.len(), 1);
    assert_eq!(invoices[0].standing, Standing::Paid);
    assert_eq!(invoices[0].processed_amount, Some(Cents::new(1_000)));
    assert_eq!(invoices[0].service, "card");
    shown(public.invoices_of(&REFERENCE.parse().expect("valid")).await);
    assert_eq!(
        line(&twin, 0),
        format!(
            "GET /public-api/payout-invoices/{OBJECT}?public_key=pk_test_EXAMPLEKEY0001 HTTP/1.1"
        )
    );
    assert_eq!(
        line(&twin, 1),
        format!(
            "GET /public-api/payout-invoices?filter%5Breference_id%5D={REFERENCE}&public_key=pk_test_EXAMPLEKEY0001 HTTP/1.1"
        )
    );
    assert!(!twin.requests().concat().contains("authorization"));
}

#[tokio::test]
async fn an_absent_public_invoice_and_an_empty_list_are_nothing() {
    assert_eq!(
        read(Act::Say(404, String::new())).await,
        PublicReading::Nothing
    );
    let empty = Act::Say(200, r#"{"data":[]}"#.to_owned());
    assert_eq!(read(empty).await, PublicReading::Nothing);
}

#[tokio::test]
async fn a_public_invoice_that_is_odd_proves_nothing() {
    let with = |member: &str, value: Value| {
        let mut invoice: Value =
            serde_json::from_str(&printed("public_invoice.json")).expect("JSON");
        invoice["data"][member] = value;
        invoice.to_string()
    };
    let rows = [
        (with("test_mode", json!(false)), "other_mode"),
        (with("id", json!("cpoi_AAAAbbbbCCCCdddd")), "another_object"),
        (with("id", json!("x")), "body_unreadable"),
        (with("status", json!("")), "body_unreadable"),
        (with("status", json!(null)), "body_unreadable"),
        (with("created", json!("now")), "body_unreadable"),
        (with("created", json!(i64::MAX)), "body_unreadable"),
        ("[]".to_owned(), "body_unreadable"),
        ("<html>".to_owned(), "body_unreadable"),
    ];
    for (body, cause) in rows {
        let reading = read(Act::Say(200, body.clone())).await;
        assert_eq!(reading, PublicReading::Failed(cause.to_owned()), "{body}");
    }
    for status in [401, 403, 429, 500] {
        let reading = read(Act::Say(status, String::new())).await;
        assert_eq!(reading, PublicReading::Failed(format!("http_{status}")));
    }
    // A figure that is not exact is absent, and an unknown word is one.
    let inexact = shown(read(Act::Say(200, with("amount", json!(1.005)))).await);
    assert_eq!(inexact[0].amount, None);
    let strange = shown(read(Act::Say(200, with("status", json!("teleported")))).await);
    assert_eq!(strange[0].standing, Standing::Unrecognised);
    let twin = Twin::acting(Act::Hang).await;
    let elsewhere = ProviderId::parse("elsewhere").expect("an id");
    let refused = public(&twin, Pace::real()).invoice(&elsewhere).await;
    assert_eq!(
        refused,
        PublicReading::Failed("not_an_invoice_id".to_owned())
    );
    assert_eq!(twin.connections(), 0);
}
