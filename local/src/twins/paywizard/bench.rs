//! What the tests of this twin share: signed calls, and cards.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::sign::Signer;
use super::{CHANNEL, CLIENT_ID, CLIENT_SECRET, JWT_TOKEN};
use crate::twins::bench::{Bench, Reply};

pub(crate) const LOYALTY: &str = "/paywizard/ovstrade/openLoyaltyPay";
pub(crate) const QUERY_ORDER: &str = "/paywizard/ovstrade/openPay/queryOrder";

/// The members that name a card in every call.
pub(crate) fn on(card: &str) -> Value {
    json!({"clientId": CLIENT_ID, "loyaltyChannel": CHANNEL, "accountId": card, "entryType": "K"})
}

/// A money call over this many dollars on a card.
pub(crate) fn over(amount: &str, card: &str, order_no: &str) -> Value {
    with(
        on(card),
        json!({"tranOrderNo": order_no, "amount": amount, "tranCurrency": "USD"}),
    )
}

pub(crate) fn with(mut body: Value, more: Value) -> Value {
    let members = body.as_object_mut().unwrap();
    members.extend(more.as_object().unwrap().clone());
    body
}

/// What the holder of a card may be, with every member that is documented.
pub(crate) fn holder() -> Value {
    json!({
        "customerType": "1", "country": "US", "mailPref": "O", "phonePref": "O", "emailPref": "I",
        "phone": "+001 555 010 0000", "isMobile": "Y", "email": "john@example.com",
        "birthday": "19800229", "anniversary": "20100401", "gender": "M",
    })
}

impl Bench {
    /// A call with the token, and the signature of exactly this body.
    pub(crate) fn signed(&self, path: &str, body: &str) -> RequestBuilder {
        let signer = Signer {
            client_id: CLIENT_ID,
            client_secret: CLIENT_SECRET,
        };
        self.strange_request(Method::POST, path)
            .header("Content-Type", "application/json")
            .header("jwt-token", JWT_TOKEN)
            .header("sign", signer.sign(body.as_bytes()))
            .body(body.to_owned())
    }

    pub(crate) async fn wizard(&self, path: &str, body: &Value) -> Reply {
        Reply::of(self.signed(path, &body.to_string())).await
    }

    /// Calls an operation on loyalty cards that is handled, and gives the data of its answer.
    pub(crate) async fn loyalty(&self, operation: &str, body: &Value) -> Value {
        let reply = self.wizard(&format!("{LOYALTY}/{operation}"), body).await;
        assert_eq!(
            (reply.status, &reply.body["code"]),
            (200, &json!(200)),
            "{}",
            reply.body
        );
        reply.body["data"].clone()
    }

    /// The code and the message of a call that is not handled.
    pub(crate) async fn refused(&self, path: &str, body: &Value) -> (i64, String) {
        let reply = self.wizard(path, body).await;
        assert_eq!((reply.status, &reply.body["data"]), (200, &Value::Null));
        let msg = reply.body["msg"].as_str().unwrap().to_owned();
        (reply.body["code"].as_i64().unwrap(), msg)
    }

    pub(crate) async fn charge(&self, amount: &str, card: &str, order_no: &str) -> Value {
        self.loyalty("giftTransaction", &over(amount, card, order_no))
            .await
    }

    pub(crate) async fn fill(&self, amount: &str, card: &str, order_no: &str) -> Value {
        self.loyalty("giftIssuance", &over(amount, card, order_no))
            .await
    }

    pub(crate) async fn undo(&self, made: &Value, order_no: &str) -> Value {
        let body = json!({"clientId": CLIENT_ID, "tranOrderNo": order_no, "oriOrderNo": made["checkoutId"]});
        self.loyalty("giftVoid", &body).await
    }

    /// The dollars on a card, as they are printed.
    pub(crate) async fn dollars(&self, card: &str) -> String {
        let body = on(card).to_string();
        let request = self.signed(&format!("{LOYALTY}/giftInquiry"), &body);
        let text = String::from_utf8(
            request
                .send()
                .await
                .unwrap()
                .bytes()
                .await
                .unwrap()
                .to_vec(),
        )
        .unwrap();
        let from = text
            .find(r#""USD","amount":"#)
            .expect("a balance in dollars")
            + 15;
        text[from..].split(',').next().unwrap().to_owned()
    }

    /// The state of an order, by a member that names it.
    pub(crate) async fn state(&self, name: &str, value: &Value) -> Value {
        let mut body = json!({"clientId": CLIENT_ID});
        body[name] = value.clone();
        self.wizard(QUERY_ORDER, &body).await.body["data"]["state"].clone()
    }

    pub(crate) async fn order(&self, control: &str, mut order: Value) -> Value {
        order["provider"] = json!("paywizard");
        let reply = self.post(&format!("/_control/{control}"), &order).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        reply.body
    }

    /// `(reference, amount, direction, status, paid)` of every movement.
    pub(crate) async fn movements(&self) -> Vec<(String, i64, String, String, bool)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let row = |row: &Value| {
            (
                text(&row["reference"]),
                row["amountMinor"].as_i64().unwrap(),
                text(&row["direction"]),
                text(&row["status"]),
                row["paid"].as_bool().unwrap(),
            )
        };
        self.payments().await.iter().map(row).collect()
    }
}
