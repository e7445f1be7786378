//! Books money that came from the bank into the wallet, once per reference.

use domain::{
    denied::Denied,
    ids::DepositId,
    ledger::{Account, Posting},
    money::{Cents, Currency},
};

use crate::{
    call::Call,
    changes::{Changes, Subject},
    error::Error,
    port::Store,
    record::{Deposit, Record},
    request_key::{Answered, Asking},
};

pub struct CreateDeposit<'a> {
    pub asking: Asking<'a, Deposit>,
    /// Derived from tenant and reference.
    pub id: DepositId,
    pub amount: Cents,
    pub reference: String,
}

/// The same reference with the same amount answers the first deposit again.
///
/// # Errors
/// `Conflict` for the same reference with another amount; `Denied::WalletLimit`; `KeyReused`;
/// `Unavailable`.
pub async fn run(
    call: &Call,
    store: &impl Store,
    command: CreateDeposit<'_>,
) -> Result<Answered<Deposit>, Error> {
    let asking = command.asking;
    let tx_id = call.tx_id("deposit");
    let deposit = Deposit {
        tenant: asking.tenant.clone(),
        id: command.id,
        amount: command.amount,
        currency: Currency::Usd,
        reference: command.reference,
        actor: call.actor.clone(),
        created_at: call.now(),
        legs: Posting::between(Account::CashFunding, Account::Available, command.amount),
        tx_id: tx_id.clone(),
    };
    let body = (asking.render)(&deposit);
    let changes = asking
        .remember(Changes::new("deposit", tx_id), &body, call.now())
        .deposit(deposit.clone());
    let error = match store.commit(changes).await {
        Ok(()) => return Ok(Answered::Fresh { it: deposit, body }),
        Err(error) => error,
    };
    if let Some(replayed) = asking.replay_after(&error, call.now())? {
        return Ok(replayed);
    }
    if let Some(refused) = error.refused(Subject::Deposit) {
        return match &refused.found {
            Some(Record::Deposit(known)) if known.amount == deposit.amount => Ok(Answered::Fresh {
                it: known.as_ref().clone(),
                body: (asking.render)(known),
            }),
            Some(_) | None => Err(Error::Conflict(
                "a deposit with this reference exists with another amount".to_owned(),
            )),
        };
    }
    if error.refused(Subject::Available).is_some() {
        return Err(Denied::WalletLimit.into());
    }
    Err(error.into())
}
