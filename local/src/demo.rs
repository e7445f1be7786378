//! The first payouts, end to end over HTTP: a standard and an instant one, and a batch of three, on loads and
//! money of the demo's own, so that the start data stays as the documentation prints it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    client::Client,
    host::{Fault, Host},
};

const AMOUNT: i64 = 45_000;
/// How long the demo waits for a payout: far longer than it needs.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often it looks.
const PAUSE: Duration = Duration::from_millis(20);

/// Runs the demo and prints it on stderr. Returns whether every payout completed.
///
/// # Errors
/// When a call fails.
pub async fn run(host: &Host) -> Result<bool, Fault> {
    let client = Client::of(&host.ready)?;
    let run = host.world.backend.clock.now().millis();
    let loads: Vec<_> = (1..=5)
        .map(|number| format!("DEMO-{run}-{number}"))
        .collect();
    for load in &loads {
        let body = json!({"driverId": "OVN-DRIVER-789", "amount": AMOUNT});
        client.put(&format!("/api/v1/loads/{load}"), &body).await?;
    }
    let deposit = json!({"amount": 5 * AMOUNT, "reference": format!("demo-{run}")});
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
    completed &= batch(&client, &loads[2..]).await?;
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

/// Previews, makes and releases a batch. Returns whether it completed with every line paid.
async fn batch(client: &Client, loads: &[String]) -> Result<bool, Fault> {
    let mut wish = json!({"name": "Demo batch", "loadIds": loads});
    let preview = client.post("/api/v1/batches/preview", &wish).await?;
    wish["planHash"] = preview["planHash"].clone();
    let made = client.post("/api/v1/batches", &wish).await?;
    let path = format!(
        "/api/v1/batches/{}",
        made["id"].as_str().unwrap_or_default()
    );
    client.post(&format!("{path}/release"), &json!({})).await?;
    let mut waited = Duration::ZERO;
    let mut batch = client.get(&path).await?;
    while batch["status"] == "processing" && waited < PATIENCE {
        tokio::time::sleep(PAUSE).await;
        waited += PAUSE;
        batch = client.get(&path).await?;
    }
    eprintln!(
        "\nbatch {}: {} payouts, amount {} fees {} net {} -> {}, {} paid",
        batch["id"].as_str().unwrap_or_default(),
        batch["payoutCount"],
        batch["totalAmount"],
        batch["totalFees"],
        batch["netAmount"],
        batch["status"].as_str().unwrap_or_default(),
        batch["paidCount"],
    );
    Ok(batch["status"] == "completed" && batch["paidCount"] == loads.len())
}

async fn wait(client: &Client, id: &str) -> Result<bool, Fault> {
    let mut waited = Duration::ZERO;
    while waited < PATIENCE {
        let payout = client.get(&format!("/api/v1/payouts/{id}")).await?;
        match payout["status"].as_str() {
            Some("completed") => return Ok(true),
            Some("failed" | "canceled" | "returned") => return Ok(false),
            _ => {}
        }
        tokio::time::sleep(PAUSE).await;
        waited += PAUSE;
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
