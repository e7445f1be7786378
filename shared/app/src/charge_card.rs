//! Charges a card: one call, with a durable step before it, and never a second one unless the first provably
//! did nothing. While nobody knows what became of it, the provider is asked by its own id of the charge, and the card's
//! balance is read as evidence.

mod outcome;

use std::time::Duration;

use domain::{
    breaker::{Operation, is_unclear},
    charge::{
        Applied, CHARGER, Charge, ChargeEvent, ChargeState, ChargeVerdict, Look, charge_proves,
        charge_read_proves,
    },
    ids::{Mode, ProviderId, Submission},
    routing::{Provider, RouteState, RouteSwitch},
};
use tracing::{error, info, warn};

pub(crate) use self::outcome::moved;
use crate::{
    breaker::Breaker,
    call::Call,
    changes::{Changes, Subject},
    error::Error,
    message::{ChargeCard, Message},
    port::{
        ChargeOrder, CommitError, NotShown, Plaintext, Providers, Queue, SealedFor, Snapshot,
        Store, Vault,
    },
    record::{CardLock, Key, Record, ReferenceLink},
    record_answer,
    seal::Seal,
    send,
};

/// How long a charge waits for a route that only an operator opens before it is looked at again.
const ROUTE_WAIT: Duration = Duration::from_secs(60);
/// Shorter waits travel as delayed messages; the due index ticks once a minute.
const DELAY_MAX: u128 = 60;

/// What charges cards.
#[derive(Clone)]
pub struct Charger<S, Q, P, V> {
    pub store: S,
    pub queue: Q,
    pub providers: P,
    pub vault: V,
    pub seal: Seal,
    /// One for all charges and dispatches of a process.
    pub breaker: Breaker,
}

impl<S: Store, Q: Queue, P: Providers, V: Vault> Charger<S, Q, P, V> {
    /// Brings a charge one step on, as far as the stored state allows. Repeats and old messages do nothing.
    ///
    /// # Errors
    /// `Unavailable` when the store or the vault cannot be reached: the message should come again.
    pub async fn run(&self, call: &Call, message: &ChargeCard) -> Result<(), Error> {
        let done = self.bring_on(call, message).await;
        self.breaker.flush(call, &self.store).await;
        done
    }

    async fn bring_on(&self, call: &Call, message: &ChargeCard) -> Result<(), Error> {
        let Some((charge, switch)) = self.read(message).await? else {
            warn!(charge.id = %message.charge, "a message names a charge that does not exist");
            return Ok(());
        };
        match charge.state {
            // It was put off already. A second message about it would be followed by yet another one.
            ChargeState::Prepared if charge.waits_at(call.now()) => Ok(()),
            ChargeState::Prepared => self.send(call, charge, &switch).await,
            ChargeState::Sending if charge.is_leased(call.now()) => Ok(()),
            ChargeState::Sending => {
                let lost = ChargeVerdict::new(ChargeEvent::Unclear, "answer_lost");
                self.record(call, &charge, lost).await
            }
            ChargeState::Review => self.look(call, &charge).await,
            ChargeState::Paid | ChargeState::Dead => Ok(()),
        }
    }

    async fn read(&self, message: &ChargeCard) -> Result<Option<(Charge, RouteSwitch)>, Error> {
        let mode = message.tenant.mode();
        let keys = [
            Key::Charge(message.tenant.clone(), message.charge.clone()),
            Key::Switch(CHARGER, mode),
        ];
        let mut found = self.store.fetch(&keys).await?.into_iter();
        let Some(Record::Charge(charge)) = found.next().flatten() else {
            return Ok(None);
        };
        let switch = match found.next().flatten() {
            Some(Record::Switch(switch)) => *switch,
            Some(_) | None => RouteSwitch::open(CHARGER, mode),
        };
        self.breaker.saw(&switch);
        Ok(Some((*charge, switch)))
    }

