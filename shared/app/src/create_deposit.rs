//! Books money that came from the bank into the wallet, once per reference. In live mode it takes two
//! operators: the first proposes, another one posts.

use domain::{
    denied::Denied,
    ids::{DepositId, Mode},
    ledger::{Account, Posting},
    money::{Cents, Currency},
};

use crate::{
    audit_event::{self, Done, changed},
    call::Call,
    cancel_payout::refuse_unless_overtaken,
    changes::{Changes, Subject},
    create_payout::ROUNDS,
    error::Error,
    port::Store,
    record::{Deposit, DepositProposal, Key, Record},
    request_key::{Answered, Asking},
};

pub struct CreateDeposit<'a> {
    pub asking: Asking<'a, Booked>,
    /// Derived from tenant and reference.
    pub id: DepositId,
    pub amount: Cents,
    pub reference: String,
    /// Whose key asks.
    pub owner: String,
}

/// What became of a deposit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Booked {
    Posted(Box<Deposit>),
    /// It waits for an operator who is somebody else.
    AwaitingApproval(Box<DepositProposal>),
}

impl Booked {
    const fn amount(&self) -> Cents {
        match self {
            Self::Posted(deposit) => deposit.amount,
            Self::AwaitingApproval(proposal) => proposal.amount,
        }
    }
}

/// The same reference with the same amount answers what is there; in live mode it posts what another owner
/// proposed.
///
/// # Errors
/// `Conflict` for the same reference with another amount; `Denied::WalletLimit`; `KeyReused`;
/// `Unavailable`.
pub async fn run(
    call: &Call,
    store: &impl Store,
    command: CreateDeposit<'_>,
) -> Result<Answered<Booked>, Error> {
    let asking = &command.asking;
    for round in 0..ROUNDS {
        let known = match asking.tenant.mode() {
            // One write without a read: a deposit that is there already is met by its condition.
            Mode::Test => None,
            Mode::Live => {
                let read = read(store, &command).await?;
                if let Some(replayed) = asking.replay(read.request.as_ref(), call.now())? {
                    return Ok(replayed);
                }
                read.known
            }
        };
        let proposed_by_another = match &known {
            Some(Booked::AwaitingApproval(it)) => !is_same_person(&it.owner, &command.owner),
            Some(Booked::Posted(_)) | None => false,
        };
        let next = match (&known, asking.tenant.mode()) {
            (Some(known), _) if known.amount() != command.amount => return Err(other_amount()),
            (Some(known), _) if !proposed_by_another => return Ok(answered(asking, known.clone())),
            (Some(_), _) | (None, Mode::Test) => posted(call, &command, round),
            (None, Mode::Live) => proposed(call, &command, round),
        };
        let body = (asking.render)(&next.booked);
        let changes = asking.remember(next.changes, &body, call.now());
        let error = match store.commit(changes).await {
            Ok(()) => {
                let it = next.booked;
                return Ok(Answered::Fresh { it, body });
            }
            Err(error) => error,
        };
        if let Some(replayed) = asking.replay_after(&error, call.now())? {
            return Ok(replayed);
        }
        if let Some(refused) = error.refused(Subject::Deposit) {
            return match &refused.found {
                Some(Record::Deposit(known)) if known.amount == command.amount => {
                    Ok(answered(asking, Booked::Posted(known.clone())))
                }
                Some(_) | None => Err(other_amount()),
            };
        }
        if error.refused(Subject::Available).is_some() {
            return Err(Denied::WalletLimit.into());
        }
        refuse_unless_overtaken(error)?;
    }
    Err(Error::Conflict(
        "the deposit kept changing; send it again".to_owned(),
    ))
}

/// What stands under the reference, and the record of the request.
struct Read {
    known: Option<Booked>,
    request: Option<Record>,
}

async fn read(store: &impl Store, command: &CreateDeposit<'_>) -> Result<Read, Error> {
    let (tenant, id) = (command.asking.tenant, &command.id);
    let mut keys = vec![
        Key::Deposit(tenant.clone(), id.clone()),
        Key::Proposal(tenant.clone(), id.clone()),
    ];
    keys.extend(command.asking.stored_at());
    let mut found = store.fetch(&keys).await?.into_iter();
    let known = match (found.next().flatten(), found.next().flatten()) {
        (Some(Record::Deposit(deposit)), _) => Some(Booked::Posted(deposit)),
        (_, Some(Record::Proposal(proposal))) => Some(Booked::AwaitingApproval(proposal)),
        _ => None,
    };
    let request = found.next().flatten();
    Ok(Read { known, request })
}

fn answered(asking: &Asking<'_, Booked>, it: Booked) -> Answered<Booked> {
    let body = (asking.render)(&it);
    Answered::Fresh { it, body }
}

fn other_amount() -> Error {
    Error::Conflict("a deposit with this reference exists with another amount".to_owned())
}

struct Next {
    booked: Booked,
    changes: Changes,
}

fn posted(call: &Call, command: &CreateDeposit<'_>, round: u32) -> Next {
    let tx_id = call.tx_id(&format!("deposit {round}"));
    let deposit = Deposit {
        tenant: command.asking.tenant.clone(),
        id: command.id.clone(),
        amount: command.amount,
        currency: Currency::Usd,
        reference: command.reference.clone(),
        actor: call.actor.clone(),
        created_at: call.now(),
        legs: Posting::between(Account::CashFunding, Account::Available, command.amount),
        tx_id: tx_id.clone(),
    };
    Next {
        changes: Changes::new("deposit", tx_id)
            .deposit(deposit.clone())
            .insert(noted(call, command, "deposit.post")),
        booked: Booked::Posted(Box::new(deposit)),
    }
}

fn proposed(call: &Call, command: &CreateDeposit<'_>, round: u32) -> Next {
    let proposal = DepositProposal {
        tenant: command.asking.tenant.clone(),
        id: command.id.clone(),
        amount: command.amount,
        currency: Currency::Usd,
        reference: command.reference.clone(),
        actor: call.actor.clone(),
        owner: command.owner.clone(),
        created_at: call.now(),
    };
    let tx_id = call.tx_id(&format!("propose-deposit {round}"));
    Next {
        changes: Changes::new("propose-deposit", tx_id)
            .insert(Record::Proposal(Box::new(proposal.clone())))
            .insert(noted(call, command, "deposit.propose")),
        booked: Booked::AwaitingApproval(Box::new(proposal)),
    }
}

fn noted(call: &Call, command: &CreateDeposit<'_>, action: &'static str) -> Record {
    let members = [
        changed("amount", None, Some(command.amount.to_string())),
        changed("reference", None, Some(command.reference.clone())),
    ];
    let done = Done {
        tenant: command.asking.tenant,
        action,
        subject: ("deposit", command.id.as_str()),
        changes: members.into_iter().flatten().collect(),
    };
    audit_event::event(call, done)
}

/// Owners are people: neither case nor blanks around a name make another one.
fn is_same_person(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_person_in_another_spelling_is_not_a_second_one() {
        assert!(is_same_person("Ann@acme.example ", "ann@ACME.example"));
        assert!(!is_same_person("ann@acme.example", "bob@acme.example"));
    }
}
