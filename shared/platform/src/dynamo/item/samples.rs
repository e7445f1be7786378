//! Records of every kind, as a typical payout and a typical batch have them.

pub(super) mod batches;
mod charges;
pub(super) mod reconciliations;

use app::{
    key_ring::{KeyRing, UsableKey},
    message::{Check, Dispatch, Message},
    record::{
        ApiKey, AuditEvent, CardLock, Deposit, DepositProposal, FieldChange, Inbox, InboxId,
        MethodVersion, ObjectLink, OutboxEntry, Owner, PreviousSecret, Record, ReferenceLink,
        RequestRecord,
    },
    secret_answer::SealedAnswer,
};
use domain::{
    answer::Answer,
    attempt::Attempt,
    attempt_machine::AttemptState,
    batch::Hand,
    breaker::{Operation, Window},
    driver::{Driver, DriverStatus, KycStatus, Method, MethodKind},
    fee::{Channel, FeeSchedule, Rail},
    ids::{AttemptRef, DepositId, DriverId, Mode, PayoutId, ProviderId, Submission, TenantId},
    ledger::{Account, Posting},
    load::{Load, LoadStatus},
    money::{Cents, Currency},
    payout::{Booking, Change, Note, Outcome, Payout},
    rate::{Bucket, RateLimit, Tap},
    review::{Case, Decision, Disposition, Review, Sighting},
    routing::{Provider, RouteSwitch, StopReason},
    time::Timestamp,
    transition::{Actor, Transition},
};

const NOW: Timestamp = Timestamp::from_millis(1_769_860_800_123);
const HEX_64: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn tenant() -> TenantId {
    "ovn-logistics~live".parse().expect("valid")
}

/// With every attribute, and a window in which every slot has calls.
fn switch() -> RouteSwitch {
    let earlier = |seconds: i64| Timestamp::from_millis(NOW.millis() - seconds * 1_000);
    let window = (0..30).rev().fold(Window::EMPTY, |window, seconds| {
        Operation::ALL
            .into_iter()
            .fold(window, |window, operation| {
                window.noted((operation, seconds % 3 == 0), earlier(seconds))
            })
    });
    let mut switch = RouteSwitch::open(Provider::Payelata, Mode::Live)
        .counting(&window, NOW)
        .stopped_by(StopReason::Credentials, NOW);
    if let Some(stop) = &mut switch.stopped {
        stop.note = Some("p".repeat(200));
    }
    switch
}

fn driver_id() -> DriverId {
    DriverId::from_digest(&[0xab; 32])
}

fn payout_id() -> PayoutId {
    PayoutId::mint(NOW, u128::MAX)
}

fn reference() -> AttemptRef {
    AttemptRef::new(payout_id(), 1)
}

fn object() -> ProviderId {
    "cpoi_0b2e8d1c-5f0a-4b57-9c39-6f1f2f7e9b10"
        .parse()
        .expect("valid")
}

/// A payout that was claimed, as it stands while the provider works on it.
pub(super) fn payout() -> (Payout, Transition) {
    let amount = Cents::new(45_000);
    let actor = Actor::Key("k7Q2mX91bZ0a".to_owned());
    let note = Note {
        actor: &actor,
        at: NOW,
        tx_id: &HEX_64[..36],
        attempt: None,
        reason: None,
    };
    let booking = Booking {
        tenant: tenant(),
        id: payout_id(),
        driver: driver_id(),
        driver_name: "Maximilian Featherstonehaugh".to_owned(),
        load: Some("L-2026-000012345".parse().expect("valid")),
        batch: None,
        description: Some("Chicago to Dallas, two stops, detention included".to_owned()),
        amount,
        quote: FeeSchedule::default()
            .quote(Rail::Standard, Channel::Single, amount)
            .expect("in range"),
        currency: Currency::Usd,
        rail: Rail::Standard,
        may_fall_back: false,
        requested_by: Some("dispatcher@ovn-logistics.example".to_owned()),
    };
    let (booked, _) = Payout::book_standard(booking, &note);
    let attempt = attempt();
    let note = Note {
        attempt: Some(&attempt),
        reason: Some("route payelata/card".to_owned()),
        ..note
    };
    let claimed = booked.apply(Change::Claim(Provider::Payelata), &note);
    let Ok(Outcome::Moved(payout, transition)) = claimed else {
        panic!("a booked payout can be claimed");
    };
    let payout = Payout {
        next_at: Some(NOW),
        outbox: Some("09#01KGA0000000000000000000AB".to_owned()),
        ..*payout
    };
    (payout, *transition)
}

