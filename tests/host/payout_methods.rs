//! Payout methods are held against what the provider asks for before they are saved; and what the adapter reads of
//! the provider's services and public invoices is what the twin shows.

use domain::{
    answer::Standing,
    ids::{AttemptRef, Mode, ProviderId},
    money::Cents,
    time::Timestamp,
};
use local::twins::payelata::{ACCOUNT_ID, API_KEY, PUBLIC_KEY_TEST};
use platform::{
    pace::Pace,
    provider::{
        http::Http,
        payelata::{
            Payelata,
            public::{PayelataPublic, PublicReading},
            settings::{BANK_SERVICE, CallbackSecrets, PayelataSettings, PublicSettings},
        },
    },
};
use serde_json::{Value, json};

use crate::stage::{Answer, Call, Stage};

const METHOD: &str = "/api/v1/drivers/OVN-DRIVER-789/payout-method";
/// A number of nine digits that no American bank has.
const NO_BANK: &str = "990000021";

fn bank(routing_number: &str, holder: &str) -> Value {
    json!({"type": "bank_account", "accountNumber": "000123456789", "routingNumber": routing_number,
        "holder": holder})
}

async fn put(stage: &Stage, body: &Value) -> Answer {
    stage.as_full("PUT", METHOD, Some(body)).await
}

