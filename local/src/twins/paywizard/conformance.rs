//! The PayWizard twin against its documentation: every operation must answer with exactly the documented members and
//! JSON types. Pay is driven with the printed sample; `../conformance/paywizard.json` holds the samples.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::bench::{LOYALTY, QUERY_ORDER};
use super::{CLIENT_ID, PREFIX_INACTIVE};
use crate::twins::bench::Bench;
use crate::twins::conformance::differences;

const DOCUMENTED: [&str; 6] = [
    "giftActivate",
    "giftInquiry",
    "giftIssuance",
    "giftTransaction",
    "giftVoid",
    "queryOrder",
];

/// The documented samples, and what was covered.
struct Contract {
    samples: Value,
    covered: BTreeSet<&'static str>,
}

impl Contract {
    fn open() -> Self {
        Self {
            samples: serde_json::from_str(include_str!("../conformance/paywizard.json")).unwrap(),
            covered: BTreeSet::new(),
        }
    }

    fn sample(&self, operation: &str, part: &str) -> Value {
        let sample = &self.samples[operation][part];
        assert!(!sample.is_null(), "there is no sample {operation} {part}");
        sample.clone()
    }

    /// Sends the documented request in the name of the sandbox's account, with `changes`, and holds the answer
    /// against the documented one.
    async fn drive(
        &mut self,
        bench: &Bench,
        operation: &'static str,
        changes: &[(&str, &Value)],
    ) -> Value {
        assert!(DOCUMENTED.contains(&operation));
        let mut request = self.sample(operation, "request");
        request["clientId"] = json!(CLIENT_ID);
        for (member, value) in changes {
            assert!(request.get(member).is_some(), "{operation} has no {member}");
            request[member] = (*value).clone();
        }
        let path = match operation {
            "queryOrder" => QUERY_ORDER.to_owned(),
            loyalty => format!("{LOYALTY}/{loyalty}"),
        };
        let reply = bench.wizard(&path, &request).await;
        assert_eq!(reply.status, 200, "{operation}");
        let found = differences(operation, &self.sample(operation, "answer"), &reply.body);
        assert!(found.is_empty(), "{}\n{:#}", found.join("\n"), reply.body);
        assert_eq!(reply.body["code"], 200);
        assert_eq!(reply.body["msg"], "success");
        assert_has_the_form_of_a_moment(&reply.body["timestamp"]);
        self.covered.insert(operation);
        reply.body["data"].clone()
    }
}

fn assert_has_the_form_of_a_moment(text: &Value) {
    let form: String = text
        .as_str()
        .unwrap()
        .chars()
        .map(|c| if c.is_ascii_digit() { '0' } else { c })
        .collect();
    assert_eq!(form, "0000-00-00 00:00:00");
}

#[tokio::test]
async fn every_documented_operation_answers_in_the_documented_shape() {
    let bench = Bench::open().await;
    let mut contract = Contract::open();

    let paid = contract.drive(&bench, "giftTransaction", &[]).await;
    assert_eq!(paid["result"], 0);
    assert_eq!(
        paid["amount"],
        contract.sample("giftTransaction", "request")["amount"]
    );

    let card = json!(format!("{PREFIX_INACTIVE}000000000001"));
    let on_card = [("accountId", &card)];
    let activated = contract.drive(&bench, "giftActivate", &on_card).await;
    assert_eq!(activated["accountId"], card);
    let filled = contract.drive(&bench, "giftIssuance", &on_card).await;
    assert_eq!(filled["result"], 0);
    let shown = contract.drive(&bench, "giftInquiry", &on_card).await;
    assert_eq!(shown["customerInfo"], activated["customerInfo"]);
    assert_eq!(
        shown["balances"][0],
        json!({"valueCode": "USD", "amount": 25.0, "difference": 0.0})
    );

    let checkout_id = &paid["checkoutId"];
    let order = contract
        .drive(&bench, "queryOrder", &[("checkoutId", checkout_id)])
        .await;
    assert_eq!(order["state"], 2);
    assert_has_the_form_of_a_moment(&order["tranTime"]);
    let void = contract
        .drive(&bench, "giftVoid", &[("oriOrderNo", checkout_id)])
        .await;
    assert_eq!(
        (&void["result"], &void["oriCheckoutId"]),
        (&json!(0), checkout_id)
    );

    println!(
        "paywizard operations covered / documented = {}/{}",
        contract.covered.len(),
        DOCUMENTED.len()
    );
    assert_eq!(contract.covered.len(), DOCUMENTED.len());
}

#[tokio::test]
async fn errors_answer_in_the_documented_shape() {
    let bench = Bench::open().await;
    let sample = Contract::open().sample("error", "answer");
    let request = json!({"clientId": CLIENT_ID});
    let refused = bench
        .wizard(&format!("{LOYALTY}/giftTransaction"), &request)
        .await;
    assert_eq!(refused.status, 200);
    assert_eq!(
        differences("error", &sample, &refused.body),
        Vec::<String>::new()
    );
    bench
        .order(
            "faults",
            json!({"operation": "pay", "fault": "status:500_before"}),
        )
        .await;
    let broken = bench
        .wizard(&format!("{LOYALTY}/giftTransaction"), &request)
        .await;
    assert_eq!(broken.status, 500);
    assert_eq!(
        differences("error", &sample, &broken.body),
        Vec::<String>::new()
    );
}
