//! A stage for flows: every port in memory behind fault points, one clock, and the workers' loop.

use app::{
    advance_batch::BatchWorker,
    breaker::Breaker,
    call::{Call, Clock, Entropy},
    charge_card::Charger,
    check_attempt::Checker,
    create_deposit::{self, CreateDeposit},
    create_payout::{self, CreatePayout, Source},
    dispatch_payout::Dispatcher,
    error::Error,
    memory::{FaultPoints, Faulty, MemoryQueue, MemoryStore, ScriptedProvider},
    message::{Message, QueueName},
    port::{DUE_SHARDS, Plaintext, SealedFor, Store, Unreachable, Vault},
    put_load::{self, PutLoad},
    put_payout_method::{self, PutPayoutMethod},
    record::{Balances, Key, OUTBOX_SHARDS, Record},
    register_driver::{self, RegisterDriver},
    relay_outbox,
    request_key::{Answered, Asking, RequestKey},
    seal::Seal,
    sweep_due,
    sync_vendor::VendorKeeper,
    verify_driver::{self, VerifyDriver},
};
use domain::{
    driver::{KycDecision, MethodKind},
    fee::{FeeSchedule, Rail},
    ids::{DriverId, LoadId, OvnDriverId, PayoutId, TenantId},
    load::Load,
    money::Cents,
    payout::Payout,
    time::Timestamp,
    transition::{Actor, Transition},
};
use std::sync::atomic::{AtomicU64, Ordering};

/// A vault that only marks what it sealed.
#[derive(Clone)]
pub(crate) struct MarkingVault;

impl Vault for MarkingVault {
    async fn seal(
        &self,
        _: &TenantId,
        _: &SealedFor,
        plain: &Plaintext,
    ) -> Result<String, Unreachable> {
        Ok(format!("sealed:{}", plain.0))
    }

    async fn open(
        &self,
        _: &TenantId,
        _: &SealedFor,
        sealed: &str,
    ) -> Result<Plaintext, Unreachable> {
        let plain = sealed.strip_prefix("sealed:");
        plain
            .map(|text| Plaintext(text.to_owned()))
            .ok_or_else(|| Unreachable("not sealed".to_owned()))
    }
}

type StagedDispatcher = Dispatcher<
    Faulty<MemoryStore>,
    Faulty<MemoryQueue>,
    Faulty<ScriptedProvider>,
    Faulty<MarkingVault>,
>;

pub(crate) type StagedCharger = Charger<
    Faulty<MemoryStore>,
    Faulty<MemoryQueue>,
    Faulty<ScriptedProvider>,
    Faulty<MarkingVault>,
>;

pub(crate) struct Stage {
    pub(crate) clock: Clock,
    pub(crate) points: FaultPoints,
    pub(crate) memory: MemoryStore,
    pub(crate) provider: ScriptedProvider,
    pub(crate) tenant: TenantId,
    pub(crate) driver: DriverId,
    store: Faulty<MemoryStore>,
    queue: Faulty<MemoryQueue>,
    messages: MemoryQueue,
    dispatcher: StagedDispatcher,
    draws: AtomicU64,
}

pub(crate) const AMOUNT: i64 = 45_000;
pub(crate) const WALLET: i64 = 1_000_000;

fn quietly<T>(tenant: &TenantId) -> Asking<'_, T> {
    Asking {
        tenant,
        key: None,
        render: &|_| String::new(),
    }
}