async fn version(stage: &Stage) -> Value {
    stage.data("GET", METHOD, None).await["version"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_provider_would_refuse_is_refused_by_the_names_of_the_request() {
    let stage = Stage::new().await;
    let before = version(&stage).await;
    let refused = put(&stage, &bank(NO_BANK, "J")).await;
    assert_eq!(refused.status, 400, "{}", refused.text);
    let pattern = r"^(0\d|1[0-2]|2[1-9]|3[0-2]|6[1-9]|7[0-2]|80)\d{7}$";
    assert_eq!(
        refused.body["error"]["details"]["fields"],
        json!([
            {"path": "routingNumber", "message": format!("must match {pattern}, as the provider requires")},
            {"path": "holder", "message": "must match ^.{2,128}$, as the provider requires"},
        ])
    );
    assert!(!refused.text.contains(NO_BANK), "{}", refused.text);
    assert_eq!(version(&stage).await, before, "nothing was saved");
    let saved = put(&stage, &bank("021000021", "John Smith")).await;
    assert_eq!(saved.status, 200, "{}", saved.text);
    let card = json!({"type": "card", "cardNumber": "5123817234060000", "holder": "J"});
    assert_eq!(put(&stage, &card).await.status, 200, "a holder is not sent");
    let prepaid = json!({"type": "prepaid_card", "accountId": "4000123"});
    assert_eq!(put(&stage, &prepaid).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_does_not_answer_keeps_nobody_from_being_paid() {
    let stage = Stage::new().await;
    for fault in [
        "status:503_before",
        "status:500_after",
        "drop_before",
        "delay:60",
    ] {
        stage.fault("prerequest", fault, 1).await;
        let saved = put(&stage, &bank(NO_BANK, "John Smith")).await;
        assert_eq!(saved.status, 200, "{fault}: {}", saved.text);
        // The failure is remembered for half a minute, so nobody else waits for it.
        let again = put(&stage, &bank(NO_BANK, "John Smith")).await;
        assert_eq!(again.status, 200, "{fault}: {}", again.text);
        stage.advance(31).await;
        let refused = put(&stage, &bank(NO_BANK, "John Smith")).await;
        assert_eq!(refused.status, 400, "{fault}: {}", refused.text);
        // What was learned is too old after ten minutes.
        stage.advance(601).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_learned_is_used_for_ten_minutes_and_a_repeat_asks_nobody() {
    let stage = Stage::new().await;
    let send = |key: &'static str, body: Value| {
        let call = Call::new("PUT", METHOD).key(stage.key());
        stage.call(call.header("idempotency-key", key).json(&body))
    };
    let good = bank("021000021", "John Smith");
    assert_eq!(send("m-1", good.clone()).await.status, 200);
    // Whoever asked now would learn nothing, and would save the next one.
    stage.fault("prerequest", "status:503_before", 1).await;
    let refused = send("m-2", bank(NO_BANK, "John Smith")).await;
    assert_eq!(refused.status, 400, "{}", refused.text);
    stage.advance(601).await;
    let repeated = send("m-1", good).await;
    assert!(repeated.replayed, "{}", repeated.text);
    let unchecked = send("m-2", bank(NO_BANK, "John Smith")).await;
    assert_eq!(unchecked.status, 200, "{}", unchecked.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_are_saved_and_judged_while_the_provider_is_paused() {
    let stage = Stage::new().await;
    let reason = json!({"reason": "maintenance"});
    stage
        .data("POST", "/api/v1/providers/payelata/pause", Some(&reason))
        .await;
    assert_eq!(put(&stage, &bank(NO_BANK, "John Smith")).await.status, 400);
    let good = bank("021000021", "John Smith");
    assert_eq!(put(&stage, &good).await.status, 200);
}

fn public(stage: &Stage) -> PayelataPublic {
    let settings = PublicSettings {
        public_base: format!("{}/payelata/public-api", stage.host.ready.sandbox),
        public_key: PUBLIC_KEY_TEST.into(),
        bank_service: BANK_SERVICE.to_owned(),
        mode: Mode::Test,
        sandbox_hosts: Vec::new(),
    };
    let http = Http::new(Pace::real()).expect("a client");
    PayelataPublic::new(settings, http).expect("safe settings")
}

fn private(stage: &Stage) -> Payelata {
    let settings = PayelataSettings {
        private_base: format!("{}/payelata/api", stage.host.ready.sandbox),
        account_id: ACCOUNT_ID.into(),
        api_key: API_KEY.into(),
        callback_base: "https://pay.example".to_owned(),
        callback_secrets: CallbackSecrets::default(),
        bank_service: BANK_SERVICE.to_owned(),
        mode: Mode::Test,
        sandbox_hosts: Vec::new(),
    };
    Payelata::new(settings, Http::new(Pace::real()).expect("a client")).expect("safe settings")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_services_are_read_as_the_twin_shows_them() {
    let stage = Stage::new().await;
    let payelata = private(&stage);
    let now = Timestamp::default();
    let services = payelata.services(now).await.expect("read");
    assert_eq!(services.len(), 5);
    let usable = services.iter().filter(|it| it.is_usable(Mode::Test));
    let codes: Vec<_> = usable.map(|it| it.service.as_str()).collect();
    assert_eq!(codes, ["test_usd", "card", BANK_SERVICE]);
    let last = services.last().expect("a service");
    let one = private(&stage).service(&last.id, now).await.expect("read");
    assert_eq!(one.as_ref(), Some(last));
    let unknown = payelata.service("comcpos_AAAAAAAAAAAAAAAA", now).await;
    assert_eq!(unknown, Ok(None));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invoice_is_seen_over_the_public_api_without_our_reference() {
    let stage = Stage::new().await;
    let payout = stage.create("L-12345").await;
    stage.advance(3_600).await;
    let made = stage.paid().await;
    let object = made[0]["id"].as_str().expect("an id");
    let reader = public(&stage);
    let object = ProviderId::parse(object).expect("an object");
    let reading = reader.invoice(&object).await;
    let PublicReading::Shown(shown) = &reading else {
        panic!("{reading:?}");
    };
    assert_eq!(shown[0].object, object);
    assert_eq!(shown[0].standing, Standing::Paid);
    let paid = made[0]["amountMinor"].as_i64().expect("a figure");
    assert_eq!(shown[0].processed_amount, Some(Cents::new(paid)));
    let reference: AttemptRef = format!("{payout}-a01").parse().expect("a reference");
    assert_eq!(reader.invoices_of(&reference).await, reading);
}
