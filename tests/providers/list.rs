//! The list of everything: pages, cursors, and what is not a list.

use app::port::{ListAsk, Listing, Providers};
use domain::{answer::Standing, ids::Mode, money::Cents, routing::Provider, time::Timestamp};
use serde_json::{Value, json};

use crate::stage::{Act, Twin, printed};

async fn listed(twin: &Twin, mode: Mode, after: Option<&str>) -> Listing {
    let ask = ListAsk {
        provider: Provider::Payelata,
        mode,
        made: (Timestamp::default(), Timestamp::default()),
        after,
    };
    twin.provider().list(ask).await
}

async fn page(status: u16, body: &str) -> Listing {
    let twin = Twin::acting_in_turn(vec![Act::Say(status, body.to_owned())]).await;
    listed(&twin, Mode::Test, None).await
}

fn ids(listing: &Listing) -> Vec<&str> {
    match listing {
        Listing::Page { objects, .. } => objects.iter().map(|it| it.object.as_str()).collect(),
        other => panic!("{other:?}"),
    }
}

/// The printed list, changed.
fn list_with(change: impl FnOnce(&mut Value)) -> String {
    let mut list: Value = serde_json::from_str(&printed("list.json")).expect("JSON");
    change(&mut list);
    list.to_string()
}

#[tokio::test]
async fn the_printed_list_is_read_with_its_figures_and_has_no_further_page() {
    let listing = page(200, &printed("list.json")).await;
    assert_eq!(
        ids(&listing),
        ["cpoi_S1zoJnT8x4iZ4oPr", "cpoi_O2aH69xK7mgwZUK1"]
    );
    let Listing::Page { objects, next } = listing else {
        panic!("a page");
    };
    assert_eq!(next, None);
    assert_eq!(objects[0].created_at.seconds(), 1_595_841_808);
    assert_eq!(objects[0].seen.standing, Standing::Inert);
    assert_eq!(objects[0].seen.facts.amount, Some(Cents::new(1_000)));
}

#[tokio::test]
async fn a_page_is_asked_for_by_the_last_row_of_the_one_before() {
    let more = list_with(|list| list["links"]["next"] = json!("/api/payout-invoices?x"));
    let twin = Twin::acting_in_turn(vec![Act::Say(200, more.clone()), Act::Say(200, more)]).await;
    let Listing::Page { next, .. } = listed(&twin, Mode::Test, None).await else {
        panic!("a page");
    };
    assert_eq!(next.as_deref(), Some("cpoi_WSvqrC4BztUHs5Ji"));
    // A page that goes on with itself would never end.
    let again = listed(&twin, Mode::Test, next.as_deref()).await;
    assert_eq!(again, Listing::Failed("same_page".to_owned()));
    let requests = twin.requests();
    let line = |at: usize| requests[at].lines().next().expect("a line").to_owned();
    assert_eq!(
        line(0),
        "GET /api/payout-invoices?page%5Bsize%5D=50 HTTP/1.1"
    );
    assert_eq!(
        line(1),
        "GET /api/payout-invoices?page%5Bsize%5D=50&page%5Bbefore%5D=cpoi_WSvqrC4BztUHs5Ji HTTP/1.1"
    );
}

#[tokio::test]
async fn invoices_of_the_other_mode_are_left_out_and_its_list_is_not_asked_for() {
    let live = list_with(|list| list["data"][0]["attributes"]["test_mode"] = json!(false));
    assert_eq!(ids(&page(200, &live).await), ["cpoi_O2aH69xK7mgwZUK1"]);
    let twin = Twin::acting_in_turn(Vec::new()).await;
    assert_eq!(listed(&twin, Mode::Live, None).await, Listing::CannotList);
    assert_eq!(twin.connections(), 0);
}

#[tokio::test]
async fn a_list_that_cannot_be_read_whole_is_no_list() {
    let without = |member: &str| {
        list_with(|list| {
            list["data"][1]["attributes"]
                .as_object_mut()
                .expect("an object")
                .remove(member);
        })
    };
    let endless = list_with(|list| {
        list["links"]["next"] = json!("/next");
        list["meta"]["before"] = json!("../elsewhere");
    });
    for body in [
        without("status"),
        without("created"),
        without("test_mode"),
        endless,
        "{}".to_owned(),
        "no".to_owned(),
        r#"{"data":{},"meta":{},"links":{}}"#.to_owned(),
    ] {
        let listing = page(200, &body).await;
        assert_eq!(
            listing,
            Listing::Failed("body_unreadable".to_owned()),
            "{body}"
        );
    }
    for status in [401, 403, 404, 429, 500, 503] {
        let listing = page(status, &printed("list.json")).await;
        assert_eq!(listing, Listing::Failed(format!("http_{status}")));
    }
}
