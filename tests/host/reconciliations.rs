//! Days compared over HTTP: with a provider that takes back, invents and breaks off, and with a settlement.

use base64::{Engine, engine::general_purpose::STANDARD};
use local::twins::payelata::{ACCOUNT_ID, API_KEY};
use serde_json::{Value, json};

use crate::{
    rails,
    stage::{Answer, Call, Stage, http_client, send},
};

const DAYS: &str = "/api/v1/reconciliations";

impl Stage {
    fn today(&self) -> String {
        let now = self.host.world.backend.clock.now().to_string();
        now[..10].to_owned()
    }

    async fn compare(&self, day: &str) -> Value {
        let body = json!({ "date": day });
        self.data("POST", DAYS, Some(&body)).await
    }

    async fn differences(&self, day: &str) -> Vec<Value> {
        let report = self.data("GET", &format!("{DAYS}/{day}"), None).await;
        report["differences"].as_array().cloned().expect("a list")
    }

    async fn report(&self, day: &str) -> Answer {
        let path = format!("{DAYS}/{day}/report.csv");
        self.as_full("GET", &path, None).await
    }

    async fn settle(&self, day: &str, rows: &str) -> Answer {
        self.settle_by("payelata", day, rows).await
    }

    async fn settle_by(&self, provider: &str, day: &str, rows: &str) -> Answer {
        let path = format!("{DAYS}/{day}/settlements/{provider}");
        let mut call = Call::new("PUT", &path)
            .key(self.key())
            .header("content-type", "text/csv");
        call.body = Some(format!("reference,amount,currency\r\n{rows}").into_bytes());
        self.call(call).await
    }

    /// An invoice that somebody else made on the same account.
    async fn foreign_invoice(&self, reference: &str) {
        let attributes = json!({
            "reference_id": reference, "service": "card", "currency": "USD", "amount": 12.5,
            "test_mode": true, "fields": {"card_number": "5123817234060000"},
        });
        let body = json!({"data": {"type": "payout-invoice", "attributes": attributes}});
        let account = STANDARD.encode(format!("{ACCOUNT_ID}:{API_KEY}"));
        let call = Call::new("POST", "/payelata/api/payout-invoices")
            .header("authorization", format!("Basic {account}"))
            .json(&body);
        let made = send(&http_client(), &self.host.ready.sandbox, call).await;
        assert_eq!(made.status, 201, "{}", made.text);
    }

    async fn end_as(&self, payout: &str, status: &str) {
        let reference = format!("{payout}-a01");
        let order = json!({"provider": "payelata", "status": status, "reference": reference});
        self.control("/_control/outcomes", &order).await;
    }

    /// At noon of the next day: away from midnight, and after the first night of the host.
    async fn at_noon(self) -> Self {
        let day = 24 * 3_600;
        let of_day = self.host.world.backend.clock.now().seconds() % day;
        let left = day - of_day + 12 * 3_600;
        self.advance(u32::try_from(left).expect("within two days"))
            .await;
        self
    }
}

fn reasons(rows: &[Value]) -> Vec<&str> {
    rows.iter()
        .filter_map(|row| row["reason"].as_str())
        .collect()
}

