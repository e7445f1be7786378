//! Charges of a company's card on the stage.

use std::time::Duration;

use app::{
    changes::Changes,
    create_card_charge::{CardCharges, CreateCardCharge},
    decide_card_charge::{self, DecideCardCharge},
    error::Error,
    port::{Plaintext, Store},
    record::{CardLock, Key, Record},
    request_key::{Answered, Asking, RequestKey},
    seal::Seal,
};
use domain::{
    charge::{CHARGER, Charge, ChargeDecision, ChargeOutcome},
    ids::{ChargeId, Mode},
    money::Cents,
    routing::RouteSwitch,
    transition::Actor,
};

use crate::stage::{MarkingVault, Stage};

pub(crate) const TAKEN: i64 = 25_000;
pub(crate) const CARD: &str = r#"{"accountId":"6000000000000001"}"#;

fn seal() -> Seal {
    Seal::new([7; 32])
}

/// What a client wants.
#[derive(Clone, Copy)]
pub(crate) struct Wish {
    pub(crate) reference: &'static str,
    pub(crate) amount: i64,
    pub(crate) card: &'static str,
}

/// The charge of most tests.
pub(crate) const WISH: Wish = Wish {
    reference: "topup-1",
    amount: TAKEN,
    card: CARD,
};

/// Asks for a charge with the request key `key`.
pub(crate) async fn ask(stage: &Stage, wish: Wish, key: &str) -> Result<Answered<Charge>, Error> {
    let (store, queue) = stage.call_store();
    let charges = CardCharges {
        store: store.clone(),
        queue: queue.clone(),
        vault: stage.points.wrap(MarkingVault),
    };
    let asked = format!("{} {}", wish.amount, wish.card);
    let request = RequestKey {
        digest: key.to_owned(),
        fingerprint: seal().fingerprint(wish.reference, asked.as_bytes()),
        expires_at: stage.clock.now().plus(Duration::from_secs(3_600)),
    };
    let account = Plaintext(wish.card.to_owned());
    let command = CreateCardCharge {
        asking: Asking {
            tenant: &stage.tenant,
            key: Some(&request),
            render: &|charge| format!("{} {}", charge.id, charge.state.public()),
        },
        id: seal().charge_id(&stage.tenant, wish.reference),
        amount: Cents::new(wish.amount),
        reference: wish.reference.to_owned(),
        masked: "****0001".to_owned(),
        account_digest: seal().charged_account(&account),
        account,
    };
    charges.create(&stage.call("client"), command).await
}

/// The same client again and again until it has an answer; the id it got.
pub(crate) async fn ask_for_sure(stage: &Stage, wish: Wish) -> ChargeId {
    loop {
        match ask(stage, wish, wish.reference).await {
            Ok(Answered::Fresh { body, .. } | Answered::Replayed { body }) => {
                let (id, status) = body.split_once(' ').expect("id and status");
                assert!(!body.contains("60000000"), "no answer shows the card");
                assert_ne!(status, "");
                return ChargeId::parse(id).expect("an id");
            }
            Err(Error::Unavailable { .. }) if stage.points.is_down() => stage.points.revive(),
            Err(error) => panic!("charge: {error}"),
        }
    }
}

/// One operator's word about a charge.
pub(crate) async fn decide(
    stage: &Stage,
    id: &ChargeId,
    (owner, outcome, evidence): (&str, ChargeOutcome, &str),
) -> Result<Charge, Error> {
    let (store, _) = stage.call_store();
    let command = DecideCardCharge {
        asking: Asking {
            tenant: &stage.tenant,
            key: None,
            render: &|charge| charge.state.public().to_owned(),
        },
        id: id.clone(),
        decision: ChargeDecision {
            outcome,
            evidence: evidence.to_owned(),
            note: None,
            actor: Actor::Key(owner.to_owned()),
            owner: owner.to_owned(),
            at: stage.clock.now(),
        },
    };
    match decide_card_charge::run(&stage.call("operator"), store, command).await? {
        Answered::Fresh { it, .. } => Ok(it),
        Answered::Replayed { .. } => panic!("no request key was sent"),
    }
}

/// Two operators say the same.
pub(crate) async fn settle(stage: &Stage, id: &ChargeId, outcome: ChargeOutcome) -> Charge {
    let first = decide(stage, id, ("ann", outcome, "S-1")).await;
    first.expect("proposed");
    let second = decide(stage, id, ("bob", outcome, "S-1")).await;
    second.expect("settled")
}

pub(crate) async fn charge(stage: &Stage, id: &ChargeId) -> Charge {
    let key = Key::Charge(stage.tenant.clone(), id.clone());
    match stage.record(key).await {
        Some(Record::Charge(charge)) => *charge,
        other => panic!("no charge: {other:?}"),
    }
}

/// Public status and reason.
pub(crate) async fn status(stage: &Stage, id: &ChargeId) -> (&'static str, Option<String>) {
    let charge = charge(stage, id).await;
    (charge.state.public(), charge.reason)
}

/// Every card that is locked.
pub(crate) fn locks(stage: &Stage) -> Vec<CardLock> {
    let records = stage.memory.dump().records.into_iter();
    let locks = records.filter_map(|record| match record {
        Record::CardLock(lock) => Some(*lock),
        _ => None,
    });
    locks.collect()
}

/// An operator opens the route by hand.
pub(crate) async fn open_route(stage: &Stage) {
    let changes = Changes::new("open-route", stage.call("operator").tx_id("open"))
        .forget(Some(Key::Switch(CHARGER, Mode::Test)));
    stage.memory.commit(changes).await.expect("opened");
}

pub(crate) async fn route(stage: &Stage) -> RouteSwitch {
    match stage.record(Key::Switch(CHARGER, Mode::Test)).await {
        Some(Record::Switch(switch)) => *switch,
        Some(_) | None => RouteSwitch::open(CHARGER, Mode::Test),
    }
}
