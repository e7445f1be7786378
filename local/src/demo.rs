//! The first payouts, end to end over HTTP: a standard and an instant one, on loads and money of the
//! demo's own, so that the start data stays as the documentation prints it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    client::Client,
    host::{Fault, Host},
};

const AMOUNT: i64 = 45_000;
/// How long the demo waits for a payout: far longer than it needs.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs the demo and prints it on stderr. Returns whether every payout completed.
///
/// # Errors
/// When a call fails.
pub async fn run(host: &Host) -> Result<bool, Fault> {
    let client = Client::of(&host.ready)?;
    let run = host.world.backend.clock.now().millis();
    let loads = [format!("DEMO-{run}-1"), format!("DEMO-{run}-2")];
    for load in &loads {
        let body = json!({"driverId": "OVN-DRIVER-789", "amount": AMOUNT});
        client.put(&format!("/api/v1/loads/{load}"), &body).await?;
    }
    let deposit = json!({"amount": 2 * AMOUNT, "reference": format!("demo-{run}")});
    client.post("/api/v1/wallet/deposits", &deposit).await?;
    let standard = json!({"loadId": loads[0], "urgency": "standard"});
    let standard = client.post("/api/v1/payouts", &standard).await?;
    let instant = json!({"loadId": loads[1], "requestedBy": "demo"});
    let instant = client.post("/api/v1/payouts/instant", &instant).await?;
    let mut completed = true;
    for payout in [&standard, &instant] {
        let id = payout["id"].as_str().unwrap_or_default();
        completed &= wait(&client, id).await?;
        let timeline = client
            .get(&format!("/api/v1/payouts/{id}/timeline"))
            .await?;
        print_timeline(payout, &timeline);
    }
    let balance = client.get("/api/v1/balance").await?;
    eprintln!(
        "balance: available {} pending {} in transit {} {}",
        balance["available"],
        balance["pending"],
        balance["inTransit"],
        balance["currency"].as_str().unwrap_or_default()
    );
    Ok(completed)
}

async fn wait(client: &Client, id: &str) -> Result<bool, Fault> {
    let pause = Duration::from_millis(20);
    let mut waited = Duration::ZERO;
    while waited < PATIENCE {
        let payout = client.get(&format!("/api/v1/payouts/{id}")).await?;
        match payout["status"].as_str() {
            Some("completed") => return Ok(true),
            Some("failed" | "canceled" | "returned") => return Ok(false),
            _ => {}
        }
        tokio::time::sleep(pause).await;
        waited += pause;
    }
    Ok(false)
}

fn print_timeline(payout: &Value, timeline: &Value) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    eprintln!(
        "\n{} payout {}: amount {} fee {} net {} -> {}",
        text(&payout["rail"]),
        text(&payout["id"]),
        payout["amount"],
        payout["fee"],
        payout["netAmount"],
        text(&timeline["status"]),
    );
    for item in timeline["items"].as_array().into_iter().flatten() {
        let legs: Vec<String> = item["legs"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|leg| format!("{} {}", text(&leg["account"]), leg["amount"]))
            .collect();
        eprintln!(
            "  {} {:<9} {:<11} {:<42} {}",
            text(&item["at"]),
            text(&item["event"]),
            text(&item["to"]),
            legs.join(", "),
            text(&item["message"]),
        );
    }
}
