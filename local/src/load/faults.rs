//! Payouts over every provider while a share of all calls to the providers, and of their callbacks, misbehaves. When
//! nothing is under way any more, the twins' books are held against ours.

use std::{collections::BTreeSet, time::Instant};

use app::{audit, message::QueueName};
use serde_json::{Value, json};

use super::{
    endpoints::{AMOUNT, DRIVER},
    fault_report::{FaultReport, Met},
    for_each, fund,
};
use crate::{
    client::Client,
    comparison::{self, Movement, Open},
    host::{Fault, Host, Options, Place},
};

/// What goes wrong with a call to any provider. The delay is longer than any caller waits.
const CALL_FAULTS: [&str; 8] = [
    "drop_before",
    "drop_after",
    "status:500_before",
    "status:500_after",
    "status:429_before",
    "status:503_after",
    "garbage_after",
    "delay:60",
];
/// And with a call to those whose HTTP status does not tell everything.
const OWLPAY_FAULTS: [&str; 2] = ["body_status:500_before", "body_status:500_after"];
const PAYWIZARD_FAULTS: [&str; 2] = ["code:500_before", "code:500_after"];
/// What goes wrong with a callback.
const CALLBACK_FAULTS: [&str; 4] = ["lose", "duplicate", "reorder", "bad_signature"];
/// How many drivers OwlPay pays.
const BANK_DRIVERS: usize = 10;
/// OwlPay has approved a driver by then.
const APPROVED_AFTER: u32 = 1_800;
/// How far the clock moves, in hours, until nothing is under way; then the payouts that still are count as stuck.
const STEPS: [u32; 12] = [1, 1, 2, 4, 8, 8, 24, 24, 48, 120, 240, 480];
const HOUR: u32 = 3_600;

/// What is run.
#[derive(Clone, Debug)]
pub struct FaultRun {
    pub payouts: usize,
    /// Of a hundred calls, how many misbehave: 1 to 100.
    pub percent: u32,
    /// Another seed, other calls.
    pub seed: u32,
    pub place: Place,
}

/// Who is paid, and how: what the numbers of payouts go through.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Card { instant: bool },
    Bank,
    Prepaid { instant: bool },
}

impl Way {
    const ALL: [Self; 6] = [
        Self::Card { instant: false },
        Self::Card { instant: true },
        Self::Bank,
        Self::Bank,
        Self::Prepaid { instant: false },
        Self::Prepaid { instant: true },
    ];

    const fn of(number: usize) -> Self {
        Self::ALL[number % Self::ALL.len()]
    }

    const fn is_instant(self) -> bool {
        match self {
            Self::Card { instant } | Self::Prepaid { instant } => instant,
            Self::Bank => false,
        }
    }

    /// The driver of the payout of this number. A prepaid card takes one payment at a time, and none while people
    /// decide about one, so every payment has a card of its own.
    fn driver(self, number: usize) -> String {
        match self {
            Self::Card { .. } => DRIVER.to_owned(),
            Self::Bank => format!("BANK-{}", number % BANK_DRIVERS),
            Self::Prepaid { .. } => format!("PREPAID-{number}"),
        }
    }
}

/// Runs payouts on a fresh host until nothing but reviews is open, and compares.
///
/// # Errors
/// When the host cannot start or a call fails; not when something is wrong with the outcome, which the report tells.
#[expect(
    clippy::disallowed_methods,
    reason = "a load is measured in real time, not on the movable clock"
)]
pub async fn run(wish: FaultRun) -> Result<FaultReport, Fault> {
    let started = Instant::now();
    let host = Host::start(Options {
        port: 0,
        sandbox_port: 0,
        aws_port: None,
        place: wish.place.clone(),
    })
    .await?;
    let client = Client::of(&host.ready)?;
    let run = host.world.backend.clock.now().millis();
    furnish(&host, &client, (run, wish.payouts)).await?;
    misbehave(&client, &wish).await?;
    let began = host.world.backend.clock.now();
    // In real time a call that hangs would hold its worker for its whole timeout; the clock steps over that.
    let held = host.pump.hold(QueueName::Dispatch).await;
    for_each(&client, wish.payouts, move |client, number| async move {
        let load = load(run, number);
        if Way::of(number).is_instant() {
            let body = json!({"loadId": load, "requestedBy": "load"});
            client.post("/api/v1/payouts/instant", &body).await?;
        } else {
            let body = json!({ "loadId": load });
            client.post("/api/v1/payouts", &body).await?;
        }
        Ok(())
    })
    .await?;
    drop(held);
    for hours in STEPS {
        host.pump.advance(hours * HOUR).await?;
        if open(&host, &client)
            .await?
            .iter()
            .all(|it| it.review.is_some())
        {
            break;
        }
    }
    let met = met(&client).await?;
    // Callbacks that were held back come now, and must change nothing.
    client
        .control("/_control/reset", Some(&Value::Null))
        .await?;
    host.pump.advance(HOUR).await?;
    let took = host.world.backend.clock.now().since(began);
    let dump = host.world.backend.store.dump().await?;
    let mut report = FaultReport::new(
        &dump,
        comparison::compare(&dump, &movements(&client).await?),
        met,
    );
    report.find_reviews(&reviewed(&client).await?);
    report.find_others(audit::findings(&dump), wish.payouts);
    report.clock = took;
    report.elapsed = started.elapsed();
    Ok(report)
}