impl Stage {
    /// A stage with a funded wallet, a payable driver and the load `L-1`.
    pub(crate) async fn new() -> Self {
        let clock = Clock::standing_at(Timestamp::from_millis(1_769_860_800_000));
        let points = FaultPoints::new();
        let memory = MemoryStore::new();
        let messages = MemoryQueue::new(clock.clone());
        let provider = ScriptedProvider::default();
        let seal = Seal::new([7; 32]);
        let tenant: TenantId = "acme~test".parse().expect("valid");
        let ovn_id = OvnDriverId::parse("OVN-DRIVER-789").expect("valid");
        let driver = seal.driver_id(&tenant, &ovn_id);
        let (store, queue) = (points.wrap(memory.clone()), points.wrap(messages.clone()));
        let dispatcher = Dispatcher {
            store: store.clone(),
            queue: queue.clone(),
            providers: points.wrap(provider.clone()),
            vault: points.wrap(MarkingVault),
            seal,
            breaker: Breaker::default(),
        };
        let stage = Self {
            clock,
            points,
            memory,
            provider,
            tenant,
            driver,
            store,
            queue,
            messages,
            dispatcher,
            draws: AtomicU64::new(1),
        };
        stage.furnish(ovn_id).await;
        stage
    }

    async fn furnish(&self, ovn_id: OvnDriverId) {
        self.enrol(ovn_id).await;
        self.deposit("start", WALLET).await;
        self.put_load("L-1").await;
    }

    /// Money from the bank.
    pub(crate) async fn deposit(&self, reference: &str, amount: i64) {
        let deposit = CreateDeposit {
            asking: quietly(&self.tenant),
            id: self.dispatcher.seal.deposit_id(&self.tenant, reference),
            amount: Cents::new(amount),
            reference: reference.to_owned(),
            owner: "setup".to_owned(),
        };
        create_deposit::run(&self.call("setup"), &self.memory, deposit)
            .await
            .expect("funded");
    }

    /// Another payable driver, whom everything from here on is about.
    pub(crate) async fn switch_driver(&mut self, ovn_id: &str) {
        let ovn_id = OvnDriverId::parse(ovn_id).expect("valid");
        self.driver = self.dispatcher.seal.driver_id(&self.tenant, &ovn_id);
        self.enrol(ovn_id).await;
    }

    /// Another driver of whom only the registration is known, whom everything from here on is about.
    pub(crate) async fn invite(&mut self, ovn_id: &str) {
        let ovn_id = OvnDriverId::parse(ovn_id).expect("valid");
        self.driver = self.dispatcher.seal.driver_id(&self.tenant, &ovn_id);
        self.register(ovn_id).await;
    }

    async fn enrol(&self, ovn_id: OvnDriverId) {
        self.register(ovn_id).await;
        self.put_method(MethodKind::Card).await;
        self.verify(KycDecision::Approve).await;
    }

    async fn register(&self, ovn_id: OvnDriverId) {
        let register = RegisterDriver {
            asking: quietly(&self.tenant),
            id: self.driver.clone(),
            ovn_id,
            name: "John Smith".to_owned(),
            email: "john@example.com".to_owned(),
            phone: "+15551234567".to_owned(),
        };
        register_driver::run(&self.call("setup"), &self.memory, register)
            .await
            .expect("registered");
    }

    pub(crate) async fn put_method(&self, kind: MethodKind) {
        let method = PutPayoutMethod {
            asking: quietly(&self.tenant),
            driver: self.driver.clone(),
            kind,
            masked: "****0000".to_owned(),
            account: Plaintext("{}".to_owned()),
        };
        let means = put_payout_method::Means {
            vault: &MarkingVault,
            providers: &self.provider,
        };
        put_payout_method::run(&self.call("setup"), &self.memory, means, method)
            .await
            .expect("saved");
    }

    pub(crate) async fn verify(&self, decision: KycDecision) {
        let verify = VerifyDriver {
            asking: quietly(&self.tenant),
            driver: self.driver.clone(),
            decision,
            reason: "checked".to_owned(),
        };
        verify_driver::run(&self.call("setup"), &self.memory, verify)
            .await
            .expect("decided");
    }

