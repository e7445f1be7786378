//! Decides what became of a card charge in review. Two operators who are different people have to say the
//! same; only then money moves.

use domain::{
    charge::{Charge, ChargeDecision, ChargeState, Decided},
    denied::Denied,
    ids::ChargeId,
};

use crate::{
    audit_event::{self, Done, changed},
    call::Call,
    cancel_payout::refuse_unless_overtaken,
    changes::{Changes, Subject},
    charge_card::moved,
    create_payout::ROUNDS,
    error::Error,
    get_card_charge,
    port::Store,
    record::Record,
    request_key::{Answered, Asking},
};

pub struct DecideCardCharge<'a> {
    pub asking: Asking<'a, Charge>,
    pub id: ChargeId,
    pub decision: ChargeDecision,
}

/// # Errors
/// `NotFound`; `Denied::ChargeState` when the charge is not in review; `Conflict` when another operator said
/// something else; `Denied::WalletLimit`; `KeyReused`; `Unavailable`.
pub async fn run(
    call: &Call,
    store: &impl Store,
    command: DecideCardCharge<'_>,
) -> Result<Answered<Charge>, Error> {
    let asking = &command.asking;
    for round in 0..ROUNDS {
        let (charge, request) =
            get_card_charge::read(store, asking.tenant, &command.id, asking.stored_at()).await?;
        if let Some(replayed) = asking.replay(request.as_ref(), call.now())? {
            return Ok(replayed);
        }
        let (next, action) = match charge.decided(command.decision.clone())? {
            Decided::Known => {
                let body = (asking.render)(&charge);
                return Ok(Answered::Fresh { it: charge, body });
            }
            Decided::Disagrees => {
                let other = "another operator decided otherwise about this charge";
                return Err(Error::Conflict(other.to_owned()));
            }
            Decided::Proposed(next) => (*next, "card_charge.propose"),
            Decided::Settled(next) => (*next, "card_charge.settle"),
        };
        let body = (asking.render)(&next);
        let tx_id = call.tx_id(&format!("decide-card-charge {round}"));
        let changes = Changes::new("decide-card-charge", tx_id);
        let changes = asking.remember(changes, &body, call.now());
        let changes = moved(call, &charge, &next, changes).insert(noted(call, &next, action));
        match store.commit(changes).await {
            Ok(()) => return Ok(Answered::Fresh { it: next, body }),
            Err(error) => {
                if let Some(replayed) = asking.replay_after(&error, call.now())? {
                    return Ok(replayed);
                }
                let is_full = error.refused(Subject::Available).is_some();
                if is_full && error.refused(Subject::Charge).is_none() {
                    // What was credited for a card that was not debited has been spent meanwhile.
                    let required = charge.amount;
                    return Err(match next.state {
                        ChargeState::Dead => Denied::InsufficientFunds { required },
                        _ => Denied::WalletLimit,
                    }
                    .into());
                }
                refuse_unless_overtaken(error)?;
            }
        }
    }
    Err(Error::Conflict(
        "the charge kept changing; send it again".to_owned(),
    ))
}

fn noted(call: &Call, charge: &Charge, action: &'static str) -> Record {
    let newest = charge.decisions.last();
    let outcome = newest.map(|it| it.outcome.name().to_owned());
    let status = (charge.state != ChargeState::Review).then(|| charge.state.public().to_owned());
    let members = [
        changed("outcome", None, outcome),
        changed("evidenceId", None, newest.map(|it| it.evidence.clone())),
        changed("status", None, status),
    ];
    let done = Done {
        tenant: &charge.tenant,
        action,
        subject: ("card_charge", charge.id.as_str()),
        changes: members.into_iter().flatten().collect(),
    };
    audit_event::event(call, done)
}