fn load(run: i64, number: usize) -> String {
    format!("LOAD-{run}-{number}")
}

/// Drivers who can be paid, loads of different amounts, and the money for them.
async fn furnish(host: &Host, client: &Client, (run, payouts): (i64, usize)) -> Result<(), Fault> {
    fund(client, payouts, run).await?;
    let drivers: BTreeSet<_> = (0..payouts)
        .map(|number| (Way::of(number).driver(number), number))
        .filter(|(name, _)| name != DRIVER)
        .collect();
    let mut drivers: Vec<_> = drivers.into_iter().collect();
    drivers.dedup_by(|one, other| one.0 == other.0);
    let count = drivers.len();
    for_each(client, count, move |client, place| {
        let (name, number) = drivers[place].clone();
        async move { register(&client, &name, number).await }
    })
    .await?;
    host.pump.advance(APPROVED_AFTER).await?;
    for_each(client, payouts, move |client, number| async move {
        let amount = AMOUNT - i64::try_from(number % 5_000)?;
        let driver = Way::of(number).driver(number);
        let body = json!({"driverId": driver, "amount": amount});
        let path = format!("/api/v1/loads/{}", load(run, number));
        client.put(&path, &body).await.map(|_| ())
    })
    .await
}

async fn register(client: &Client, name: &str, number: usize) -> Result<(), Fault> {
    let body = json!({"ovnDriverId": name, "name": "Ana Ruiz", "email": "ana@example.com",
        "phone": "+15551234567"});
    client.post("/api/v1/drivers", &body).await?;
    let path = format!("/api/v1/drivers/{name}");
    let (method, by_owlpay) = match Way::of(number) {
        Way::Bank => {
            let account = format!("{:012}", 123_456_789 + number);
            let method = json!({"type": "bank_account", "accountNumber": account,
                "routingNumber": "021000021", "holder": "Ana Ruiz"});
            (method, true)
        }
        Way::Card { .. } | Way::Prepaid { .. } => {
            // The last two digits say that its calls succeed.
            let account = format!("6000{number:010}34");
            (json!({"type": "prepaid_card", "accountId": account}), false)
        }
    };
    client
        .put(&format!("{path}/payout-method"), &method)
        .await?;
    if !by_owlpay {
        let body = json!({"decision": "approve", "reason": "seen"});
        client.post(&format!("{path}/verification"), &body).await?;
    }
    Ok(())
}

/// From now on a share of everything misbehaves.
async fn misbehave(client: &Client, wish: &FaultRun) -> Result<(), Fault> {
    for (provider, more) in [
        ("payelata", &[][..]),
        ("owlpay", &OWLPAY_FAULTS[..]),
        ("paywizard", &PAYWIZARD_FAULTS[..]),
    ] {
        let faults = [&CALL_FAULTS[..], more].concat();
        share(client, wish, (provider, &faults)).await?;
        if provider != "paywizard" {
            share(client, wish, (provider, &CALLBACK_FAULTS)).await?;
        }
    }
    Ok(())
}

async fn share(
    client: &Client,
    wish: &FaultRun,
    (provider, faults): (&str, &[&str]),
) -> Result<(), Fault> {
    let order = json!({"provider": provider, "operation": "*", "faults": faults,
        "share": wish.percent, "seed": wish.seed});
    client.control("/_control/faults", Some(&order)).await?;
    Ok(())
}

/// What the shares met so far.
async fn met(client: &Client) -> Result<Vec<Met>, Fault> {
    let shares = client.control("/_control/faults", None).await?;
    Ok(serde_json::from_value(shares)?)
}

async fn movements(client: &Client) -> Result<Vec<Movement>, Fault> {
    let rows = client.control("/_control/payments", None).await?;
    Ok(serde_json::from_value(rows)?)
}

/// The payouts that have not ended.
async fn open(host: &Host, client: &Client) -> Result<Vec<Open>, Fault> {
    let dump = host.world.backend.store.dump().await?;
    Ok(comparison::compare(&dump, &movements(client).await?).open)
}

/// The payouts whose reviews are listed as open.
async fn reviewed(client: &Client) -> Result<BTreeSet<String>, Fault> {
    let mut payouts = BTreeSet::new();
    let mut next = Some("/api/v1/reviews?status=open&pageSize=100".to_owned());
    while let Some(path) = next {
        let page = client.get(&path).await?;
        let items = page["items"].as_array().into_iter().flatten();
        payouts.extend(items.filter_map(|it| it["payoutId"].as_str().map(str::to_owned)));
        let cursor = page["nextCursor"].as_str();
        next = cursor.map(|it| format!("/api/v1/reviews?status=open&pageSize=100&cursor={it}"));
    }
    Ok(payouts)
}