    pub(crate) async fn put_load(&self, load: &str) {
        let command = PutLoad {
            asking: quietly(&self.tenant),
            load: LoadId::parse(load).expect("valid"),
            driver: self.driver.clone(),
            amount: Cents::new(AMOUNT),
            description: None,
            metadata: None,
        };
        put_load::run(&self.call("setup"), &self.memory, command)
            .await
            .expect("put");
    }

    pub(crate) fn call(&self, name: &str) -> Call {
        let draw = self.draws.fetch_add(1, Ordering::SeqCst);
        Call {
            clock: self.clock.clone(),
            entropy: Entropy::new(u128::from(draw)),
            actor: Actor::System(name.to_owned()),
        }
    }

    /// Asks for a payout of a load, as a client with the request key `key` would.
    pub(crate) async fn create(
        &self,
        load: &str,
        rail: Rail,
        key: &str,
    ) -> Result<Answered<Payout>, Error> {
        self.ask(load, (rail, false), key).await
    }

    /// The same; an instant payout may be allowed to fall back to the standard rail.
    pub(crate) async fn ask(
        &self,
        load: &str,
        (rail, may_fall_back): (Rail, bool),
        key: &str,
    ) -> Result<Answered<Payout>, Error> {
        let request = RequestKey {
            digest: key.to_owned(),
            fingerprint: format!("{load} {}", rail.name()),
            expires_at: self.clock.now().plus(std::time::Duration::from_secs(3_600)),
        };
        let render = |payout: &Payout| payout.id.to_string();
        let command = CreatePayout {
            asking: Asking {
                tenant: &self.tenant,
                key: Some(&request),
                render: &render,
            },
            source: Source::Load(LoadId::parse(load).expect("valid")),
            rail,
            may_fall_back,
            requested_by: None,
            fees: &FeeSchedule::default(),
        };
        create_payout::run(&self.call("client"), &self.store, &self.queue, command).await
    }

    /// The same client again and again until it has an answer; the id it got.
    pub(crate) async fn create_for_sure(&self, load: &str, rail: Rail) -> PayoutId {
        loop {
            match self.create(load, rail, "key-1").await {
                Ok(Answered::Fresh { body, .. } | Answered::Replayed { body }) => {
                    return PayoutId::parse(&body).expect("an id");
                }
                Err(Error::Unavailable { .. }) if self.points.is_down() => self.points.revive(),
                Err(error) => panic!("create: {error}"),
            }
        }
    }

    /// Handles every message that is due now. A crash loses the message it happened in.
    pub(crate) async fn work(&self) {
        loop {
            let now = self.clock.now();
            let message = QueueName::ALL
                .into_iter()
                .find_map(|queue| self.messages.take(queue, now));
            let Some(message) = message else { return };
            self.handle(message).await;
        }
    }

    pub(crate) async fn handle(&self, message: Message) {
        let result = match message {
            Message::Dispatch(dispatch) => {
                self.dispatcher
                    .run(&self.call("dispatch-payout"), &dispatch)
                    .await
            }
            Message::Charge(charge) => {
                self.charger()
                    .run(&self.call("dispatch-payout"), &charge)
                    .await
            }
            Message::Check(check) => {
                let checker = Checker {
                    store: self.store.clone(),
                    queue: self.queue.clone(),
                    providers: self.dispatcher.providers.clone(),
                    breaker: self.dispatcher.breaker.clone(),
                };
                checker.run(&self.call("check-attempt"), &check).await
            }
            Message::Batch(task) => {
                let worker = BatchWorker {
                    store: self.store.clone(),
                    queue: self.queue.clone(),
                };
                worker.run(&self.call("advance-batch"), &task).await
            }
            Message::Vendor(task) => {
                let keeper = VendorKeeper {
                    store: self.store.clone(),
                    providers: self.dispatcher.providers.clone(),
                    vault: self.dispatcher.vault.clone(),
                };
                keeper.run(&self.call("sync-vendor"), &task).await
            }
        };
        self.survive(result);
    }

