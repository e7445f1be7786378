//! Asks for money from a company's prepaid card, once per reference. A worker charges the card afterwards;
//! the wallet gets the money when the card was debited.

use domain::{
    charge::{Asked, Charge},
    ids::ChargeId,
    money::Cents,
};

use crate::{
    audit_event::{self, Done, changed},
    call::Call,
    cancel_payout::refuse_unless_overtaken,
    changes::{Changes, Subject},
    create_payout::ROUNDS,
    error::Error,
    message::{ChargeCard, Message},
    port::{Plaintext, Queue, SealedFor, Store, Vault},
    record::{Key, OutboxEntry, Record},
    request_key::{Answered, Asking},
    send,
};

pub struct CreateCardCharge<'a> {
    pub asking: Asking<'a, Charge>,
    /// Derived from tenant and reference.
    pub id: ChargeId,
    pub amount: Cents,
    pub reference: String,
    pub masked: String,
    pub account: Plaintext,
    /// Keyed digest of `account`.
    pub account_digest: String,
}

/// What the use case works with.
#[derive(Clone)]
pub struct CardCharges<S, Q, V> {
    pub store: S,
    pub queue: Q,
    pub vault: V,
}

impl<S: Store, Q: Queue, V: Vault> CardCharges<S, Q, V> {
    /// The same reference with the same amount and card answers the charge that is there.
    ///
    /// # Errors
    /// `Conflict` for the same reference with another amount or card; `KeyReused`; `Unavailable`.
    pub async fn create(
        &self,
        call: &Call,
        command: CreateCardCharge<'_>,
    ) -> Result<Answered<Charge>, Error> {
        let asking = &command.asking;
        for round in 0..ROUNDS {
            let (known, request) = self.read(&command).await?;
            if let Some(replayed) = asking.replay(request.as_ref(), call.now())? {
                return Ok(replayed);
            }
            if let Some(known) = known {
                if let Some(replayed) = asking.replay_now(&self.store, call.now()).await? {
                    return Ok(replayed);
                }
                return answered(&command, known);
            }
            let (charge, outbox) = self.prepared(call, &command).await?;
            let message = outbox.message.clone();
            let body = (asking.render)(&charge);
            let tx_id = call.tx_id(&format!("create-card-charge {round}"));
            let changes = asking
                .remember(Changes::new("create-card-charge", tx_id), &body, call.now())
                .insert(Record::Charge(Box::new(charge.clone())))
                .insert(Record::Outbox(Box::new(outbox)))
                .insert(noted(call, &charge));
            let error = match self.store.commit(changes).await {
                Ok(()) => {
                    send::now(&self.queue, message).await;
                    return Ok(Answered::Fresh { it: charge, body });
                }
                Err(error) => error,
            };
            if let Some(replayed) = asking.replay_after(&error, call.now())? {
                return Ok(replayed);
            }
            if let Some(refused) = error.refused(Subject::Charge)
                && let Some(Record::Charge(known)) = &refused.found
            {
                return answered(&command, known.as_ref().clone());
            }
            refuse_unless_overtaken(error)?;
        }
        Err(Error::Conflict(
            "the charge kept changing; send it again".to_owned(),
        ))
    }

    async fn read(
        &self,
        command: &CreateCardCharge<'_>,
    ) -> Result<(Option<Charge>, Option<Record>), Error> {
        let tenant = command.asking.tenant;
        let mut keys = vec![Key::Charge(tenant.clone(), command.id.clone())];
        keys.extend(command.asking.stored_at());
        let mut found = self.store.fetch(&keys).await?.into_iter();
        let known = match found.next().flatten() {
            Some(Record::Charge(charge)) => Some(*charge),
            Some(_) | None => None,
        };
        Ok((known, found.next().flatten()))
    }

    async fn prepared(
        &self,
        call: &Call,
        command: &CreateCardCharge<'_>,
    ) -> Result<(Charge, OutboxEntry), Error> {
        let tenant = command.asking.tenant;
        let owner = SealedFor::Charge(command.id.clone());
        let asked = Asked {
            tenant: tenant.clone(),
            id: command.id.clone(),
            amount: command.amount,
            reference: command.reference.clone(),
            masked: command.masked.clone(),
            account: command.account_digest.clone(),
            sealed: self.vault.seal(tenant, &owner, &command.account).await?,
        };
        let message = Message::Charge(ChargeCard {
            tenant: tenant.clone(),
            charge: command.id.clone(),
        });
        let outbox = OutboxEntry::new(message, call.now(), call.entropy.of("outbox"));
        let charge = Charge {
            outbox: Some(outbox.id.clone()),
            ..Charge::prepared(asked, call.now())
        };
        Ok((charge, outbox))
    }
}

/// The charge under the reference, when it is the one that is asked for.
fn answered(command: &CreateCardCharge<'_>, known: Charge) -> Result<Answered<Charge>, Error> {
    if known.amount != command.amount || known.account != command.account_digest {
        let other = "a charge with this reference exists with another amount or card";
        return Err(Error::Conflict(other.to_owned()));
    }
    let body = (command.asking.render)(&known);
    Ok(Answered::Fresh { it: known, body })
}

fn noted(call: &Call, charge: &Charge) -> Record {
    let members = [
        changed("amount", None, Some(charge.amount.to_string())),
        changed("reference", None, Some(charge.reference.clone())),
        changed("masked", None, Some(charge.masked.clone())),
    ];
    let done = Done {
        tenant: &charge.tenant,
        action: "card_charge.create",
        subject: ("card_charge", charge.id.as_str()),
        changes: members.into_iter().flatten().collect(),
    };
    audit_event::event(call, done)
}