fn attempt() -> Attempt {
    Attempt {
        tenant: tenant(),
        reference: reference(),
        version: 7,
        fence: 2,
        state: AttemptState::Submitted,
        provider: Provider::Payelata,
        route: "payelata/card 2026-01".to_owned(),
        left: Vec::new(),
        fallback: Vec::new(),
        driver: driver_id(),
        method: Some(domain::attempt::PinnedMethod {
            kind: domain::driver::MethodKind::Card,
            version: 3,
        }),
        rail: Rail::Standard,
        net: Cents::new(44_750),
        currency: Currency::Usd,
        payee: None,
        balance_before: None,
        card_lock: None,
        object: Some(object()),
        object_updated: NOW.millis(),
        last_status: Some("process_pending".to_owned()),
        reason: Some("provider_in_flight".to_owned()),
        tries: 1,
        repeats: 0,
        reprocesses: 0,
        processed: true,
        created_at: NOW,
        lease_until: Some(NOW),
        sent_at: Some(NOW),
        process_sent_at: Some(NOW),
        watched_at: Some(NOW),
        polls: 3,
        checked_at: Some(NOW),
        absent_at: Some(NOW),
        absences: 1,
        doubt: None,
        next_at: Some(NOW),
        reviewed_at: Some(NOW),
        money: None,
        undecided: None,
        decided_on: None,
    }
}

/// Notes are as long as people make them; a review is written a few times in its life.
fn review() -> Review {
    let answer = Answer::Absent;
    let sighting = Sighting {
        answer: &answer,
        at: NOW,
        is_read: true,
    };

    let attempt = Attempt {
        state: AttemptState::Review,
        ..attempt()
    };
    let says = |owner: &str| Decision {
        by: Hand {
            key: "k7q2mx91bz0a".to_owned(),
            owner: owner.to_owned(),
        },
        at: NOW,
        outcome: Disposition::Partly(Cents::new(44_749)),
        evidence_id: "bank statement 2026-02-03, line 14".to_owned(),
        note: Some("Called the provider's desk, ticket 4711".to_owned()),
        unread: None,
    };
    let case = Case {
        attempt: &attempt,
        another_paid: false,
    };
    let opened = Review::opened(None, &attempt, sighting);
    let first = opened.decided(says("ann"), case).expect("the first").review;
    first.decided(says("bob"), case).expect("the second").review
}

fn method() -> Method {
    Method {
        kind: MethodKind::Card,
        version: 3,
        masked: "****0000".to_owned(),
        // 110 bytes of JSON, sealed with a nonce and a tag, in base64.
        sealed: "A".repeat(184),
        updated_at: NOW,
    }
}

