//! What a binary finds when it starts: the table with the start data of the sample events, and every
//! service it calls, all on loopback.
//!
//! Clock and entropy of the start data stand still, so its ids are the ones the event files name.

pub(crate) mod batches;
mod charges;
mod reconciliations;
mod reviews;

use std::collections::BTreeMap;

use app::{
    breaker::Breaker,
    call::{Call, Clock, Entropy},
    changes::Changes,
    create_deposit::{self, CreateDeposit},
    create_payout::{self, CreatePayout, Source},
    dispatch_payout::Dispatcher,
    key_ring,
    memory::{MemoryQueue, Operation, ScriptedProvider, Trouble},
    message::{Message, QueueName},
    port::{Plaintext, Providers, SealedFor, Store, Unreachable, Vault},
    put_load::{self, PutLoad},
    put_payout_method::{self, PutPayoutMethod},
    record::{ApiKey, Key, Record},
    register_driver::{self, RegisterDriver},
    request_key::Asking,
    scope,
    seal::Seal,
    verify_driver::{self, VerifyDriver},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::{
    answer::Refusal,
    driver::{KycDecision, MethodKind},
    fee::{FeeSchedule, Rail},
    ids::{AttemptRef, DriverId, LoadId, Mode, OvnDriverId, PayoutId, TenantId},
    money::Cents,
    rate::RateLimit,
    routing::Provider,
    time::Timestamp,
    transition::Actor,
};
use local::{
    clock::MovableClock,
    engine::{Engine, TABLE},
    twins::{
        Books, Sandbox,
        payelata::{ACCOUNT_ID, API_KEY, PUBLIC_KEY_TEST},
    },
};
use platform::{
    dynamo::DynamoStore,
    pace::Pace,
    provider::{
        AnyProvider,
        http::Http,
        payelata::{
            Payelata,
            settings::{BANK_SERVICE, CallbackSecrets, PayelataSettings},
        },
    },
};
use tokio::net::TcpListener;

use crate::aws::{self, Aws};

/// When the start data was made.
const NOW: Timestamp = Timestamp::from_millis(1769860800000);
pub(crate) const NOW_TEXT: &str = "2026-01-31T12:00:00Z";
/// The payouts of the start data: one to be dispatched, one that failed, one at the provider.
pub(crate) const IDS: [&str; 3] = [
    "pay_01KG9YS7G017EA6Z5MC776F3FM",
    "pay_01KG9YS7G0SP0QPEQ7EAYJ0GZ7",
    "pay_01KG9YS7G0Z27N21FF9ER781EG",
];

/// `5ea1`, sixteen times.
const SEAL_KEY: &str = "5ea15ea15ea15ea15ea15ea15ea15ea15ea15ea15ea15ea15ea15ea15ea15ea1";
pub(crate) const KEY_ID: &str = "sampleevents";
const KEY_SECRET: &str = "only-for-the-sample-events-not-a-secret";

/// Everything one binary works with.
pub(crate) struct Scene {
    pub(crate) aws: Aws,
    sandbox: String,
    props: Props,
}

impl Scene {
    /// The start data of `function`'s event, and the services behind it.
    pub(crate) async fn set(function: &str) -> Self {
        let clock = MovableClock::in_memory();
        let sandbox = sandbox(clock.clone()).await;
        let engine = Engine::in_memory().expect("an engine");
        engine.create_table().expect("a table");
        let props = Props::new(&engine, &sandbox);
        props.put_key().await;
        // A registration that is new: everything else needs a driver who is there.
        if function != "register-driver" {
            props.put_driver().await;
            props.put_money_and_loads().await;
            // A driver can be deleted only while no payout is under way.
            if function != "delete-driver" {
                props.put_reconciliation(function).await;
                props.put_payouts().await;
            }
            props.put_batch(function).await;
            props.put_charge(function).await;
            props.put_review(function).await;
        }
        // What the provider has in its hands by now is done, on however slow a computer.
        let later = clock.now_ms() + 3_600_000;
        clock.move_to(later).expect("a clock without a file");
        Self {
            aws: Aws::serve(engine).await,
            sandbox,
            props,
        }
    }

    /// Where the payouts of the start data and their first attempts stand.
    pub(crate) async fn payouts(&self) -> BTreeMap<&'static str, String> {
        let mut found = BTreeMap::new();
        for id in IDS {
            let payout = PayoutId::parse(id).expect("a payout");
            let reference = AttemptRef::new(payout.clone(), 1);
            let tenant = &self.props.tenant;
            let keys = [
                Key::Payout(tenant.clone(), payout),
                Key::Attempt(tenant.clone(), reference),
            ];
            let records = self.props.store.fetch(&keys).await.expect("readable");
            let states = records.into_iter().flatten().map(|record| match record {
                Record::Payout(payout) => payout.status.name(),
                Record::Attempt(attempt) => attempt.state.name(),
                other => panic!("{other:?}"),
            });
            found.insert(id, states.collect::<Vec<_>>().join(", attempt "));
        }
        found
    }

    /// The value of a variable of template.yaml.
    pub(crate) fn setting(&self, variable: &str) -> String {
        let aws = self.aws.url();
        match variable {
            "OVN_TABLE" => TABLE.to_owned(),
            "OVN_SEAL_KEY" => SEAL_KEY.to_owned(),
            "OVN_DISPATCH_QUEUE_URL" => format!("{aws}/123456789012/DispatchQueue"),
            "OVN_PAYELATA_QUEUE_URL" => format!("{aws}/123456789012/PayelataQueue"),
            "OVN_OWLPAY_QUEUE_URL" => format!("{aws}/123456789012/OwlpayQueue"),
            "OVN_PAYWIZARD_QUEUE_URL" => format!("{aws}/123456789012/PaywizardQueue"),
            "OVN_CHECK_QUEUE_URL" => format!("{aws}/123456789012/CheckQueue"),
            "OVN_BATCH_QUEUE_URL" => format!("{aws}/123456789012/BatchQueue"),
            "OVN_VENDORS_QUEUE_URL" => format!("{aws}/123456789012/VendorsQueue"),
            "OVN_VAULT_KEY_ID" => "VaultKey".to_owned(),
            "OVN_MODE" => "test".to_owned(),
            "OVN_PAYELATA_BASE" => format!("{}/payelata/api", self.sandbox),
            "OVN_PAYELATA_PUBLIC_BASE" => format!("{}/payelata/public-api", self.sandbox),
            "OVN_PAYELATA_PUBLIC_KEY" => PUBLIC_KEY_TEST.to_owned(),
            "OVN_PAYELATA_ACCOUNT_ID" => ACCOUNT_ID.to_owned(),
            "OVN_PAYELATA_API_KEY" => API_KEY.to_owned(),
            "OVN_PAYELATA_CALLBACK_KEYS_TEST" => "sk_test_EXAMPLEKEY0001".to_owned(),
            "OVN_OWLPAY_CALLBACK_KEYS_TEST" => crate::signed::OWLPAY_SECRET.to_owned(),
            "OVN_PAYWIZARD_CHANNELS" => "FACTOR4".to_owned(),
            "OVN_PAYWIZARD_BASE"
            | "OVN_PAYWIZARD_SANDBOX_HOSTS"
            | "OVN_PAYWIZARD_REFUSAL_CODES"
            | "OVN_PAYWIZARD_AMOUNT_UNIT"
            | "OVN_PAYWIZARD_TOP_UPS"
            | "OVN_PAYWIZARD_CLIENT_ID"
            | "OVN_PAYWIZARD_CLIENT_SECRET"
            | "OVN_PAYWIZARD_TOKEN"
            | "OVN_OWLPAY_BASE"
            | "OVN_OWLPAY_API_KEY"
            | "OVN_OWLPAY_SANDBOX_HOSTS"
            | "OVN_OWLPAY_REMIT_CHANNEL"
            | "OVN_OWLPAY_REMIT_COUNTRY"
            | "OVN_OWLPAY_REMIT_APPLICANT"
            | "OVN_OWLPAY_CALLBACK_KEYS_LIVE"
            | "OVN_PAYELATA_CALLBACK_KEYS_LIVE"
            | "OVN_PAYELATA_BANK_SERVICE"
            | "OVN_PAYELATA_SANDBOX_HOSTS" => String::new(),
            "OVN_PUBLIC_URL" => "https://pay.example".to_owned(),
            _ => panic!("{variable} has no value in this test"),
        }
    }
}

