//! OwlPay's list of orders: the span, its pages, and what is not a list.

use app::port::{ListAsk, Listing, Providers};
use domain::{answer::Standing, ids::Mode, money::Cents, routing::Provider};

use crate::{
    owlpay::{order, provider},
    stage::{Act, Twin},
};

const NOON: &str = "\"created_at\":\"2026-01-31T12:00:00+00:00\"";

fn page(rows: &[String], number: u32, pages: u32) -> Act {
    let rows = rows.join(",");
    let links = r#"{"next":"http://inside.example/orders?page=2"}"#;
    Act::Say(
        200,
        format!(
            r#"{{"data":[{rows}],"status":200,"pagination":{{"total":9,"count":1,"perPage":50,"currentPage":{number},"totalPages":{pages},"links":{links}}}}}"#
        ),
    )
}

async fn listed(twin: &Twin, mode: Mode, after: Option<&str>) -> Listing {
    let at = |text: &str| text.parse().expect("a time");
    let ask = ListAsk {
        provider: Provider::Owlpay,
        mode,
        made: (at("2026-01-31T00:00:00Z"), at("2026-02-01T00:00:00Z")),
        after,
    };
    provider(twin).list(ask).await
}

async fn said(act: Act) -> Listing {
    let twin = Twin::acting_in_turn(vec![act]).await;
    listed(&twin, Mode::Test, None).await
}

fn failed(cause: &str) -> Listing {
    Listing::Failed(cause.to_owned())
}

#[tokio::test]
async fn orders_of_a_span_are_read_page_by_page_and_links_are_not_followed() {
    let rows = [order(NOON)];
    let twin = Twin::acting_in_turn(vec![page(&rows, 1, 2), page(&rows, 2, 2)]).await;
    let Listing::Page { objects, next } = listed(&twin, Mode::Test, None).await else {
        panic!("a page");
    };
    assert_eq!(next.as_deref(), Some("2"));
    assert_eq!(objects[0].created_at.to_string(), "2026-01-31T12:00:00Z");
    assert_eq!(objects[0].seen.standing, Standing::Inert);
    assert_eq!(objects[0].seen.facts.amount, Some(Cents::new(1_000)));
    let Listing::Page { next, .. } = listed(&twin, Mode::Test, next.as_deref()).await else {
        panic!("a page");
    };
    assert_eq!(next, None);
    let requests = twin.requests();
    let line = |at: usize| requests[at].lines().next().expect("a line").to_owned();
    let asked = |number: u32| {
        format!(
            "GET /api/v1/platform/tunnel/orders?page={number}&limit=50&during_created_at=2026-01-31T00%3A00%3A00%2C2026-02-01T00%3A00%3A00 HTTP/1.1"
        )
    };
    assert_eq!((line(0), line(1)), (asked(1), asked(2)));
}

#[tokio::test]
async fn an_order_whose_payment_only_its_reconciliation_tells_is_listed_as_that_tells() {
    let end = format!(
        r#"{NOON},"status":"bank.transfer_end","order_transfer_uuid":"otr_LgURkR4yTufr2j5fyW2WMGH""#
    );
    let told = r#"{"data":{"status":"payout_finish"},"status":200}"#;
    let acts = vec![page(&[order(&end)], 1, 1), Act::Say(200, told.to_owned())];
    let twin = Twin::acting_in_turn(acts).await;
    let Listing::Page { objects, .. } = listed(&twin, Mode::Test, None).await else {
        panic!("a page");
    };
    assert_eq!(objects[0].seen.standing, Standing::Paid);
    assert_eq!(twin.requests().len(), 2);
}

#[tokio::test]
async fn a_row_outside_the_span_means_that_the_list_says_nothing() {
    let old = order(r#""created_at":"2026-01-30T23:59:59+00:00""#);
    let listing = said(page(&[order(NOON), old], 1, 1)).await;
    assert_eq!(listing, failed("filter_not_obeyed"));
}

#[tokio::test]
async fn a_list_that_cannot_be_read_whole_is_no_list() {
    let unreadable = [
        page(&[order("")], 1, 1),
        page(&[order(&format!("{NOON},\"status\":7"))], 1, 1),
        page(&[order(NOON)], 2, 2),
        Act::Say(200, r#"{"data":[],"status":200}"#.to_owned()),
        Act::Say(200, "<html>".to_owned()),
    ];
    for act in unreadable {
        assert_eq!(said(act).await, failed("body_unreadable"));
    }
    let hidden = Act::Say(200, r#"{"status":401,"msg":"no"}"#.to_owned());
    assert_eq!(said(hidden).await, failed("body_status_401"));
    for status in [401, 404, 429, 500] {
        let listing = said(Act::Say(status, String::new())).await;
        assert_eq!(listing, failed(&format!("http_{status}")));
    }
}

#[tokio::test]
async fn the_list_of_the_other_mode_is_not_asked_for() {
    let twin = Twin::acting_in_turn(Vec::new()).await;
    assert_eq!(listed(&twin, Mode::Live, None).await, Listing::CannotList);
    let unknown = listed(&twin, Mode::Test, Some("x")).await;
    assert_eq!(unknown, failed("unknown_cursor"));
    assert_eq!(twin.connections(), 0);
}
