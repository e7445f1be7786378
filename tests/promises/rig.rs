//! A host in memory, and calls of its own adapters to its own twins.

use std::sync::atomic::{AtomicU64, Ordering};

use app::port::{CreateOrder, Lookup, Plaintext, Providers};
use domain::{
    answer::Answer,
    attempt::{Attempt, Opening, PinnedMethod},
    attempt_machine::AttemptState,
    driver::MethodKind,
    fee::Rail,
    ids::{AttemptRef, DriverId, PayoutId, ProviderId, TenantId},
    manifest::{Manifest, Steps, manifest},
    money::Cents,
    payout::Payout,
    routing::{Provider, served_by},
    time::Timestamp,
};
use local::{
    client::Client,
    comparison::{Direction, Movement},
    host::{Host, Options, Place},
};
use serde_json::{Value, json};

/// What every attempt here is over.
pub(crate) const NET: i64 = 12_345;

pub(crate) struct Rig {
    pub(crate) host: Host,
    pub(crate) client: Client,
    http: reqwest::Client,
    /// A payout that was made, for new attempts to be of.
    payout: Payout,
    made: AtomicU64,
}

/// What is paid through a provider: the first method and rail of the routing table that it serves.
pub(crate) fn service(provider: Provider) -> (MethodKind, Rail) {
    let served = served_by(provider);
    *served.first().expect("every provider serves something")
}

/// A payout method of this kind, as a driver gives it.
pub(crate) fn method(kind: MethodKind) -> Value {
    match kind {
        MethodKind::Card => json!({"type": "card", "cardNumber": "5123817234060000"}),
        MethodKind::BankAccount => json!({"type": "bank_account", "accountNumber": "000123456789",
            "routingNumber": "021000021", "holder": "Ana Ruiz"}),
        MethodKind::PrepaidCard => json!({"type": "prepaid_card", "accountId": "6000000000001234"}),
    }
}

/// What the twin calls the call that creates.
pub(crate) fn create_operation(provider: Provider) -> &'static str {
    match manifest(provider).steps {
        Steps::One => "topup",
        Steps::Two => "create",
    }
}

impl Rig {
    /// A host with a driver for every provider, whom it may pay.
    pub(crate) async fn new() -> Self {
        let host = Host::start(Options {
            port: 0,
            sandbox_port: 0,
            aws_port: None,
            place: Place::Memory,
        })
        .await
        .expect("the host starts");
        let client = Client::of(&host.ready).expect("a client");
        for provider in Provider::ALL {
            register(&client, provider).await;
        }
        // OwlPay looks at its drivers itself.
        host.pump.advance(1_800).await.expect("moved");
        let payout = a_payout(&host, &client).await;
        Self {
            host,
            client,
            http: reqwest::Client::new(),
            payout,
            made: AtomicU64::new(0),
        }
    }

    fn adapter(&self) -> &impl Providers {
        &self.host.world.providers
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.host.world.backend.clock.now()
    }

    /// An attempt of a payout of its own, whose create is about to leave.
    pub(crate) async fn attempt(&self, provider: Provider) -> Attempt {
        let (kind, rail) = service(provider);
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let payout: PayoutId = format!("pay_PROMISE{number}").parse().expect("an id");
        let driver = driver(&self.host, provider).await;
        let opening = Opening {
            reference: AttemptRef::new(payout, 1),
            provider,
            method: Some(PinnedMethod { kind, version: 1 }),
            route: "a test".to_owned(),
            left: Vec::new(),
            fallback: Vec::new(),
            at: self.now(),
        };
        Attempt {
            state: AttemptState::Sending,
            rail,
            net: Cents::new(NET),
            driver: driver.0,
            payee: driver.1,
            tries: 1,
            sent_at: Some(self.now()),
            ..Attempt::prepared(&self.payout, opening)
        }
    }

    pub(crate) async fn create(&self, attempt: &Attempt) -> Answer {
        self.create_with(attempt, service(attempt.provider).0).await
    }

    /// Creates with an account of this kind, whether the provider serves it or not.
    pub(crate) async fn create_with(&self, attempt: &Attempt, kind: MethodKind) -> Answer {
        let account = Plaintext(method(kind).to_string());
        let order = CreateOrder {
            attempt,
            method: kind,
            account: &account,
            callback_token: "nobody.listens".to_owned(),
        };
        self.adapter().create(order).await
    }

    pub(crate) async fn process(&self, attempt: &Attempt, object: &ProviderId) -> Answer {
        self.adapter().process(attempt, object).await
    }

    pub(crate) async fn look_up(&self, attempt: &Attempt) -> Answer {
        self.adapter().read(attempt, &Lookup::Reference).await
    }

    /// The next call of this operation goes wrong like this.
    pub(crate) async fn fault(&self, provider: Provider, operation: &str, fault: &str) {
        let order = json!({"provider": provider.name(), "operation": operation, "fault": fault});
        self.control("/_control/faults", &order).await;
    }

    /// Reads by the provider's own id.
    pub(crate) async fn read(&self, attempt: &Attempt, object: &ProviderId) -> Answer {
        let lookup = Lookup::Object(object.clone());
        self.adapter().read(attempt, &lookup).await
    }