    async fn send(&self, call: &Call, charge: Charge, switch: &RouteSwitch) -> Result<(), Error> {
        let now = call.now();
        if !self.providers.offers(CHARGER) {
            return self.give_up(call, &charge, "not_configured").await;
        }
        if switch.state(now) == RouteState::Paused {
            let held = charge.held(now, now.plus(ROUTE_WAIT));
            return self.wait(call, &charge, (held, None)).await;
        }
        if charge.is_too_old_to_send(now) {
            return self.give_up(call, &charge, "never_sent").await;
        }
        if !switch.lets_through(now) {
            let probe_at = switch.stopped.as_ref().and_then(|stop| stop.probe_at);
            let until = probe_at.unwrap_or(now.plus(ROUTE_WAIT));
            let waiting = charge.waiting("route_stopped", now, Some(until));
            return self.wait(call, &charge, (waiting, None)).await;
        }
        let account = self.open(&charge).await?;
        let snapshot = match self.shown(call, &charge, &account).await {
            Ok(snapshot) => snapshot,
            // Waiting would change nothing about what is stored.
            Err(NotShown::Unusable(reason)) => return self.give_up(call, &charge, reason).await,
            Err(NotShown::Silent | NotShown::Answered) => {
                // Without it an unclear answer could never be explained, so nothing is sent. When that was a stopped
                // route's probe, it is used up.
                let next = switch.probing(now).stopped;
                let probe_at = next.and_then(|stop| stop.probe_at);
                let waiting = charge.waiting("balance_not_shown", now, probe_at);
                return self.wait(call, &charge, (waiting, Some(switch))).await;
            }
        };
        let Some((sending, switch)) = self.intend(call, &charge, (snapshot, switch)).await? else {
            return Ok(());
        };
        if !sending.lease_covers(call.now(), self.providers.call_budget()) {
            return Ok(());
        }
        let order = ChargeOrder {
            charge: &sending,
            account: &account,
        };
        let answer = self.providers.charge(order).await;
        let noted = (Operation::Create, is_unclear(&answer));
        self.breaker.note(route(&sending), noted, call.now());
        let verdict = charge_proves(&sending, &answer);
        let stops = verdict.stop.is_some();
        self.record(call, &sending, verdict).await?;
        if !stops && switch.is_opened_by(Operation::Create, &answer) {
            record_answer::reopen_route(call, &self.store, &switch).await;
        }
        Ok(())
    }

    async fn shown(
        &self,
        call: &Call,
        charge: &Charge,
        account: &Plaintext,
    ) -> Result<Snapshot, NotShown> {
        let shown = self.providers.snapshot(CHARGER, account).await;
        self.breaker.note_card(route(charge), shown, call.now())
    }

    /// Makes the intent durable, with the lock on the card and what was on it; a stopped route's next probe is
    /// put off. None when it may not be sent.
    async fn intend(
        &self,
        call: &Call,
        charge: &Charge,
        (snapshot, switch): (Snapshot, &RouteSwitch),
    ) -> Result<Option<(Charge, RouteSwitch)>, Error> {
        let Applied::Changed(sending) = charge.apply(ChargeEvent::Intend, call.now())? else {
            return Ok(None);
        };
        let card = self.seal.card(&snapshot.card);
        let sending = Charge {
            balance_before: Some(snapshot.balance),
            card_lock: Some(card.clone()),
            outbox: None,
            ..*sending
        };
        let lock = CardLock {
            provider: CHARGER,
            mode: charge.tenant.mode(),
            card,
            version: 1,
            reference: Submission::Charge(charge.id.clone()),
        };
        let tx_id = call.tx_id(&format!("charge-intend {}", charge.version));
        let changes = Changes::new("charge-intend", tx_id)
            .replace(Record::Charge(Box::new(sending.clone())), charge.version)
            .insert(Record::CardLock(Box::new(lock)))
            .forget(charge.outbox.clone().map(Key::Outbox));
        // Sent again it carries the same number.
        let link = (charge.sends == 0).then(|| {
            let submission = Submission::Charge(charge.id.clone());
            let link = ReferenceLink::new(CHARGER, charge.tenant.clone(), submission);
            Record::Reference(Box::new(link))
        });
        let changes = changes.insert_if(link);
        let (changes, switch) = record_answer::probing(changes, switch, call);
        match self.store.commit(changes).await {
            Ok(()) => Ok(Some((sending, switch))),
            Err(error) => {
                let is_overtaken = error.refused(Subject::Charge).is_some();
                if !is_overtaken && error.refused(Subject::Reference).is_some() {
                    self.give_up(call, charge, "order_number_taken").await?;
                    return Ok(None);
                }
                if !is_overtaken && error.refused(Subject::Card).is_some() {
                    let waiting = charge.waiting("card_busy", call.now(), None);
                    self.wait(call, charge, (waiting, None)).await?;
                    return Ok(None);
                }
                overtaken(error).map(|()| None)
            }
        }
    }

