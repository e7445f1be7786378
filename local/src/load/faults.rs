//! Payouts over every provider while a share of all calls to the providers, and of their callbacks, misbehaves. When
//! nothing is under way any more, the twins' books are held against ours.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use app::{
    audit::{self, Dump},
    message::QueueName,
};
use serde_json::{Value, json};

use super::{
    endpoints::{AMOUNT, DRIVER},
    fault_report::{FaultReport, Met},
    for_each, fund,
    news::{self, News},
    operators::{self, People, Truth},
};
use crate::{
    client::Client,
    comparison::{self, Comparison, Movement},
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
/// Of a hundred payments to cards and bank accounts, how many end without money at first.
const DOOMED: u64 = 12;
/// How far the clock moves between two looks of the operators, in seconds: what they ask for is read within a minute,
/// and a payment that came back unheard is read again after days.
const LOOKS: [u32; 8] = [60, 60, 600, HOUR, 60, 60, 6 * HOUR, 48 * HOUR];
/// How often they go through that; what is open then has no end.
const TURNS: usize = 5;

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
    let made: Made = Arc::default();
    let began = host.world.backend.clock.now();
    // In real time a call that hangs would hold its worker for its whole timeout; the clock steps over that.
    let held = host.pump.hold(QueueName::Dispatch).await;
    let making = Arc::clone(&made);
    for_each(&client, wish.payouts, move |client, number| {
        let making = Arc::clone(&making);
        async move {
            let load = load(run, number);
            let payout = if Way::of(number).is_instant() {
                let body = json!({"loadId": load, "requestedBy": "load"});
                client.post("/api/v1/payouts/instant", &body).await?
            } else {
                let body = json!({ "loadId": load });
                client.post("/api/v1/payouts", &body).await?
            };
            let id = payout["id"].as_str().unwrap_or_default().to_owned();
            let mut made = making.lock().unwrap_or_else(PoisonError::into_inner);
            made.push((number, id));
            Ok(())
        }
    })
    .await?;
    doom(&client, &made, wish.seed).await?;
    drop(held);
    let run = Run { host, client };
    run.rest().await?;
    let mut people = People::of(&run.host.ready, wish.seed)?;
    people.press(&run.dump().await?).await?;
    run.host.pump.advance(6 * HOUR).await?;
    let mut news = News::break_out(&run.client, &run.dump().await?, wish.seed).await?;
    run.settle(&mut people, &mut news).await?;
    let met = met(&run.client).await?;
    // Callbacks that were held back come now, and must change nothing.
    run.client
        .control("/_control/reset", Some(&Value::Null))
        .await?;
    run.host.pump.advance(HOUR).await?;
    run.settle(&mut people, &mut news).await?;
    let took = run.host.world.backend.clock.now().since(began);
    let (dump, compared) = run.compared().await?;
    let mut report = FaultReport::new(&dump, compared, met);
    report.find_reviews(&reviewed(&run.client).await?);
    let again = usize::try_from(people.deeds.again)?;
    report.find_others(audit::findings(&dump), wish.payouts + again);
    report.tell(&dump, &news, people.deeds);
    report.clock = took;
    report.elapsed = started.elapsed();
    Ok(report)
}

/// The payouts that were made, by their numbers.
type Made = Arc<Mutex<Vec<(usize, String)>>>;

/// A run whose payouts were made.
struct Run {
    host: Host,
    client: Client,
}

impl Run {
    async fn dump(&self) -> Result<Dump, Fault> {
        Ok(self.host.world.backend.store.dump().await?)
    }

    async fn compared(&self) -> Result<(Dump, Comparison), Fault> {
        let dump = self.dump().await?;
        let compared = comparison::compare(&dump, &movements(&self.client).await?);
        Ok((dump, compared))
    }

    /// Moves the clock until nothing but what people have to decide is open.
    async fn rest(&self) -> Result<(), Fault> {
        for hours in STEPS {
            self.host.pump.advance(hours * HOUR).await?;
            let (_, compared) = self.compared().await?;
            if compared.open.iter().all(|it| it.has_reason()) {
                break;
            }
        }
        Ok(())
    }

    /// Lets operators and clients work until nothing is left to decide, and nothing is unheard.
    async fn settle(&self, people: &mut People, news: &mut News) -> Result<(), Fault> {
        for seconds in LOOKS.into_iter().cycle().take(TURNS * LOOKS.len()) {
            let (dump, compared) = self.compared().await?;
            people.resume().await?;
            let acted = people.press(&dump).await?;
            let told = news.go_on(&self.client, &dump).await?;
            let is_settled = compared.open.is_empty() && compared.suspense.is_empty();
            if is_settled && compared.differences.is_empty() && !told && !acted {
                break;
            }
            let truth = Truth::of(&movements(&self.client).await?);
            people.decide(&dump, &truth).await?;
            self.host.pump.advance(seconds).await?;
        }
        Ok(())
    }
}

/// Some payments to cards and bank accounts are to end without money.
async fn doom(client: &Client, made: &Made, seed: u32) -> Result<(), Fault> {
    let made = made.lock().unwrap_or_else(PoisonError::into_inner).clone();
    for (number, id) in made {
        let reference = format!("{id}-a01");
        let is_doomed = news::draw(seed, &[&load(0, number), "doomed"]) % 100 < DOOMED;
        let by_owlpay = match Way::of(number) {
            Way::Prepaid { .. } => continue,
            Way::Bank => true,
            Way::Card { .. } => false,
        };
        if is_doomed {
            let (provider, status) = news::first_end(seed, &reference, by_owlpay);
            let order = json!({"provider": provider, "status": status, "reference": reference});
            client.control("/_control/outcomes", Some(&order)).await?;
        }
    }
    Ok(())
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

/// The payouts whose reviews are listed as open.
async fn reviewed(client: &Client) -> Result<BTreeSet<String>, Fault> {
    let reviews = operators::open_reviews(client).await?;
    let payouts = reviews.iter().filter_map(|it| it["payoutId"].as_str());
    Ok(payouts.map(str::to_owned).collect())
}
