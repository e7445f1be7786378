//! Lists over HTTP: pages, cursors, filters, who may see what, and what a page costs at the table.

use std::collections::{BTreeMap, BTreeSet};

use app::message::QueueName;
use serde_json::{Value, json};

use crate::stage::{Answer, Call, Stage};

const PAYOUTS: &str = "/api/v1/payouts";
const DRIVER: &str = "/api/v1/drivers/OVN-DRIVER-789";

/// Members of an item as the published API prints them, those that may be absent left out.
const DRIVER_MEMBERS: [&str; 9] = [
    "email",
    "id",
    "kycStatus",
    "name",
    "ovnDriverId",
    "pendingPayouts",
    "phone",
    "status",
    "totalPaid",
];
const COMPLETED_MEMBERS: [&str; 11] = [
    "amount",
    "completedAt",
    "driverId",
    "driverName",
    "fee",
    "id",
    "loadId",
    "netAmount",
    "rail",
    "requestedAt",
    "status",
];

/// A payout of a load of its own.
async fn payout_of(stage: &Stage, load: &str) -> String {
    let body = json!({"driverId": "OVN-DRIVER-789", "amount": 45_000});
    let path = format!("/api/v1/loads/{load}");
    stage.data("PUT", &path, Some(&body)).await;
    stage.create(load).await
}

async fn get(stage: &Stage, path: &str) -> Value {
    stage.data("GET", path, None).await
}

fn ids(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().expect("items");
    let ids = items.iter().map(|item| item["id"].as_str());
    ids.map(|id| id.expect("an id").to_owned()).collect()
}

fn cursor(page: &Value) -> &str {
    page["nextCursor"].as_str().expect("a cursor")
}

fn members(item: &Value) -> Vec<&str> {
    let members = item.as_object().expect("an object");
    let names: BTreeSet<_> = members.keys().map(String::as_str).collect();
    names.into_iter().collect()
}

/// The names of the parameters that a 400 complains of.
fn refused(answer: &Answer) -> Vec<&str> {
    assert_eq!(answer.status, 400, "{}", answer.text);
    let fields = answer.body["error"]["details"]["fields"].as_array();
    let fields = fields.expect("fields").iter();
    fields.filter_map(|field| field["path"].as_str()).collect()
}