    /// What charges cards, with ports that may crash.
    pub(crate) fn charger(&self) -> StagedCharger {
        Charger {
            store: self.store.clone(),
            queue: self.queue.clone(),
            providers: self.dispatcher.providers.clone(),
            vault: self.dispatcher.vault.clone(),
            seal: self.dispatcher.seal.clone(),
            breaker: self.dispatcher.breaker.clone(),
        }
    }

    pub(crate) fn survive<T>(&self, result: Result<T, Error>) {
        if let Err(error) = result {
            assert!(self.points.is_down(), "a worker failed: {error:?}");
        }
        if self.points.is_down() {
            self.points.revive();
        }
    }

    /// Moves the clock from one due moment to the next, and runs what is due.
    pub(crate) async fn advance(&self, seconds: i64) {
        let target = self.clock.now().millis() + seconds * 1_000;
        loop {
            self.work().await;
            let Some(due) = self.next_due(target).await else {
                break;
            };
            let now = self.clock.now().millis();
            self.clock.advance_ms((due - now).max(1_000));
            self.tick().await;
        }
        let left = target - self.clock.now().millis();
        self.clock.advance_ms(left.max(0));
        self.tick().await;
        self.work().await;
    }

    pub(crate) async fn tick(&self) {
        let relayed = relay_outbox::run(&self.call("relay-outbox"), &self.store, &self.queue).await;
        self.survive(relayed);
        let swept = sweep_due::run(&self.call("sweep-due"), &self.store, &self.queue).await;
        self.survive(swept);
    }

    async fn next_due(&self, target: i64) -> Option<i64> {
        let until = Timestamp::from_millis(target);
        let mut moments: Vec<i64> = self
            .messages
            .next_due()
            .map(Timestamp::millis)
            .into_iter()
            .collect();
        for shard in 0..DUE_SHARDS {
            let due = self.memory.due(shard, until, 1).await.expect("in memory");
            moments.extend(due.first().map(|entry| entry.at.millis()));
        }
        for shard in 0..OUTBOX_SHARDS {
            let entries = self
                .memory
                .outbox(shard, until, 1)
                .await
                .expect("in memory");
            moments.extend(
                entries
                    .first()
                    .map(|entry| entry.created_at.plus(relay_outbox::GRACE).millis()),
            );
        }
        moments.into_iter().min().filter(|at| *at <= target)
    }

    pub(crate) async fn record(&self, key: Key) -> Option<Record> {
        let mut found = self.memory.fetch(&[key]).await.expect("in memory");
        found.remove(0)
    }

    pub(crate) async fn payout(&self, id: &PayoutId) -> Payout {
        let key = Key::Payout(self.tenant.clone(), id.clone());
        match self.record(key).await {
            Some(Record::Payout(payout)) => *payout,
            other => panic!("no payout: {other:?}"),
        }
    }

    pub(crate) async fn load(&self, id: &str) -> Load {
        let key = Key::Load(self.tenant.clone(), LoadId::parse(id).expect("valid"));
        match self.record(key).await {
            Some(Record::Load(load)) => *load,
            other => panic!("no load: {other:?}"),
        }
    }

    pub(crate) async fn history(&self, id: &PayoutId) -> Vec<Transition> {
        self.memory
            .transitions(&self.tenant, id)
            .await
            .expect("in memory")
    }

    pub(crate) async fn events(&self, id: &PayoutId) -> Vec<&'static str> {
        let history = self.history(id).await;
        history
            .iter()
            .map(|transition| transition.event.name())
            .collect()
    }

    pub(crate) async fn balances(&self) -> Balances {
        self.memory.balances(&self.tenant).await.expect("in memory")
    }

    pub(crate) fn call_store(&self) -> (&Faulty<MemoryStore>, &Faulty<MemoryQueue>) {
        (&self.store, &self.queue)
    }

    pub(crate) fn take(&self, queue: QueueName) -> Option<Message> {
        self.messages.take(queue, self.clock.now())
    }
}
