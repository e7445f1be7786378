//! Providers that contradict themselves, and two operators who decide, over HTTP.

use serde_json::{Value, json};

use crate::{
    batch_stage::reason,
    stage::{Answer, Call, Stage},
};

pub(crate) const REVIEWS: &str = "/api/v1/reviews";
/// What a driver receives of a load of the start data.
pub(crate) const NET: i64 = 44_750;
pub(crate) const GROSS: i64 = 45_000;
pub(crate) const FEE: i64 = GROSS - NET;
/// What proves every decision here.
pub(crate) const PROOF: &str = "statement 7, line 14";
pub(crate) const HOUR: u32 = 3_600;
pub(crate) const DAY: u32 = 24 * HOUR;

/// What an owner says, with the members that belong to it.
pub(crate) fn says(outcome: &str, more: &Value) -> Value {
    let mut body = json!({"outcome": outcome, "evidenceId": PROOF});
    for (name, value) in more.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    body
}

pub(crate) fn plain(outcome: &str) -> Value {
    says(outcome, &json!({}))
}

/// The id of the review of an attempt, `pay_...-a01` for one.
pub(crate) fn review_of(reference: &str) -> String {
    format!("rev_{}", &reference["pay_".len()..])
}

pub(crate) fn first(payout: &str) -> String {
    format!("{payout}-a01")
}

/// Account and amount of each leg.
pub(crate) fn legs(transition: &Value) -> Value {
    let legs = transition["legs"].as_array().expect("legs").iter();
    legs.map(|leg| json!([leg["account"], leg["amount"]]))
        .collect()
}

/// The legs in an order of their own: that of a posting says nothing.
pub(crate) fn sorted(legs: &Value) -> Vec<String> {
    let mut legs: Vec<_> = legs
        .as_array()
        .into_iter()
        .flatten()
        .map(Value::to_string)
        .collect();
    legs.sort();
    legs
}

impl Stage {
    pub(crate) async fn decide(&self, key: &str, (review, body): (&str, &Value)) -> Answer {
        let path = format!("{REVIEWS}/{review}/decisions");
        self.call(Call::new("POST", &path).key(key).json(body))
            .await
    }

    /// A decision, again once the read that it asked for was made.
    pub(crate) async fn decide_fresh(&self, key: &str, said: (&str, &Value)) -> Answer {
        for _ in 0..3 {
            let answer = self.decide(key, said).await;
            if reason(&answer) != (409, "evidence_stale") {
                return answer;
            }
            self.host.pump.settle().await;
        }
        panic!("the evidence stays stale: {said:?}");
    }

    /// Both owners say so of the attempt; the review after it.
    pub(crate) async fn agree(&self, reference: &str, body: &Value) -> Value {
        let review = review_of(reference);
        let mut after = Value::Null;
        for key in [self.key(), self.second()] {
            let decided = self.decide_fresh(key, (&review, body)).await;
            assert_eq!(decided.status, 200, "{body}: {}", decided.text);
            after = decided.body["data"].clone();
        }
        self.host.pump.settle().await;
        after
    }

    /// The refusal of the second owner, after the first one said the same.
    pub(crate) async fn refused_of_two(&self, reference: &str, body: &Value) -> Answer {
        let review = review_of(reference);
        let begun = self.decide_fresh(self.key(), (&review, body)).await;
        assert_eq!(begun.status, 200, "{body}: {}", begun.text);
        self.decide_fresh(self.second(), (&review, body)).await
    }

    pub(crate) async fn review(&self, reference: &str) -> Value {
        let path = format!("{REVIEWS}/{}", review_of(reference));
        self.data("GET", &path, None).await
    }

    pub(crate) async fn open_reviews(&self) -> u64 {
        let page = self
            .data("GET", &format!("{REVIEWS}?status=open"), None)
            .await;
        page["total"].as_u64().expect("a total")
    }

    /// The provider shows the attempt so at once, and its callback is read.
    pub(crate) async fn show(&self, (provider, status): (&str, &str), reference: &str) {
        let order =
            json!({"provider": provider, "status": status, "reference": reference, "now": true});
        self.control("/_control/outcomes", &order).await;
        self.advance(60).await;
    }

    /// The same with so much money moved.
    pub(crate) async fn show_moved(
        &self,
        (provider, status): (&str, &str),
        (reference, amount): (&str, i64),
    ) {
        let order = json!({"provider": provider, "status": status, "reference": reference,
            "now": true, "amount": amount});
        self.control("/_control/outcomes", &order).await;
        self.advance(60).await;
    }