/// The provider's twin; its address.
async fn sandbox(clock: MovableClock) -> String {
    let sandbox = Sandbox::open(Books::in_memory().expect("books"), clock);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(sandbox.serve(listener, axum::Router::new()));
    format!("http://{address}")
}

/// Seals as the stand-in for KMS does, so that a binary can open what was put here.
#[derive(Clone)]
struct SampleVault;

impl Vault for SampleVault {
    async fn seal(
        &self,
        tenant: &TenantId,
        owner: &SealedFor,
        plain: &Plaintext,
    ) -> Result<String, Unreachable> {
        let sealed = aws::sealed(
            &aws::context(&tenant.to_string(), owner),
            plain.0.as_bytes(),
        );
        Ok(STANDARD.encode(sealed))
    }

    async fn open(
        &self,
        tenant: &TenantId,
        owner: &SealedFor,
        sealed: &str,
    ) -> Result<Plaintext, Unreachable> {
        let sealed = STANDARD.decode(sealed).expect("base64");
        let plain = aws::opened(&aws::context(&tenant.to_string(), owner), &sealed);
        let plain = plain.expect("sealed for this owner");
        Ok(Plaintext(String::from_utf8(plain).expect("UTF-8")))
    }
}

/// Puts the start data through the use cases, so that it is what a real client would have left.
struct Props {
    store: DynamoStore,
    queue: MemoryQueue,
    seal: Seal,
    tenant: TenantId,
    driver: DriverId,
    payelata: AnyProvider,
}