fn people() -> Vec<Record> {
    let load = Load {
        tenant: tenant(),
        id: "L-2026-000012345".parse().expect("valid"),
        version: 2,
        driver: driver_id(),
        driver_name: "Maximilian Featherstonehaugh".to_owned(),
        amount: Cents::new(45_000),
        currency: Currency::Usd,
        description: Some("Chicago to Dallas, two stops".to_owned()),
        metadata: Some(r#"{"customer":"ACME","trailer":"53ft"}"#.to_owned()),
        status: LoadStatus::Held,
        holder: Some(payout_id()),
        payouts: vec![payout_id(), payout_id()],
        created_at: NOW,
        updated_at: NOW,
    };
    let driver = Driver {
        tenant: tenant(),
        id: driver_id(),
        version: 4,
        ovn_id: "OVN-DRV-000123".parse().expect("valid"),
        name: "Maximilian Featherstonehaugh".to_owned(),
        email: "max.featherstonehaugh@example.com".to_owned(),
        phone: "+15551234567".to_owned(),
        status: DriverStatus::Active,
        kyc: KycStatus::Verified,
        kyc_reason: None,
        kyc_by_owlpay: false,
        vendor: None,
        vendor_next_at: None,
        vendor_tries: 0,
        method: Some(method()),
        created_at: NOW,
        payouts: 1200,
        pending_payouts: 3,
        total_paid: Cents::new(53_700_000),
    };
    let version = MethodVersion {
        tenant: tenant(),
        driver: driver_id(),
        method: method(),
    };
    let key = ApiKey {
        id: "k7Q2mX91bZ0a".to_owned(),
        version: 1,
        tenant: tenant(),
        name: "ERP".to_owned(),
        owner: "Maximilian Featherstonehaugh".to_owned(),
        operator: true,
        digest: HEX_64.to_owned(),
        previous: Some(PreviousSecret {
            digest: HEX_64.to_owned(),
            until: NOW,
        }),
        limit: RateLimit::STANDARD,
        scopes: vec!["payouts:read".to_owned(), "payouts:write".to_owned()],
        expires_at: Some(NOW),
        revoked_at: None,
        created_at: NOW,
    };
    let ring = KeyRing {
        tenant: tenant(),
        version: 2,
        made: 2,
        usable: [Some(NOW), None].map(usable).into(),
    };
    vec![
        Record::KeyRing(Box::new(ring)),
        Record::Load(Box::new(load)),
        Record::Driver(Box::new(driver)),
        Record::Method(Box::new(version)),
        Record::ApiKey(Box::new(key)),
        Record::Bucket(Box::new(bucket())),
    ]
}

fn usable(until: Option<Timestamp>) -> UsableKey {
    let id = "k7q2mx91bz0a".to_owned();
    UsableKey { id, until }
}

/// A bucket in use.
fn bucket() -> Bucket {
    let limit = RateLimit::STANDARD;
    let tap = Tap::new(Bucket::full("k7Q2mX91bZ0a".to_owned(), limit, NOW));
    tap.ask(limit, NOW).expect("full").bucket
}

fn traces() -> Vec<Record> {
    let link = ObjectLink {
        provider: Provider::Payelata,
        tenant: tenant(),
        reference: Owner::attempt(reference()),
        object: object(),
    };
    let id = InboxId {
        provider: Provider::Payelata,
        mode: Mode::Live,
        object: object(),
        body_sha256: HEX_64.to_owned(),
    };
    let inbox = Inbox {
        id: id.clone(),
        version: 1,
        tenant: tenant(),
        reference: Owner::attempt(reference()),
        done: false,
        first_seen: NOW,
        expires_at: NOW,
    };
    let check = Message::Check(Check {
        tenant: tenant(),
        reference: reference(),
        inbox: Some(id),
    });
    let dispatch = Message::Dispatch(Dispatch {
        tenant: tenant(),
        payout: payout_id(),
        driver: Some(driver_id()),
        attempt: 1,
        seq: 1,
        provider: None,
    });
    vec![
        Record::Reference(Box::new(ReferenceLink::new(
            Provider::Paywizard,
            tenant(),
            Submission::Attempt(reference()),
        ))),
        Record::Object(Box::new(link.clone())),
        Record::Object(Box::new(ObjectLink {
            provider: Provider::Owlpay,
            reference: Owner::Driver(driver_id()),
            ..link.clone()
        })),
        Record::Inbox(Box::new(inbox)),
        Record::Outbox(Box::new(OutboxEntry::new(check, NOW, 1))),
        Record::Outbox(Box::new(OutboxEntry::new(dispatch, NOW, 2))),
    ]
}

pub(super) fn every_kind() -> Vec<Record> {
    let (payout, transition) = payout();
    let deposit = Deposit {
        tenant: tenant(),
        id: DepositId::from_digest(&[0xcd; 32]),
        amount: Cents::new(5_000_000),
        currency: Currency::Usd,
        reference: "WIRE-2026-01-31-0001".to_owned(),
        actor: Actor::Key("k7Q2mX91bZ0a".to_owned()),
        created_at: NOW,
        legs: Posting::between(
            Account::CashFunding,
            Account::Available,
            Cents::new(5_000_000),
        ),
        tx_id: HEX_64[..36].to_owned(),
    };
    let proposal = DepositProposal {
        tenant: tenant(),
        id: deposit.id.clone(),
        amount: deposit.amount,
        currency: Currency::Usd,
        reference: deposit.reference.clone(),
        actor: deposit.actor.clone(),
        owner: "ann".to_owned(),
        created_at: NOW,
    };
    let secret = SealedAnswer {
        key_id: "k7q2mx91bz0a".to_owned(),
        asked_by: Actor::Key("k7Q2mX91bZ0a".to_owned()),
        text: "s".repeat(400),
        until: NOW,
    };
    let request = RequestRecord {
        tenant: tenant(),
        digest: HEX_64.to_owned(),
        fingerprint: HEX_64.to_owned(),
        status: 200,
        body: "b".repeat(450),
        secret: None,
        expires_at: NOW,
        parts: 0,
    };
    let switch = switch();
    let lock = CardLock {
        provider: Provider::Paywizard,
        mode: Mode::Test,
        card: "00ff".to_owned(),
        version: 1,
        reference: Submission::Attempt("pay_1-a01".parse().expect("valid")),
    };
    let money = vec![
        Record::Payout(Box::new(payout)),
        Record::Attempt(Box::new(attempt())),
        Record::Transition(Box::new(transition)),
        Record::Deposit(Box::new(deposit)),
        Record::Proposal(Box::new(proposal)),
        Record::Request(Box::new(RequestRecord {
            body: String::new(),
            secret: Some(secret),
            ..request.clone()
        })),
        Record::Request(Box::new(request)),
        Record::Switch(Box::new(switch)),
        Record::CardLock(Box::new(lock)),
    ];
    let change = FieldChange {
        field: "email".to_owned(),
        before: Some("max@example.com".to_owned()),
        after: None,
    };
    let event = AuditEvent {
        tenant: tenant(),
        id: "aud_01KGA0000000000000000000AB".to_owned(),
        at: NOW,
        actor: Actor::Key("k7Q2mX91bZ0a".to_owned()),
        action: "driver.update".to_owned(),
        subject: "driver".to_owned(),
        subject_id: driver_id().to_string(),
        changes: vec![change.clone(), change],
    };
    let audit = vec![Record::AuditEvent(Box::new(event))];
    let of_a_day = reconciliations::of_a_day();
    let reviews = vec![Record::Review(Box::new(review()))];
    [
        money,
        people(),
        traces(),
        audit,
        batches::of_a_batch(),
        of_a_day,
        charges::of_a_charge(),
        reviews,
    ]
    .concat()
}