    /// How the next payment of a provider ends.
    pub(crate) async fn ends_with(&self, provider: &str, status: &str) {
        let order = json!({"provider": provider, "status": status});
        self.control("/_control/outcomes", &order).await;
    }

    pub(crate) async fn switch(&self, provider: &str, verb: &str) {
        let path = format!("/api/v1/providers/{provider}/{verb}");
        let why = json!({"reason": "a rehearsal"});
        self.data("POST", &path, Some(&why)).await;
    }

    pub(crate) async fn route(&self, provider: &str) -> Value {
        let all = self.data("GET", "/api/v1/providers", None).await;
        let items = all["items"].as_array().expect("items").iter();
        let mut own = items.filter(|it| it["name"] == provider);
        own.next().expect("a provider")["state"].clone()
    }

    /// The newest transition of a payout.
    pub(crate) async fn newest(&self, payout: &str) -> Value {
        let path = format!("/api/v1/payouts/{payout}/timeline");
        let timeline = self.data("GET", &path, None).await;
        let items = timeline["items"].as_array().expect("items");
        items.last().expect("a transition").clone()
    }

    /// The newest transition is this one, by a key and for the evidence, with these legs.
    pub(crate) async fn assert_decided(&self, payout: &str, event: &str, expected: &Value) {
        let newest = self.newest(payout).await;
        assert_eq!(newest["event"], event, "{newest}");
        assert_eq!(sorted(&legs(&newest)), sorted(expected), "{newest}");
        assert_eq!(newest["reason"], PROOF, "{newest}");
        let actor = newest["actor"].as_str().expect("an actor");
        assert!(actor.starts_with("key:"), "{newest}");
    }

    /// The log says of both owners what they decided, and what proves it.
    pub(crate) async fn assert_logged(&self, reference: &str, outcome: &str) {
        let log = self
            .data("GET", "/api/v1/audit-events?limit=100", None)
            .await;
        let review = review_of(reference);
        let items = log["items"].as_array().expect("items").iter();
        let told: Vec<_> = items
            .filter(|it| it["action"] == "review.decide" && it["subject"]["id"] == review.as_str())
            .map(|it| it["changes"].to_string())
            .filter(|changes| changes.contains(&format!("\"{outcome}\"")))
            .collect();
        for owner in ["\"local\"", "\"local-second\""] {
            let by_owner = |changes: &&String| changes.contains(owner) && changes.contains(PROOF);
            assert_eq!(told.iter().filter(by_owner).count(), 1, "{owner}: {told:?}");
        }
    }

    /// What the twins paid for it all, less what came back.
    pub(crate) async fn out(&self) -> i64 {
        let rows = self.payments().await;
        let amount = |row: &Value| row["amountMinor"].as_i64().expect("an amount");
        let signed = |row: &Value| match (row["paid"] == true, row["direction"] == "in") {
            (false, _) => 0,
            (true, true) => -amount(row),
            (true, false) => amount(row),
        };
        rows.iter().map(signed).sum()
    }

    /// What the driver receives of a payout.
    pub(crate) async fn net(&self, payout: &str) -> i64 {
        let payout = self.payout(payout).await;
        payout["netAmount"].as_i64().expect("an amount")
    }

    /// Status and public reason of a payout.
    pub(crate) async fn standing(&self, payout: &str) -> (String, String) {
        let payout = self.payout(payout).await;
        let text = |name: &str| payout[name].as_str().unwrap_or_default().to_owned();
        (text("status"), text("statusReason"))
    }

    pub(crate) async fn assert_standing(&self, payout: &str, expected: (&str, &str)) {
        let (status, reason) = self.standing(payout).await;
        assert_eq!((status.as_str(), reason.as_str()), expected);
    }

    pub(crate) async fn load_status(&self, load: &str) -> Value {
        let load = self
            .data("GET", &format!("/api/v1/loads/{load}"), None)
            .await;
        load["status"].clone()
    }

    /// Neither a retry nor a withdrawal is taken while people have to decide.
    pub(crate) async fn assert_closed_to_clients(&self, payout: &str) {
        for verb in ["retry", "cancel"] {
            let path = format!("/api/v1/payouts/{payout}/{verb}");
            let refused = self.as_full("POST", &path, None).await;
            assert_eq!(reason(&refused), (409, "contradicted"), "{verb}");
        }
    }
}