impl Props {
    fn new(engine: &Engine, sandbox: &str) -> Self {
        let mut key = [0; 32];
        hex::decode_to_slice(SEAL_KEY, &mut key).expect("32 bytes");
        let seal = Seal::new(key);
        let tenant = TenantId::new("acme", Mode::Test).expect("a tenant");
        let driver = seal.driver_id(&tenant, &ovn_driver());
        let settings = PayelataSettings {
            private_base: format!("{sandbox}/payelata/api"),
            account_id: ACCOUNT_ID.into(),
            api_key: API_KEY.into(),
            callback_base: "https://pay.example".to_owned(),
            callback_secrets: CallbackSecrets::default(),
            bank_service: BANK_SERVICE.to_owned(),
            mode: Mode::Test,
            sandbox_hosts: Vec::new(),
        };
        let http = Http::new(Pace::real()).expect("a client");
        let payelata = Payelata::new(settings, http).expect("safe settings");
        Self {
            store: DynamoStore::new(engine.client(), TABLE.to_owned()),
            queue: MemoryQueue::new(Clock::standing_at(NOW)),
            seal,
            tenant,
            driver,
            payelata: AnyProvider::new(payelata),
        }
    }

    /// The call of that number: its ids follow from it.
    fn call(number: u128) -> Call {
        Call {
            clock: Clock::standing_at(NOW),
            entropy: Entropy::new(number),
            actor: Actor::System("sample".to_owned()),
        }
    }

