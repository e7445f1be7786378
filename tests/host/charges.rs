//! Charges of a company's card over HTTP: who may ask, what is refused, and who sees them.

use app::{
    charge_card::Charger,
    memory::ScriptedProvider,
    message::{ChargeCard, QueueName},
};
use domain::{ids::ChargeId, routing::Provider, transition::Actor};
use serde_json::{Value, json};

use crate::{
    operators::operator,
    stage::{Answer, Call, Stage},
};

const CHARGES: &str = "/api/v1/wallet/card-charges";

fn wish(reference: &str) -> Value {
    json!({"amount": 25_000, "accountId": "6000000000000001", "reference": reference})
}

async fn ask(stage: &Stage, body: &Value, request_key: &str) -> Answer {
    let call = Call::new("POST", CHARGES).key(stage.key());
    let call = call.header("idempotency-key", request_key).json(body);
    stage.call(call).await
}

/// The queue's work for one charge, with a provider that does as it is told.
async fn work(stage: &Stage, id: &str, provider: &ScriptedProvider) {
    let world = &stage.host.world;
    let worker = Charger {
        store: world.backend.store.clone(),
        queue: world.queue.clone(),
        providers: provider.clone(),
        vault: world.vault.clone(),
        seal: world.backend.seal.clone(),
        breaker: world.breaker.clone(),
    };
    let message = ChargeCard {
        tenant: "acme~test".parse().expect("a tenant"),
        charge: ChargeId::parse(id).expect("an id"),
    };
    let actor = Actor::System("dispatch-payout".to_owned());
    let done = worker.run(&world.backend.call(actor), &message).await;
    done.expect("worked");
}

async fn shown(stage: &Stage, id: &str) -> Value {
    stage.data("GET", &format!("{CHARGES}/{id}"), None).await
}

