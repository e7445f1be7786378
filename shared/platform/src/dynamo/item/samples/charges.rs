//! A card charge that two operators settled: the most that one ever holds.

use app::record::{CardLock, Funding, Record};
use domain::{
    charge::{
        Applied, Asked, CHARGER, Charge, ChargeDecision, ChargeEvent, ChargeOutcome, Evidence, Told,
    },
    ids::{ChargeId, Mode, Submission},
    money::Cents,
    transition::Actor,
};

use super::{HEX_64, NOW, tenant};

fn decision(owner: &str) -> ChargeDecision {
    ChargeDecision {
        outcome: ChargeOutcome::Paid,
        evidence: "statement-2026-01/17".to_owned(),
        note: None,
        actor: Actor::Key("k7Q2mX91bZ0a".to_owned()),
        owner: owner.to_owned(),
        at: NOW,
    }
}

fn sending(charge: &Charge) -> Charge {
    match charge.apply(ChargeEvent::Intend, NOW) {
        Ok(Applied::Changed(sending)) => *sending,
        other => panic!("{other:?}"),
    }
}

pub(super) fn of_a_charge() -> Vec<Record> {
    let id = ChargeId::from_digest(&[0xef; 32]);
    let asked = Asked {
        tenant: tenant(),
        id: id.clone(),
        amount: Cents::new(5_000_000),
        reference: "TOPUP-2026-01-31-0001".to_owned(),
        masked: "****0001".to_owned(),
        account: HEX_64.to_owned(),
        sealed: "s".repeat(340),
    };
    let prepared = Charge::prepared(asked, NOW);
    let in_hand = Charge {
        balance_before: Some(Cents::new(7_500_000)),
        card_lock: Some(HEX_64.to_owned()),
        ..sending(&prepared)
    };
    let settled = Charge {
        evidence: Some(Evidence {
            balance: Cents::new(2_500_000),
            at: NOW,
        }),
        told: Some(Told {
            status: "order_pre_auth_partly_revoked".to_owned(),
            paid: Some(Cents::new(5_000_001)),
        }),
        looks: 720,
        object: Some("930000000000000001".parse().expect("valid")),
        reason: Some("decided_by_operators".to_owned()),
        decisions: vec![decision("ann"), decision("bob")],
        card_lock: None,
        lease_until: None,
        next_at: None,
        ..in_hand.clone()
    };
    let funding = Funding {
        tenant: tenant(),
        charge: id.clone(),
        number: 1,
        shard: 3,
        actor: Actor::Key("k7Q2mX91bZ0a".to_owned()),
        at: NOW,
        legs: settled.posting(),
        tx_id: HEX_64[..36].to_owned(),
    };
    let lock = CardLock {
        provider: CHARGER,
        mode: Mode::Live,
        card: HEX_64.to_owned(),
        version: 1,
        reference: Submission::Charge(id),
    };
    let charges = [prepared, in_hand, settled].map(|it| Record::Charge(Box::new(it)));
    let others = [
        Record::Funding(Box::new(funding)),
        Record::CardLock(Box::new(lock)),
    ];
    charges.into_iter().chain(others).collect()
}