    /// What the twin is to make of a payment that it has.
    pub(crate) async fn order(&self, attempt: &Attempt, status: &str) {
        let name = local::comparison::name_at(attempt.provider, &attempt.reference.to_string());
        let order =
            json!({"provider": attempt.provider.name(), "status": status, "reference": name});
        self.control("/_control/outcomes", &order).await;
    }

    /// From now on the calls to this provider are counted; nothing else becomes of them.
    pub(crate) async fn count(&self, provider: Provider) {
        let order = json!({"provider": provider.name(), "operation": "*", "fault": "delay:0", "share": 100});
        self.control("/_control/faults", &order).await;
    }

    /// The calls since [`count`](Self::count).
    pub(crate) async fn calls(&self) -> u64 {
        let shares = self.client.control("/_control/faults", None).await;
        let shares = shares.expect("answered");
        let calls = shares[0]["calls"].as_u64().expect("counted");
        self.control("/_control/reset", &Value::Null).await;
        calls
    }

    /// The answer to the next create is lost, after the work was done.
    pub(crate) async fn lose_answer(&self, provider: Provider) {
        let operation = create_operation(provider);
        self.fault(provider, operation, "drop_after").await;
    }

    async fn control(&self, path: &str, body: &Value) {
        let done = self.client.control(path, Some(body)).await;
        done.expect("the control takes it");
    }

    /// An attempt of a real payout that the provider has paid.
    pub(crate) async fn paid_attempt(&self, provider: Provider) -> Attempt {
        let load = format!("LOAD-{}", provider.name());
        let body = json!({"driverId": name(provider), "amount": 45_000});
        let path = format!("/api/v1/loads/{load}");
        self.client.put(&path, &body).await.expect("put");
        let body = json!({ "loadId": load });
        let payouts = "/api/v1/payouts";
        self.client.post(payouts, &body).await.expect("made");
        self.host.pump.advance(3_600).await.expect("moved");
        let dump = self.host.world.backend.store.dump().await;
        let dump = dump.expect("readable");
        let is_paid = |it: &&Attempt| it.provider == provider && it.state == AttemptState::Paid;
        let mut paid = dump.attempts().filter(is_paid);
        paid.next().cloned().expect("paid")
    }

    /// The status of the answer to a call without a key.
    pub(crate) async fn post(&self, path: &str, header: Option<(&str, String)>, body: &str) -> u16 {
        let url = format!("{}{path}", self.host.ready.api);
        let mut request = self.http.post(url).body(body.to_owned());
        request = request.header("content-type", "application/json");
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        request.send().await.expect("answered").status().as_u16()
    }

    /// What the twins have made of an attempt, and what of it left for the driver.
    pub(crate) async fn made(&self, attempt: &Attempt) -> (usize, Vec<i64>) {
        let name = local::comparison::name_at(attempt.provider, &attempt.reference.to_string());
        let path = format!("/_control/payments?reference={name}");
        let rows = self.client.control(&path, None).await.expect("answered");
        let rows: Vec<Movement> = serde_json::from_value(rows).expect("rows");
        let is_out = |row: &&Movement| row.paid && row.direction == Direction::Out;
        let paid = rows.iter().filter(is_out).map(|row| row.amount_minor);
        (rows.len(), paid.collect())
    }
}

/// The promises of every provider.
pub(crate) fn promises() -> impl Iterator<Item = &'static Manifest> {
    Provider::ALL.into_iter().map(manifest)
}

fn name(provider: Provider) -> String {
    format!("PROMISE-{}", provider.name())
}

async fn register(client: &Client, provider: Provider) {
    let (kind, _) = service(provider);
    let name = name(provider);
    let body = json!({"ovnDriverId": name, "name": "Ana Ruiz", "email": "ana@example.com",
        "phone": "+15551234567"});
    let path = format!("/api/v1/drivers/{name}");
    let method_path = format!("{path}/payout-method");
    let done = async {
        client.post("/api/v1/drivers", &body).await?;
        client.put(&method_path, &method(kind)).await?;
        if provider != Provider::Owlpay {
            let body = json!({"decision": "approve", "reason": "seen"});
            client.post(&format!("{path}/verification"), &body).await?;
        }
        Ok::<_, local::host::Fault>(())
    };
    done.await.expect("a driver");
}

/// Our id of a provider's driver, and the provider's own.
async fn driver(host: &Host, provider: Provider) -> (DriverId, Option<ProviderId>) {
    let dump = host.world.backend.store.dump().await.expect("readable");
    let mut drivers = dump.drivers();
    let driver = drivers.find(|it| it.ovn_id.as_str() == name(provider));
    let driver = driver.expect("registered");
    assert!(driver.is_approved_at(provider), "{}", provider.name());
    (driver.id.clone(), driver.payee_at(provider).cloned())
}

/// Any payout of the tenant.
async fn a_payout(host: &Host, client: &Client) -> Payout {
    let body = json!({"loadId": "L-12345"});
    client.post("/api/v1/payouts", &body).await.expect("made");
    host.pump.advance(3_600).await.expect("moved");
    let dump = host.world.backend.store.dump().await.expect("readable");
    let tenant: TenantId = "acme~test".parse().expect("a tenant");
    let mut payouts = dump.payouts();
    let payout = payouts.find(|payout| payout.tenant == tenant);
    payout.cloned().expect("a payout")
}
