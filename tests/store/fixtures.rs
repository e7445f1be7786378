//! Records as they occur, with as little said as a case needs.

mod batches;

use app::{
    changes::Changes,
    message::{Dispatch, Message},
    port::{CommitError, Store},
    record::{ApiKey, Deposit, Key, OutboxEntry, Record, RequestRecord},
};
use domain::{
    attempt::Attempt,
    attempt_machine::AttemptState,
    driver::{Driver, DriverStatus, KycStatus, Method, MethodKind},
    fee::{FeeQuote, Rail},
    ids::{AttemptRef, DepositId, DriverId, LoadId, PayoutId, TenantId},
    ledger::{Account, Leg, Posting},
    load::{Load, LoadStatus},
    money::{Cents, Currency},
    payout::{Booking, Note, Payout, PayoutStatus},
    routing::Provider,
    time::Timestamp,
    transition::{Actor, Recorded, Transition},
};

pub(crate) use self::batches::*;

pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_769_860_800_000);

pub(crate) fn tenant() -> TenantId {
    "acme~test".parse().expect("valid")
}

pub(crate) fn other_tenant() -> TenantId {
    "acme~live".parse().expect("valid")
}

pub(crate) fn payout_id(name: &str) -> PayoutId {
    format!("pay_{name}").parse().expect("valid")
}

pub(crate) fn driver_id() -> DriverId {
    "drv_1".parse().expect("valid")
}

pub(crate) fn load_id() -> LoadId {
    "L-1".parse().expect("valid")
}

pub(crate) fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(NOW.millis() + millis)
}

/// A standard payout of 450.00 and the transition that made it.
pub(crate) fn booked(name: &str, tx_id: &str) -> (Payout, Transition) {
    let booking = Booking {
        tenant: tenant(),
        id: payout_id(name),
        driver: driver_id(),
        driver_name: "John Smith".to_owned(),
        load: Some(load_id()),
        batch: None,
        description: None,
        amount: Cents::new(45_000),
        quote: FeeQuote {
            fee: Cents::new(250),
            rule: "S1".to_owned(),
            version: "2026-01".to_owned(),
            refund_on_return: true,
        },
        currency: Currency::Usd,
        rail: Rail::Standard,
        may_fall_back: false,
        requested_by: None,
    };
    let note = Note {
        actor: &Actor::System("test".to_owned()),
        at: NOW,
        tx_id,
        attempt: None,
        reason: None,
    };
    Payout::book_standard(booking, &note)
}

pub(crate) fn payout(name: &str) -> Payout {
    booked(name, "tx").0
}

/// Any transition of a payout, with legs of the caller's choice.
pub(crate) fn transition(name: &str, seq: u32, legs: Posting) -> Transition {
    Transition {
        tenant: tenant(),
        payout: payout_id(name),
        seq,
        event: Recorded::Contradiction,
        // Nothing but its legs: no status is left or reached.
        from: Some(PayoutStatus::Processing),
        to: PayoutStatus::Processing,
        progress: None,
        actor: Actor::System("test".to_owned()),
        at: NOW,
        legs,
        provider: Some(Provider::Payelata),
        reference: None,
        object: None,
        reason: None,
        received: None,
        shard: 1,
        tx_id: format!("{name}-{seq}"),
        prev_hash: "0".repeat(64),
        hash: String::new(),
    }
    .sealed()
}

pub(crate) fn legs(legs: &[(Account, i64)]) -> Posting {
    let legs = legs.iter().map(|(account, cents)| Leg {
        account: *account,
        amount: Cents::new(*cents),
    });
    Posting::new(legs.collect()).expect("balanced")
}

/// A unit that only moves money, under a payout of its own.
pub(crate) fn moving(name: &str, pairs: &[(Account, i64)]) -> Changes {
    Changes::new("move", name.to_owned()).record(&payout(name), transition(name, 1, legs(pairs)))
}

pub(crate) fn attempt(name: &str, next_at: Option<Timestamp>) -> Attempt {
    Attempt {
        tenant: tenant(),
        reference: AttemptRef::new(payout_id(name), 1),
        version: 1,
        fence: 1,
        state: AttemptState::Submitted,
        provider: Provider::Payelata,
        route: "payelata/card".to_owned(),
        left: Vec::new(),
        fallback: Vec::new(),
        driver: driver_id(),
        method: Some(domain::attempt::PinnedMethod {
            kind: domain::driver::MethodKind::Card,
            version: 1,
        }),
        rail: Rail::Standard,
        net: Cents::new(44_750),
        currency: Currency::Usd,
        payee: None,
        balance_before: None,
        card_lock: None,
        object: None,
        object_updated: 0,
        last_status: None,
        reason: None,
        tries: 1,
        repeats: 0,
        reprocesses: 0,
        processed: false,
        created_at: NOW,
        lease_until: None,
        sent_at: Some(NOW),
        process_sent_at: None,
        watched_at: None,
        polls: 0,
        checked_at: None,
        absent_at: None,
        absences: 0,
        doubt: None,
        reviewed_at: None,
        money: None,
        undecided: None,
        decided_on: None,
        next_at,
    }
}

