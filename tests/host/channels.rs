//! Channels of prepaid cards: which are served, and that a card stays with the one it was stored with.

use app::message::QueueName;
use domain::routing::Provider;
use local::host::{Host, Options, Place};
use platform::provider::paywizard::settings::Channels;
use serde_json::{Value, json};

use crate::stage::{Answer, Call, Stage, http_client, send};

const CHARGES: &str = "/api/v1/wallet/card-charges";
const METHOD: &str = "/api/v1/drivers/OVN-DRIVER-789/payout-method";
/// Issued by the second of two channels.
const SECONDS_CARD: &str = "6001000000001234";

async fn serving(place: &Place, names: &[&str]) -> Stage {
    if let Place::Folder(folder) = place {
        for _ in 0..200 {
            if local::host::lock_folder(folder).is_ok() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(25)).await;
        }
    }
    let options = Options {
        port: 0,
        sandbox_port: 0,
        aws_port: None,
        place: place.clone(),
    };
    let names = names.iter().map(ToString::to_string).collect();
    let channels = Channels::of(names).expect("names");
    let host = Host::start_serving(options, channels).await;
    Stage::of(host.expect("the host starts"))
}

fn card(channel: &str) -> Value {
    json!({"type": "prepaid_card", "accountId": SECONDS_CARD, "channel": channel})
}

async fn charge(stage: &Stage, reference: &str, channel: Option<&str>) -> Answer {
    let body = json!({"amount": 2_500, "accountId": SECONDS_CARD, "reference": reference, "channel": channel});
    let call = Call::new("POST", CHARGES).key(stage.key());
    let call = call.header("idempotency-key", reference).json(&body);
    stage.call(call).await
}

async fn charged(stage: &Stage, id: &Value) -> (Value, Value) {
    let path = format!("{CHARGES}/{}", id.as_str().expect("an id"));
    let charge = stage.data("GET", &path, None).await;
    (charge["status"].clone(), charge["statusReason"].clone())
}

/// `(amount, direction)` of what moved at PayWizard.
async fn moved(stage: &Stage) -> Vec<(i64, String)> {
    let rows = stage.payments().await.into_iter();
    let rows = rows.filter(|row| row["provider"] == "paywizard" && row["paid"] == true);
    rows.map(|row| {
        let direction = row["direction"].as_str().expect("a text");
        let amount = row["amountMinor"].as_i64().expect("cents");
        (amount, direction.to_owned())
    })
    .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_is_not_served_is_refused_with_those_that_are() {
    for (names, expected) in [
        (&["FACTOR4"][..], "must be one of: FACTOR4"),
        (&["FACTOR4", "SECOND"], "must be one of: FACTOR4, SECOND"),
    ] {
        let stage = serving(&Place::Memory, names).await;
        for channel in ["WALLET9", "factor4", "FACTOR4 ", ""] {
            let method = stage.as_full("PUT", METHOD, Some(&card(channel))).await;
            for refused in [method, charge(&stage, "r", Some(channel)).await] {
                assert_eq!(refused.status, 400, "{}", refused.text);
                let fields = &refused.body["error"]["details"]["fields"];
                let problem = json!([{"path": "channel", "message": expected}]);
                assert_eq!(*fields, problem, "{channel:?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_is_paid_and_charged_through_the_channel_that_was_stored_with_it() {
    let stage = serving(&Place::Memory, &["FACTOR4", "SECOND"]).await;
    stage.data("PUT", METHOD, Some(&card("SECOND"))).await;
    let payout = stage.create("L-12345").await;
    stage.advance(300).await;
    assert_eq!(stage.payout(&payout).await["status"], "completed");
    let asked = charge(&stage, "topup-1", Some("SECOND")).await;
    stage.advance(60).await;
    let id = &asked.body["data"]["id"];
    assert_eq!(charged(&stage, id).await.0, "completed");
    let expected = [(44_750, "out".to_owned()), (2_500, "in".to_owned())];
    assert_eq!(moved(&stage).await, expected);

    // Without a word about it the usual channel is meant, which has not issued this card.
    let asked = charge(&stage, "topup-2", None).await;
    stage.advance(60).await;
    let (status, reason) = charged(&stage, &asked.body["data"]["id"]).await;
    assert_eq!(
        (status, reason),
        (json!("processing"), json!("balance_not_shown"))
    );
    assert_eq!(moved(&stage).await, expected);
    stage.assert_books().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_stored_with_a_channel_that_is_no_longer_served_is_never_sent_to_another() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = Place::Folder(folder.path().to_owned());
    let stage = serving(&place, &["FACTOR4", "SECOND"]).await;
    stage.data("PUT", METHOD, Some(&card("SECOND"))).await;
    let queue = QueueName::Provider(Provider::Paywizard);
    let held = stage.host.pump.hold(queue).await;
    let asked = charge(&stage, "topup-1", Some("SECOND")).await;
    assert_eq!(asked.status, 200, "{}", asked.text);
    drop((held, stage));

    let stage = serving(&place, &["FACTOR4"]).await;
    let fault =
        json!({"provider": "paywizard", "operation": "*", "fault": "delay:0", "share": 100});
    stage.control("/_control/faults", &fault).await;
    let payout = stage.create("L-12345").await;
    stage.advance(600).await;
    let payout = stage.payout(&payout).await;
    assert_eq!(
        (&payout["status"], &payout["statusReason"]),
        (&json!("canceled"), &json!("channel_not_served"))
    );
    let ended = charged(&stage, &asked.body["data"]["id"]).await;
    assert_eq!(ended, (json!("failed"), json!("channel_not_served")));
    assert_eq!(calls(&stage).await, 0, "nobody was asked");
    stage.assert_books().await;
}

/// The calls to PayWizard since they are counted.
async fn calls(stage: &Stage) -> Value {
    let call = Call::new("GET", "/_control/faults");
    let shares = send(&http_client(), &stage.host.ready.sandbox, call).await;
    shares.body[0]["calls"].clone()
}