async fn all_scopes(stage: &Stage, key: &str, path: &str) -> Answer {
    stage.call(Call::new("GET", path).key(key)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_follow_each_other_by_number_and_by_cursor_and_end() {
    let stage = Stage::new().await;
    let mut made = Vec::new();
    for number in 0..5 {
        made.push(payout_of(&stage, &format!("P-{number}")).await);
        stage.advance(1).await;
    }
    made.reverse();
    for path in [PAYOUTS, &format!("{DRIVER}/payouts")] {
        let first = get(&stage, &format!("{path}?pageSize=2")).await;
        assert_eq!(
            members(&first),
            [
                "hasNextPage",
                "items",
                "nextCursor",
                "page",
                "pageSize",
                "total"
            ]
        );
        let facts = |page: &Value| {
            let number = |name: &str| page[name].as_u64().expect("a number");
            (number("total"), number("page"), number("pageSize"))
        };
        assert_eq!(
            (ids(&first), facts(&first)),
            (made[..2].to_vec(), (5, 1, 2))
        );
        let second = get(&stage, &format!("{path}?limit=2&page=2")).await;
        let followed = format!("{path}?pageSize=2&cursor={}", cursor(&first));
        assert_eq!(get(&stage, &followed).await, second);
        assert_eq!(
            (ids(&second), facts(&second)),
            (made[2..4].to_vec(), (5, 2, 2))
        );
        let last = get(
            &stage,
            &format!("{path}?limit=2&cursor={}", cursor(&second)),
        )
        .await;
        assert_eq!((ids(&last), facts(&last)), (made[4..].to_vec(), (5, 3, 2)));
        assert_eq!(
            members(&last),
            ["hasNextPage", "items", "page", "pageSize", "total"]
        );
        assert_eq!(last["hasNextPage"], false);
        let beyond = get(&stage, &format!("{path}?page=4&limit=2")).await;
        assert_eq!((ids(&beyond), facts(&beyond)), (Vec::new(), (5, 4, 2)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_follows_a_cursor_stays_when_newer_payouts_come() {
    let stage = Stage::new().await;
    let mut made = Vec::new();
    for number in 0..4 {
        made.push(payout_of(&stage, &format!("P-{number}")).await);
        stage.advance(1).await;
    }
    let first = get(&stage, "/api/v1/payouts?pageSize=2").await;
    let newer = payout_of(&stage, "P-9").await;
    let path = format!("{PAYOUTS}?pageSize=2&cursor={}", cursor(&first));
    let second = get(&stage, &path).await;
    assert_eq!(ids(&second), [made[1].clone(), made[0].clone()]);
    assert_eq!(
        (&second["total"], &second["hasNextPage"]),
        (&json!(5), &json!(false))
    );
    let numbered = get(&stage, "/api/v1/payouts?pageSize=1").await;
    assert_eq!(ids(&numbered), [newer]);
}

#[tokio::test(flavor = "multi_thread")]
async fn items_have_the_published_members_and_lists_their_filters() {
    let stage = Stage::new().await;
    let completed = stage.create("L-12345").await;
    stage.advance(3_600).await;
    let held = stage.host.pump.hold(QueueName::Dispatch).await;
    let canceled = payout_of(&stage, "P-1").await;
    let path = format!("{PAYOUTS}/{canceled}/cancel");
    stage.data("POST", &path, None).await;
    drop(held);

    let drivers = get(&stage, "/api/v1/drivers?limit=50&status=active").await;
    let driver = &drivers["items"][0];
    assert_eq!(members(driver), DRIVER_MEMBERS);
    assert_eq!(driver["ovnDriverId"], "OVN-DRIVER-789");
    assert_eq!(driver["totalPaid"], 44_750);
    assert_eq!(
        (&drivers["total"], &drivers["pageSize"]),
        (&json!(1), &json!(50))
    );
    for status in ["invited", "suspended", "inactive"] {
        let none = get(&stage, &format!("/api/v1/drivers?status={status}")).await;
        assert_eq!((ids(&none), &none["total"]), (Vec::new(), &json!(0)));
    }

    let id = driver["id"].as_str().expect("an id");
    let at = stage.payout(&completed).await["requestedAt"].clone();
    let from = at.as_str().expect("a time");
    let found = [
        "status=completed".to_owned(),
        format!("status=completed&driverId={id}"),
        "loadId=L-12345".to_owned(),
        format!("from={from}&to={}", from.replace('Z', ".9999Z")),
        format!("driverId=OVN-DRIVER-789&status=completed&loadId=L-12345&from={from}"),
    ];
    for filter in found {
        let page = get(&stage, &format!("{PAYOUTS}?{filter}")).await;
        assert_eq!(ids(&page), vec![completed.clone()], "{filter}");
        assert_eq!(page["total"], 1, "{filter}");
        assert_eq!(members(&page["items"][0]), COMPLETED_MEMBERS);
    }
    let both = get(&stage, &format!("{PAYOUTS}?driverId={id}")).await;
    assert_eq!(ids(&both), [canceled.clone(), completed.clone()]);
    let of_driver = format!("{DRIVER}/payouts?status=completed&from={from}");
    assert_eq!(ids(&get(&stage, &of_driver).await), [completed]);
    let other = get(&stage, &format!("{PAYOUTS}?status=canceled")).await;
    assert_eq!((ids(&other), &other["total"]), (vec![canceled], &json!(1)));
    for nothing in ["driverId=OVN-NOBODY", "loadId=L-NONE", "status=failed"] {
        let none = get(&stage, &format!("{PAYOUTS}?{nothing}")).await;
        assert_eq!((ids(&none), &none["total"]), (Vec::new(), &json!(0)));
    }
    let unknown = stage
        .as_full("GET", "/api/v1/drivers/OVN-NOBODY/payouts", None)
        .await;
    assert_eq!(unknown.status, 404);
    assert_eq!(unknown.body["error"]["details"]["resource"], "driver");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_that_cannot_be_used_is_refused_by_the_names_of_its_parameters() {
    let stage = Stage::new().await;
    for (query, names) in [
        ("page=0", vec!["page"]),
        ("page=1001&pageSize=100", vec!["page"]),
        ("pageSize=101", vec!["pageSize"]),
        ("limit=0", vec!["limit"]),
        ("limit=5&pageSize=5", vec!["limit"]),
        ("page=1&page=2", vec!["page"]),
        ("status=paid&limit=x", vec!["status", "limit"]),
        ("driverId=a%23b&loadId=%00", vec!["driverId", "loadId"]),
        ("from=2026-01-31", vec!["from"]),
        ("to=yesterday", vec!["to"]),
        (
            "from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z",
            vec!["to"],
        ),
        ("cursor=AAAA", vec!["cursor"]),
        ("sort=asc", vec!["sort"]),
    ] {
        let answer = stage
            .as_full("GET", &format!("{PAYOUTS}?{query}"), None)
            .await;
        assert_eq!(refused(&answer), names, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_opens_only_the_list_it_came_from() {
    let stage = Stage::new().await;
    for number in 0..2 {
        payout_of(&stage, &format!("P-{number}")).await;
    }
    let first = get(&stage, "/api/v1/payouts?pageSize=1").await;
    let cursor = cursor(&first);
    let mut forged = cursor.as_bytes().to_vec();
    forged[3] = if forged[3] == b'A' { b'B' } else { b'A' };
    let forged = String::from_utf8(forged).expect("ASCII");
    for path in [
        format!("{PAYOUTS}?cursor={forged}"),
        format!("{PAYOUTS}?cursor={cursor}&page=2"),
        format!("{PAYOUTS}?cursor={cursor}&status=validated"),
        format!("/api/v1/drivers?cursor={cursor}"),
        format!("{DRIVER}/payouts?cursor={cursor}"),
        format!("{PAYOUTS}?cursor={}", "A".repeat(4_000)),
    ] {
        let answer = stage.as_full("GET", &path, None).await;
        assert_eq!(refused(&answer), ["cursor"], "{path:.80}");
    }
    let path = format!("{PAYOUTS}?cursor={cursor}");
    let foreign = all_scopes(&stage, &stage.host.ready.keys.other, &path).await;
    assert_eq!(refused(&foreign), ["cursor"]);
    let reader = all_scopes(&stage, &stage.host.ready.keys.read, &path).await;
    assert_eq!(
        reader.status, 200,
        "another key of the same tenant may follow it"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn another_tenant_sees_empty_lists_and_no_driver() {
    let stage = Stage::new().await;
    stage.create("L-12345").await;
    let drivers = get(&stage, "/api/v1/drivers").await;
    let id = drivers["items"][0]["id"].as_str().expect("an id");
    let other = &stage.host.ready.keys.other;
    for path in [
        "/api/v1/drivers".to_owned(),
        "/api/v1/drivers?status=active".to_owned(),
        PAYOUTS.to_owned(),
        format!("{PAYOUTS}?status=validated"),
        format!("{PAYOUTS}?driverId={id}"),
        format!("{PAYOUTS}?loadId=L-12345"),
        format!("{PAYOUTS}?from=2000-01-01T00:00:00Z"),
    ] {
        let mut answer = all_scopes(&stage, other, &path).await;
        let expected = json!({
            "items": [], "total": 0, "page": 1, "pageSize": 50, "hasNextPage": false
        });
        assert_eq!(answer.body["data"].take(), expected, "{path}");
    }
    for path in [
        format!("/api/v1/drivers/{id}/payouts"),
        format!("/api/v1/drivers/{id}/payout-method"),
    ] {
        let answer = all_scopes(&stage, other, &path).await;
        assert_eq!(answer.status, 404, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_costs_one_count_one_query_and_one_read_of_its_records() {
    let stage = Stage::new().await;
    for number in 0..5 {
        payout_of(&stage, &format!("P-{number}")).await;
    }
    stage.advance(3_600).await;
    let counted = |calls: &[(&str, &str, u64)]| -> BTreeMap<String, u64> {
        let calls = calls.iter();
        calls
            .map(|(operation, label, calls)| (format!("{operation} {label}"), *calls))
            .collect()
    };
    let page = counted(&[("BatchGetItem", "fetch", 2), ("Query", "list", 1)]);
    let from = "from=2000-01-01T00:00:00Z";
    let rows = [
        (PAYOUTS.to_owned(), page.clone()),
        (
            "/api/v1/drivers?pageSize=1".to_owned(),
            counted(&[
                ("BatchGetItem", "fetch", 1),
                ("GetItem", "fetch", 1),
                ("Query", "list", 1),
            ]),
        ),
        (format!("{PAYOUTS}?status=completed"), {
            let mut status = page.clone();
            status.insert("Query oldest".to_owned(), 1);
            status
        }),
        (
            format!("{PAYOUTS}?{from}"),
            counted(&[
                ("BatchGetItem", "fetch", 1),
                ("Query", "count", 1),
                ("Query", "list", 1),
            ]),
        ),
        (
            format!("{DRIVER}/payouts"),
            counted(&[
                ("BatchGetItem", "fetch", 1),
                ("GetItem", "fetch", 1),
                ("Query", "list", 1),
            ]),
        ),
    ];
    for (path, expected) in rows {
        let costs = costs(&stage, &path).await;
        println!("paging: {path}: {costs:?}");
        assert_eq!(costs, expected, "{path}");
    }
    let first = get(&stage, "/api/v1/payouts?pageSize=2").await;
    let path = format!("{PAYOUTS}?pageSize=2&cursor={}", cursor(&first));
    assert_eq!(costs(&stage, &path).await, page, "a cursor costs the same");
}

/// Calls by operation and label, without timers and without what the rate limit leases now and then.
async fn costs(stage: &Stage, path: &str) -> BTreeMap<String, u64> {
    get(stage, path).await;
    stage.host.meter.reset();
    get(stage, path).await;
    let costs = stage.host.meter.costs().into_iter();
    costs
        .filter(|(step, _)| !matches!(step.label, "due" | "outbox" | "lease"))
        .map(|(step, cost)| (format!("{} {}", step.operation, step.label), cost.calls))
        .collect()
}