pub(crate) fn load() -> Load {
    Load {
        tenant: tenant(),
        id: load_id(),
        version: 1,
        driver: driver_id(),
        driver_name: "John Smith".to_owned(),
        amount: Cents::new(45_000),
        currency: Currency::Usd,
        description: None,
        metadata: None,
        status: LoadStatus::Open,
        holder: None,
        payouts: Vec::new(),
        created_at: NOW,
        updated_at: NOW,
    }
}

/// A driver who can be paid by card.
pub(crate) fn driver() -> Driver {
    Driver {
        tenant: tenant(),
        id: driver_id(),
        version: 1,
        ovn_id: "OVN-1".parse().expect("valid"),
        name: "John Smith".to_owned(),
        email: "john@example.com".to_owned(),
        phone: "+15551234567".to_owned(),
        status: DriverStatus::Active,
        kyc: KycStatus::Verified,
        kyc_reason: None,
        kyc_by_owlpay: false,
        vendor: None,
        vendor_next_at: None,
        vendor_tries: 0,
        method: Some(method(MethodKind::Card)),
        created_at: NOW,
        payouts: 0,
        pending_payouts: 0,
        total_paid: Cents::ZERO,
    }
}

pub(crate) fn method(kind: MethodKind) -> Method {
    Method {
        kind,
        version: 1,
        masked: "****0000".to_owned(),
        sealed: "sealed".to_owned(),
        updated_at: NOW,
    }
}

pub(crate) fn request(body: &str, expires_at: Timestamp) -> Record {
    Record::Request(Box::new(RequestRecord {
        tenant: tenant(),
        digest: "d1".to_owned(),
        fingerprint: "f1".to_owned(),
        status: 200,
        body: body.to_owned(),
        secret: None,
        expires_at,
        parts: 0,
    }))
}

pub(crate) fn api_key(id: &str, version: u32) -> Record {
    Record::ApiKey(Box::new(ApiKey {
        id: id.to_owned(),
        version,
        tenant: tenant(),
        name: format!("{id} at {version}"),
        owner: "ERP".to_owned(),
        operator: false,
        digest: "digest".to_owned(),
        previous: None,
        limit: domain::rate::RateLimit::STANDARD,
        scopes: vec!["payouts:write".to_owned()],
        expires_at: None,
        revoked_at: None,
        created_at: NOW,
    }))
}

pub(crate) fn outbox_entry(entropy: u128, created_at: Timestamp) -> OutboxEntry {
    let message = Message::Dispatch(Dispatch {
        tenant: tenant(),
        payout: payout_id("1"),
        driver: Some(driver_id()),
        attempt: 1,
        seq: 1,
        provider: None,
    });
    OutboxEntry::new(message, created_at, entropy)
}

pub(crate) fn deposit(reference: &str, cents: i64) -> Deposit {
    Deposit {
        tenant: tenant(),
        id: DepositId::parse(&format!("dep_{reference}")).expect("valid"),
        amount: Cents::new(cents),
        currency: Currency::Usd,
        reference: reference.to_owned(),
        actor: Actor::System("test".to_owned()),
        created_at: NOW,
        legs: legs(&[(Account::CashFunding, -cents), (Account::Available, cents)]),
        tx_id: format!("deposit-{reference}"),
    }
}

pub(crate) async fn fund(store: &impl Store, cents: i64) {
    let deposit = deposit("start", cents);
    let unit = Changes::new("deposit", deposit.tx_id.clone()).deposit(deposit);
    assert_eq!(store.commit(unit).await, Ok(()));
}

/// Puts the driver of every payout here.
pub(crate) async fn enrol(store: &impl Store) {
    insert(store, Record::Driver(Box::new(driver()))).await;
}

/// A unit of inserts.
pub(crate) fn inserting(tx_id: &str, records: Vec<Record>) -> Changes {
    records
        .into_iter()
        .fold(Changes::new("insert", tx_id.to_owned()), Changes::insert)
}

pub(crate) async fn insert(store: &impl Store, record: Record) {
    let tx_id = format!("insert {:?}", record.key());
    assert_eq!(store.commit(inserting(&tx_id, vec![record])).await, Ok(()));
}

pub(crate) async fn stored(store: &impl Store, key: Key) -> Option<Record> {
    let mut records = store.fetch(&[key]).await.expect("reachable");
    records.pop().expect("one answer for one key")
}

/// What was refused, in order.
pub(crate) fn refusals(outcome: Result<(), CommitError>) -> Vec<app::port::Refused> {
    match outcome {
        Err(CommitError::Refused(refusals)) => refusals,
        other => panic!("expected refusals, got {other:?}"),
    }
}