    fn asking<T>(&self) -> Asking<'_, T> {
        Asking {
            tenant: &self.tenant,
            key: None,
            render: &|_| String::new(),
        }
    }

    async fn put_key(&self) {
        let key = ApiKey {
            id: KEY_ID.to_owned(),
            version: 1,
            tenant: self.tenant.clone(),
            name: "sample events".to_owned(),
            owner: "sample".to_owned(),
            operator: true,
            digest: self.seal.api_key(KEY_SECRET),
            previous: None,
            limit: RateLimit::STANDARD,
            scopes: scope::ALL.iter().map(ToString::to_string).collect(),
            expires_at: None,
            revoked_at: None,
            created_at: NOW,
        };
        let ring = key_ring::read(&self.store, &self.tenant).await;
        let changes = Changes::new("key", Self::call(100).tx_id("key"));
        let changes = ring
            .expect("readable")
            .add(changes, key, NOW)
            .expect("one key");
        self.store.commit(changes).await.expect("a key");
    }

    async fn put_driver(&self) {
        let register = RegisterDriver {
            asking: self.asking(),
            id: self.driver.clone(),
            ovn_id: ovn_driver(),
            name: "John Smith".to_owned(),
            email: "john@example.com".to_owned(),
            phone: "+15551234567".to_owned(),
        };
        let registered = register_driver::run(&Self::call(101), &self.store, register).await;
        registered.expect("a driver");
        let method = PutPayoutMethod {
            asking: self.asking(),
            driver: self.driver.clone(),
            kind: MethodKind::Card,
            masked: "****0000".to_owned(),
            account: Plaintext(r#"{"type":"card","cardNumber":"5123817234060000"}"#.to_owned()),
        };
        let call = Self::call(102);
        let means = put_payout_method::Means {
            vault: &SampleVault,
            providers: &AnyProvider::default(),
        };
        let put = put_payout_method::run(&call, &self.store, means, method).await;
        put.expect("a method");
        let verify = VerifyDriver {
            asking: self.asking(),
            driver: self.driver.clone(),
            decision: KycDecision::Approve,
            reason: "documents checked".to_owned(),
        };
        let verified = verify_driver::run(&Self::call(103), &self.store, verify).await;
        verified.expect("a verified driver");
    }

    async fn put_money_and_loads(&self) {
        let reference = "opening balance".to_owned();
        let deposit = CreateDeposit {
            asking: self.asking(),
            id: self.seal.deposit_id(&self.tenant, &reference),
            amount: Cents::new(5_000_000),
            reference,
            owner: "sample".to_owned(),
        };
        let posted = create_deposit::run(&Self::call(104), &self.store, deposit).await;
        posted.expect("money");
        for (number, load) in (110..).zip(["L-12345", "L-12346", "L-12347"]) {
            self.put_load(number, load).await;
        }
    }

    async fn put_load(&self, number: u128, load: &str) {
        let load = PutLoad {
            asking: self.asking(),
            load: LoadId::parse(load).expect("a load"),
            driver: self.driver.clone(),
            amount: Cents::new(45_000),
            description: None,
            metadata: None,
        };
        let put = put_load::run(&Self::call(number), &self.store, load).await;
        put.expect("a load");
    }

    async fn put_payouts(&self) {
        let by_amount = Source::Driver {
            driver: self.driver.clone(),
            amount: Cents::new(45_000),
            description: Some("Detention at the dock".to_owned()),
        };
        let load = |id| Source::Load(LoadId::parse(id).expect("a load"));
        self.put_payout(1, load("L-12346")).await;
        self.put_payout(2, load("L-12347")).await;
        let refusing = ScriptedProvider::default();
        refusing.trouble(Operation::Create, Trouble::Refused(Refusal::Input));
        self.dispatch_last(12, refusing).await;
        self.put_payout(3, by_amount).await;
        self.dispatch_last(13, self.payelata.clone()).await;
    }

    async fn put_payout(&self, number: u128, source: Source) {
        // What was sent for the payouts before this one is not delivered.
        while self.queue.take(QueueName::Dispatch, NOW).is_some() {}
        let create = CreatePayout {
            asking: self.asking(),
            source,
            rail: Rail::Standard,
            may_fall_back: false,
            requested_by: None,
            fees: &FeeSchedule::default(),
        };
        let call = Self::call(number);
        let created = create_payout::run(&call, &self.store, &self.queue, create).await;
        created.expect("a payout");
    }

    /// Delivers the message of the newest payout.
    async fn dispatch_last(&self, number: u128, providers: impl Providers) {
        let message = self.queue.take(QueueName::Dispatch, NOW);
        let Some(Message::Dispatch(dispatch)) = message else {
            panic!("a payout is followed by its dispatch");
        };
        let dispatcher = Dispatcher {
            store: self.store.clone(),
            queue: self.queue.clone(),
            providers,
            vault: SampleVault,
            seal: self.seal.clone(),
            breaker: Breaker::default(),
        };
        let done = dispatcher
            .run(&Self::call(number), &dispatch.to(Provider::Payelata))
            .await;
        done.expect("dispatched");
    }
}

fn ovn_driver() -> OvnDriverId {
    OvnDriverId::parse("OVN-DRIVER-789").expect("an id")
}