fn id_of(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.body["data"]["id"]
        .as_str()
        .expect("an id")
        .to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_charge_brings_its_amount_once_and_shows_only_a_mask() {
    let stage = Stage::new().await;
    let held = stage
        .host
        .pump
        .hold(QueueName::Provider(Provider::Paywizard))
        .await;
    let (before, _, _) = stage.balance().await;
    let asked = ask(&stage, &wish("topup-1"), "k1").await;
    let id = id_of(&asked);
    let data = &asked.body["data"];
    assert_eq!(data["status"], "processing");
    assert_eq!(data["masked"], "****0001");
    assert_eq!(data["reference"], "topup-1");
    assert!(id.starts_with("chg_"));
    assert_eq!(stage.balance().await.0, before, "nothing was debited yet");

    let provider = ScriptedProvider::default();
    work(&stage, &id, &provider).await;
    let charge = shown(&stage, &id).await;
    assert_eq!(charge["status"], "completed");
    assert_eq!(charge.get("evidence"), None);
    assert_eq!(stage.balance().await.0, before + 25_000);

    let replayed = ask(&stage, &wish("topup-1"), "k1").await;
    assert!(replayed.replayed);
    assert_eq!(replayed.text, asked.text);
    let same = ask(&stage, &wish("topup-1"), "k2").await;
    assert_eq!(same.body["data"], charge, "the charge that is there");
    let mut other = wish("topup-1");
    other["accountId"] = json!("6000000000000002");
    assert_eq!(ask(&stage, &other, "k3").await.status, 409);
    other["accountId"] = json!("6000000000000001");
    other["amount"] = json!(25_001);
    assert_eq!(ask(&stage, &other, "k4").await.status, 409);
    assert_eq!(ask(&stage, &other, "k1").await.status, 422);
    for answer in [&asked, &replayed, &same] {
        assert!(!answer.text.contains("600000000"), "{}", answer.text);
    }
    for _ in 0..3 {
        work(&stage, &id, &provider).await;
    }
    assert_eq!(provider.charge_calls(), 1);
    // A script answered in the twin's place: the twin has charged nothing.
    stage.assert_invariants().await;
    drop(held);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_an_operator_charges_and_nobody_sees_the_charges_of_others() {
    let stage = Stage::new().await;
    let held = stage
        .host
        .pump
        .hold(QueueName::Provider(Provider::Paywizard))
        .await;
    let without_key = Call::new("POST", CHARGES).key(stage.key()).json(&wish("r"));
    let refused = stage.call(without_key).await;
    assert_eq!(refused.status, 400);
    let field = &refused.body["error"]["details"]["fields"][0];
    assert_eq!(field["path"], "Idempotency-Key");

    let keys = &stage.host.ready.keys;
    let call = Call::new("POST", CHARGES).key(&keys.read);
    let call = call.header("idempotency-key", "k1").json(&wish("r"));
    let refused = stage.call(call).await;
    assert_eq!(refused.status, 403);
    assert_eq!(refused.body["error"]["details"]["scope"], "wallet:write");

    let id = id_of(&ask(&stage, &wish("r"), "k1").await);
    let path = format!("{CHARGES}/{id}");
    let other = stage.call(Call::new("GET", &path).key(&keys.other)).await;
    assert_eq!(other.status, 404);
    let live = operator(&stage, "acme~live", "ann").await;
    assert_eq!(
        stage.call(Call::new("GET", &path).key(&live)).await.status,
        404
    );
    let decisions = format!("{path}/decisions");
    let word = json!({"outcome": "paid", "evidenceId": "S-1"});
    let call = Call::new("POST", &decisions).key(&live).json(&word);
    assert_eq!(stage.call(call).await.status, 404);
    let early = stage.as_full("POST", &decisions, Some(&word)).await;
    assert_eq!(early.status, 409);
    assert_eq!(early.body["error"]["details"]["reason"], "wrong_state");
    stage.assert_books().await;
    drop(held);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_operators_settle_a_charge_whose_answer_was_lost() {
    let stage = Stage::new().await;
    let (before, _, _) = stage.balance().await;
    let id = id_of(&ask(&stage, &from_card("05"), "k1").await);
    stage.advance(60).await;
    let charge = shown(&stage, &id).await;
    assert_eq!(charge["status"], "in_review", "{charge}");
    assert_eq!(charge["evidence"]["balanceBefore"], 1_000_000);
    stage.advance(2 * 3_600).await;
    let evidence = &shown(&stage, &id).await["evidence"];
    assert_eq!(evidence["balanceAfter"], 975_000, "{evidence}");

    let path = format!("{CHARGES}/{id}/decisions");
    let decide = async |key: &str, evidence: &str| {
        let word = json!({"outcome": "paid", "evidenceId": evidence, "note": "line 17"});
        stage
            .call(Call::new("POST", &path).key(key).json(&word))
            .await
    };
    let ann = operator(&stage, "acme~test", "ann").await;
    let anns_second = operator(&stage, "acme~test", "Ann ").await;
    let bob = operator(&stage, "acme~test", "bob").await;
    for key in [&ann, &anns_second] {
        let proposed = decide(key, "S-1").await;
        assert_eq!(proposed.status, 200, "{}", proposed.text);
        assert_eq!(proposed.body["data"]["status"], "in_review");
    }
    assert_eq!(decide(&bob, "S-2").await.status, 409);
    assert_eq!(stage.balance().await.0, before);
    let settled = decide(&bob, "S-1").await;
    assert_eq!(settled.body["data"]["status"], "completed");
    let words = settled.body["data"]["decisions"]
        .as_array()
        .expect("a list");
    assert_eq!(words.len(), 2);
    assert_eq!(decide(&bob, "S-1").await.body["data"], settled.body["data"]);
    assert_eq!(stage.balance().await.0, before + 25_000);
    assert_eq!(taken(&stage).await, [25_000], "one call, never repeated");
    stage.assert_books().await;
}

/// Each card of the sandbox ends a charge in its own way, as its last two digits say.
#[tokio::test(flavor = "multi_thread")]
async fn a_charge_ends_as_its_card_does_and_only_a_paid_one_funds_the_wallet() {
    for (card, status, funded) in [
        ("01", "completed", 25_000),
        ("02", "failed", 0),
        // Pending at first; asked about by the provider's own id before people are.
        ("03", "completed", 25_000),
        ("04", "in_review", 0),
    ] {
        let stage = Stage::new().await;
        let (before, _, _) = stage.balance().await;
        let id = id_of(&ask(&stage, &from_card(card), "k1").await);
        stage.advance(600).await;
        let charge = shown(&stage, &id).await;
        assert_eq!(charge["status"], status, "{card}: {charge}");
        assert_eq!(stage.balance().await.0, before + funded, "{card}");
        stage.assert_books().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pending_charge_is_asked_about_until_its_provider_shows_it_paid() {
    let stage = Stage::new().await;
    let (before, _, _) = stage.balance().await;
    // Pending until somebody says otherwise.
    let order = json!({"provider": "paywizard", "status": "pending"});
    stage.control("/_control/outcomes", &order).await;
    let id = id_of(&ask(&stage, &from_card("01"), "k1").await);
    stage.advance(600).await;
    let charge = shown(&stage, &id).await;
    assert_eq!(charge["status"], "in_review", "{charge}");
    assert_eq!(charge["statusReason"], "pending");
    let evidence = &charge["evidence"];
    assert_eq!(evidence["providerStatus"], "order_pending");
    assert_eq!(evidence["balanceBefore"], 1_000_000);
    assert_eq!(evidence["balanceAfter"], 1_000_000);
    assert_eq!(evidence.get("reportedAmount"), None);

    // One operator has said something; the provider is faster than the second.
    let ann = operator(&stage, "acme~test", "ann").await;
    let word = json!({"outcome": "not_paid", "evidenceId": "S-1"});
    let path = format!("{CHARGES}/{id}/decisions");
    let proposed = stage
        .call(Call::new("POST", &path).key(&ann).json(&word))
        .await;
    assert_eq!(proposed.status, 200, "{}", proposed.text);
    let row = &stage.payments().await[0];
    let order =
        json!({"provider": "paywizard", "status": "success", "reference": row["reference"]});
    stage.control("/_control/outcomes", &order).await;
    stage.advance(3_600).await;
    let charge = shown(&stage, &id).await;
    assert_eq!(charge["status"], "completed", "{charge}");
    assert_eq!(charge["evidence"]["reportedAmount"], 25_000);
    assert_eq!(stage.balance().await.0, before + 25_000);
    let bob = operator(&stage, "acme~test", "bob").await;
    let late = stage
        .call(Call::new("POST", &path).key(&bob).json(&word))
        .await;
    assert_eq!(late.status, 409);
    assert_eq!(taken(&stage).await, [25_000], "one call, never repeated");
    stage.assert_books().await;
}

/// Whatever the order query shows beside a payment of exactly the amount is for people, and never a failure.
#[tokio::test(flavor = "multi_thread")]
async fn no_other_state_of_the_order_query_ends_a_charge() {
    let states = (1..=9).filter(|state| *state != 2);
    let mut words: Vec<_> = states.map(|state| format!("order_state_{state}")).collect();
    words.extend(["query_off", "amount_differs", "amount_in_minor_units"].map(str::to_owned));
    for word in words {
        let stage = Stage::new().await;
        let (before, _, _) = stage.balance().await;
        let order = json!({"provider": "paywizard", "status": word});
        stage.control("/_control/outcomes", &order).await;
        let id = id_of(&ask(&stage, &from_card("03"), "k1").await);
        stage.advance(24 * 3_600).await;
        let charge = shown(&stage, &id).await;
        assert_eq!(charge["status"], "in_review", "{word}: {charge}");
        assert_eq!(stage.balance().await.0, before, "{word}");
        let reported = match word.as_str() {
            "amount_differs" => json!(25_001),
            "amount_in_minor_units" => json!(2_500_000),
            _ => Value::Null,
        };
        let evidence = &charge["evidence"];
        assert_eq!(evidence["reportedAmount"], reported, "{word}: {evidence}");
        assert_eq!(evidence["balanceAfter"], 975_000, "{word}");
        stage.assert_books().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_unclear_answer_about_a_charge_is_for_people_and_never_asked_for_again() {
    for fault in [
        "drop_before",
        "status:500_after",
        "code:500_after",
        "garbage_after",
    ] {
        let stage = Stage::new().await;
        let (before, _, _) = stage.balance().await;
        let order = json!({"provider": "paywizard", "operation": "pay", "fault": fault});
        stage.control("/_control/faults", &order).await;
        let id = id_of(&ask(&stage, &from_card("01"), "k1").await);
        stage.advance(24 * 3_600).await;
        let charge = shown(&stage, &id).await;
        assert_eq!(charge["status"], "in_review", "{fault}: {charge}");
        assert_eq!(stage.balance().await.0, before, "{fault}");
        assert!(taken(&stage).await.len() <= 1, "{fault}");
        stage.assert_books().await;
    }
}

/// What PayWizard took from cards, in its own books.
async fn taken(stage: &Stage) -> Vec<i64> {
    let rows = stage.payments().await.into_iter();
    let rows = rows.filter(|row| row["provider"] == "paywizard" && row["direction"] == "in");
    rows.map(|row| row["amountMinor"].as_i64().expect("cents"))
        .collect()
}

fn from_card(ending: &str) -> Value {
    let mut wish = wish("topup-1");
    wish["accountId"] = json!(format!("60000000000000{ending}"));
    wish
}