/// A stage at noon that hears no callback, with completed payouts of the three loads.
async fn paid_stage() -> (Stage, [String; 3]) {
    let stage = Stage::new().await.at_noon().await;
    stage.fault("callback", "lose", 1_000).await;
    let ids = [
        stage.create("L-12345").await,
        stage.create("L-12346").await,
        stage.create("L-12347").await,
    ];
    stage.advance(3_600).await;
    (stage, ids)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_on_which_everything_agrees_is_complete_and_empty() {
    let (stage, _) = paid_stage().await;
    let day = stage.today();
    let unknown = stage.as_full("GET", &format!("{DAYS}/{day}"), None).await;
    assert_eq!(unknown.status, 404, "{}", unknown.text);
    let compared = stage.compare(&day).await;
    assert_eq!(compared["status"], "complete", "{compared}");
    assert_eq!(compared["differenceCount"], 0);
    assert_eq!(
        compared["providers"],
        json!([
            {"provider": "payelata", "status": "complete", "objects": 3},
            {"provider": "owlpay", "status": "complete", "objects": 0},
            {"provider": "paywizard", "status": "cannot_list", "objects": 0},
        ])
    );
    assert_eq!(stage.differences(&day).await, [] as [Value; 0]);
    let report = stage.report(&day).await;
    assert_eq!(report.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(
        report.text,
        "reason,payoutId,provider,reference,providerReference,ours,theirs,ageDays\r\n"
    );
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_of_owlpay_is_found_in_its_list_and_in_its_settlement() {
    let stage = Stage::new().await.at_noon().await;
    rails::bank_driver(&stage).await;
    let id = stage.create("RAIL-L").await;
    stage.advance(3_600).await;
    let day = stage.today();
    let compared = stage.compare(&day).await;
    assert_eq!(
        compared["providers"][1],
        json!({"provider": "owlpay", "status": "complete", "objects": 1})
    );
    assert_eq!(compared["differenceCount"], 0, "{compared}");
    for (amount, found) in [(44_750, 0), (44_749, 1)] {
        let rows = format!("{id}-a01,{amount},USD\r\n");
        let answer = stage.settle_by("owlpay", &day, &rows).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let compared = stage.compare(&day).await;
        assert_eq!(compared["differenceCount"], found, "{compared}");
    }
    rails::fault(&stage, "owlpay", "list", "body_status:500_before").await;
    assert_eq!(stage.compare(&day).await["status"], "incomplete");
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn differences_are_reported_in_one_order_and_asked_about() {
    let (stage, ids) = paid_stage().await;
    let day = stage.today();
    stage.end_as(&ids[0], "refunded").await;
    stage.end_as(&ids[2], "partially_refunded").await;
    stage.foreign_invoice("old-system-17").await;

    let compared = stage.compare(&day).await;
    assert_eq!(compared["differenceCount"], 3, "{compared}");
    let rows = stage.differences(&day).await;
    assert_eq!(
        reasons(&rows),
        ["missing_here", "status_differs", "status_differs"]
    );
    assert_eq!(rows[0]["reference"], "old-system-17");
    assert_eq!(rows[0].get("payoutId"), None);
    assert!(rows[0]["providerReference"].is_string());
    assert_eq!(rows[1]["payoutId"], ids[0].as_str());
    assert_eq!(
        (&rows[1]["ours"], &rows[1]["theirs"], &rows[1]["ageDays"]),
        (&json!("completed"), &json!("refunded"), &json!(0))
    );
    let first = stage.report(&day).await.text;
    assert_eq!(first.lines().count(), 4, "{first}");
    assert_eq!(stage.report(&day).await.text, first, "the same bytes");

    // The reads it asked for have moved what they proved.
    stage.host.pump.settle().await;
    assert_eq!(stage.payout(&ids[0]).await["status"], "returned");
    assert_eq!(stage.payout(&ids[2]).await["status"], "completed");
    stage.compare(&day).await;
    assert_eq!(
        reasons(&stage.differences(&day).await),
        ["missing_here", "status_differs"],
        "a part that came back is for people"
    );
    stage.advance(3 * 24 * 3_600).await;
    assert_eq!(stage.differences(&day).await[1]["ageDays"], 3);
    // The part that came back is in nobody's books but the provider's until people have decided.
    stage.assert_invariants().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_list_call_in_five_that_fails_leaves_days_incomplete_until_the_next_run() {
    let (stage, ids) = paid_stage().await;
    let day = stage.today();
    stage.end_as(&ids[1], "canceled").await;
    for round in 0..10 {
        let is_bad = round % 5 == 0;
        if is_bad {
            let fault = ["status:503_before", "drop_after"][round / 5];
            stage.fault("list", fault, 1).await;
        }
        let compared = stage.compare(&day).await;
        let list = &compared["providers"][0];
        if is_bad {
            assert_eq!(compared["status"], "incomplete", "{compared}");
            assert_eq!(compared["differenceCount"], 0);
            assert_eq!(list["status"], "incomplete");
            assert!(list["reason"].is_string(), "{list}");
        } else {
            assert_eq!(compared["status"], "complete", "{compared}");
        }
        // Found once, and settled by the read that followed.
        assert_eq!(compared["differenceCount"], u32::from(round == 1));
        stage.host.pump.settle().await;
    }
    assert_eq!(stage.payout(&ids[1]).await["status"], "returned");
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_settlement_is_imported_replaced_and_compared() {
    let (stage, ids) = paid_stage().await;
    let day = stage.today();
    let [one, two, three] = ids.map(|id| format!("{id}-a01"));
    let imported = stage
        .settle(
            &day,
            &format!("{one},44750,USD\r\n{two},44000,USD\r\nx-1,5,USD\r\n"),
        )
        .await;
    assert_eq!(imported.status, 200, "{}", imported.text);
    assert_eq!(imported.body["data"]["status"], "not_compared");
    assert_eq!(imported.body["data"]["settlements"][0]["rows"], 3);
    stage.compare(&day).await;
    assert_eq!(
        reasons(&stage.differences(&day).await),
        [
            "settlement_missing",
            "settlement_amount_differs",
            "settlement_unknown"
        ]
    );
    let refused = stage
        .settle(&day, &format!("{one},44750,USD\r\n{one},1,EUR\r\n"))
        .await;
    let fields = &refused.body["error"]["details"]["fields"];
    assert_eq!(refused.status, 400, "{}", refused.text);
    assert_eq!(fields[0]["path"], "rows[1].currency");
    let all = [one, two, three].map(|it| format!("{it},44750,USD\r\n"));
    stage.settle(&day, &all.concat()).await;
    stage.compare(&day).await;
    assert_eq!(stage.differences(&day).await, [] as [Value; 0]);
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_night_compares_the_day_before_by_itself() {
    let (stage, ids) = paid_stage().await;
    let day = stage.today();
    // Both tenants' lists of the coming night: of the other days they know already.
    stage.fault("list", "status:500_before", 2).await;
    stage.end_as(&ids[0], "refunded").await;
    stage.advance(16 * 3_600).await;
    let report = stage.data("GET", &format!("{DAYS}/{day}"), None).await;
    assert_eq!(report["status"], "incomplete", "{report}");
    assert_eq!(report["providers"][0]["reason"], "http_500");
    // The night after looks at it again.
    stage.advance(24 * 3_600).await;
    let report = stage.data("GET", &format!("{DAYS}/{day}"), None).await;
    assert_eq!(report["status"], "complete", "{report}");
    assert_eq!(stage.payout(&ids[0]).await["status"], "returned");
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_sees_neither_the_days_nor_the_objects_of_another() {
    let (stage, _) = paid_stage().await;
    let day = stage.today();
    stage.compare(&day).await;
    let other = stage.host.ready.keys.other.clone();
    let path = format!("{DAYS}/{day}");
    let theirs = stage.call(Call::new("GET", &path).key(&other)).await;
    assert_eq!(theirs.status, 404, "{}", theirs.text);
    let body = json!({ "date": day });
    let run = stage
        .call(Call::new("POST", DAYS).key(&other).json(&body))
        .await;
    assert_eq!(run.body["data"]["differenceCount"], 0, "{}", run.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_gets_the_first_answer_and_only_operators_compare() {
    let (stage, _) = paid_stage().await;
    let body = json!({"date": stage.today()});
    let asked = Call::new("POST", DAYS)
        .key(stage.key())
        .header("idempotency-key", "day-1")
        .json(&body);
    let first = stage.call(asked.clone()).await;
    let again = stage.call(asked).await;
    assert!(again.replayed);
    assert_eq!(again.text, first.text);

    let reader = json!({"name": "books", "scopes": ["reconciliation:read"]});
    let made = stage.data("POST", "/api/v1/keys", Some(&reader)).await;
    let secret = made["secret"].as_str().expect("a key").to_owned();
    let path = format!("{DAYS}/{}", stage.today());
    assert_eq!(
        stage
            .call(Call::new("GET", &path).key(&secret))
            .await
            .status,
        200
    );
    let refused = stage
        .call(Call::new("POST", DAYS).key(&secret).json(&body))
        .await;
    assert_eq!(refused.status, 403, "{}", refused.text);
    let writer = json!({"name": "books", "scopes": ["reconciliation:write"]});
    let refused = stage.as_full("POST", "/api/v1/keys", Some(&writer)).await;
    assert_eq!(
        refused.status, 403,
        "operators cannot give it away: {}",
        refused.text
    );
}