    /// Nothing was sent and nothing will be.
    async fn give_up(&self, call: &Call, charge: &Charge, why: &str) -> Result<(), Error> {
        let Applied::Changed(dead) = charge.apply(ChargeEvent::GiveUp, call.now())? else {
            return Ok(());
        };
        let dead = Charge {
            reason: Some(why.to_owned()),
            outbox: None,
            ..*dead
        };
        let tx_id = call.tx_id(&format!("charge-give-up {}", charge.version));
        let changes = moved(call, charge, &dead, Changes::new("charge-give-up", tx_id));
        info!(charge.id = %charge.id, why, "card charge given up before it was sent");
        self.store.commit(changes).await.or_else(overtaken)
    }

    /// Puts the charge off. `probe` is the switch of a stopped route whose probe came to nothing here.
    async fn wait(
        &self,
        call: &Call,
        charge: &Charge,
        (waiting, probe): (Charge, Option<&RouteSwitch>),
    ) -> Result<(), Error> {
        let waiting = Charge {
            outbox: None,
            ..waiting
        };
        let tx_id = call.tx_id(&format!("charge-wait {}", charge.version));
        let changes = moved(call, charge, &waiting, Changes::new("charge-wait", tx_id));
        let changes = match probe {
            Some(switch) => record_answer::probing(changes, switch, call).0,
            None => changes,
        };
        match self.store.commit(changes).await {
            Ok(()) => {
                self.send_again(call, &waiting).await;
                Ok(())
            }
            Err(error) => overtaken(error),
        }
    }

    /// A short wait travels as a delayed message; a longer one is left to the due index.
    async fn send_again(&self, call: &Call, charge: &Charge) {
        let Some(next_at) = charge.next_at else {
            return;
        };
        // Rounded up: what comes too early is not looked at.
        let delay = next_at.since(call.now()).as_millis().div_ceil(1_000);
        if charge.state == ChargeState::Prepared && delay < DELAY_MAX {
            let message = Message::Charge(ChargeCard {
                tenant: charge.tenant.clone(),
                charge: charge.id.clone(),
            });
            let delay = u32::try_from(delay).unwrap_or(0);
            send::after(&self.queue, message, delay).await;
        }
    }

    /// What the provider says of a charge in review that it has named, which may prove that it was paid; and the
    /// balance of its card, for whoever decides. Nothing is sent that moves money.
    async fn look(&self, call: &Call, charge: &Charge) -> Result<(), Error> {
        let now = call.now();
        if charge.next_at.is_some_and(|at| at > now) {
            return Ok(());
        }
        let verdict = match &charge.object {
            Some(object) => Some(self.ask(call, charge, object).await),
            None => None,
        };
        let is_paid = verdict.as_ref().map(|it| it.event) == Some(ChargeEvent::Paid);
        let look = Look {
            balance: if is_paid {
                None
            } else {
                let account = self.open(charge).await?;
                let shown = self.shown(call, charge, &account).await.ok();
                shown.map(|snapshot| snapshot.balance)
            },
            told: verdict.as_ref().and_then(|it| it.told.clone()),
        };
        // Written first: a payment that the books cannot take is then asked about later, not again at once.
        let seen = charge.looked_at(look, call.now());
        let tx_id = call.tx_id(&format!("charge-look {}", charge.version));
        let changes = moved(call, charge, &seen, Changes::new("charge-look", tx_id));
        match self.store.commit(changes).await {
            Ok(()) => {}
            Err(error) => return overtaken(error),
        }
        match verdict {
            Some(verdict) if is_paid => return self.record(call, &seen, verdict).await,
            Some(_) if charge.looks == 0 => {
                let reason = charge.reason.as_deref();
                error!(charge.id = %charge.id, reason, "a card charge needs two operators");
            }
            Some(_) | None => {}
        }
        Ok(())
    }

    async fn ask(&self, call: &Call, charge: &Charge, object: &ProviderId) -> ChargeVerdict {
        let answer = self.providers.read_charge(charge, object).await;
        let noted = (Operation::Read, is_unclear(&answer));
        self.breaker.note(route(charge), noted, call.now());
        charge_read_proves(charge, &answer)
    }

    async fn open(&self, charge: &Charge) -> Result<Plaintext, Error> {
        let owner = SealedFor::Charge(charge.id.clone());
        let opened = self.vault.open(&charge.tenant, &owner, &charge.sealed);
        Ok(opened.await?)
    }
}

const fn route(charge: &Charge) -> (Provider, Mode) {
    (CHARGER, charge.tenant.mode())
}

/// A refusal means that somebody else moved the charge; the due index goes on.
fn overtaken(error: CommitError) -> Result<(), Error> {
    match error {
        CommitError::Refused(_) => Ok(()),
        CommitError::Contended | CommitError::Unreachable(_) => Err(error.into()),
    }
}
