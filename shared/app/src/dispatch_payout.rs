//! Hands a payout to its provider: claim, create, process, with a durable step before each call.
//!
//! Nothing is ever sent from `sending`; a worker that finds its place taken stops. One read and three
//! transactions for a payout that goes well.

mod card;
mod carrier;
mod claim;
mod resume;
mod submit;

use std::time::Duration;

use domain::{
    answer::Answer,
    attempt::{Applied, Attempt, Wake},
    attempt_machine::{AttemptEvent, AttemptState},
    denied::Denied,
    driver::{Driver, MethodKind},
    fee::Rail,
    ids::AttemptRef,
    manifest::{ByObject, manifest},
    payout::{Payout, PayoutStatus},
    review::Sighting,
    routing::{self, Choice, Provider, RouteSwitch, Skipped, Wish},
    time::Timestamp,
};
use tracing::warn;

use crate::{
    attempt_review,
    breaker::Breaker,
    call::Call,
    changes::{Changes, Subject},
    error::Error,
    message::{Check, Dispatch, Message},
    port::{CommitError, Plaintext, Providers, Queue, Store, Vault},
    record::{Key, Record},
    record_answer::{self, News, Recorded, Sight},
    seal::Seal,
    send,
};

/// How long a payout whose route is closed stays with its unsent attempt before it is given up.
const ROUTE_GRACE: Duration = Duration::from_secs(60);

/// A waiting payout stays with its attempt once it has this many: attempt numbers have two digits.
const UNSENT_MAX: u8 = 90;
/// How often a claim is decided again after somebody else moved the payout meanwhile.
const ROUNDS: u32 = 3;

/// What the dispatcher works with.
#[derive(Clone)]
pub struct Dispatcher<S, Q, P, V> {
    pub store: S,
    pub queue: Q,
    pub providers: P,
    pub vault: V,
    pub seal: Seal,
    /// One for all dispatches of a process.
    pub breaker: Breaker,
}

/// What one dispatch starts from.
struct Scene {
    payout: Payout,
    attempt: Option<Attempt>,
    driver: Driver,
    /// The switch of every provider, in the order of `Provider::ALL`.
    switches: Vec<RouteSwitch>,
}

impl Scene {
    fn switch(&self, provider: Provider) -> &RouteSwitch {
        self.switches
            .iter()
            .find(|switch| switch.provider == provider)
            .expect("the switch of every provider is read")
    }

    /// When the first stopped route of these lets a call through.
    fn next_probe(&self, routes: &[Provider]) -> Option<Timestamp> {
        let stops = routes
            .iter()
            .filter_map(|it| self.switch(*it).stopped.as_ref());
        stops.filter_map(|stop| stop.probe_at).min()
    }
}

/// Whether a claim came to an end, or somebody else moved the payout and it must be read again.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Claim {
    Decided,
    Overtaken,
}

/// An attempt whose create may now be sent: the intent is durable.
struct Ready {
    payout: Payout,
    attempt: Attempt,
    account: Plaintext,
    switch: RouteSwitch,
}

/// An attempt whose object may now be processed: the intent is durable.
struct Started {
    payout: Payout,
    attempt: Attempt,
    switch: RouteSwitch,
}

impl<S: Store, Q: Queue, P: Providers, V: Vault> Dispatcher<S, Q, P, V> {
    /// Brings a payout one step on, as far as the stored state allows. Repeats and old messages do
    /// nothing.
    ///
    /// # Errors
    /// `Unavailable` when the store or the vault cannot be reached: the message should come again.
    pub async fn run(&self, call: &Call, message: &Dispatch) -> Result<(), Error> {
        let done = self.bring_on(call, message).await;
        self.breaker.flush(call, &self.store).await;
        done
    }

    async fn bring_on(&self, call: &Call, message: &Dispatch) -> Result<(), Error> {
        for _ in 0..ROUNDS {
            let Some(scene) = self.read(message).await? else {
                return Ok(());
            };
            // People decide first; they send it on.
            if scene.payout.is_held() {
                return self.set_aside(call, &scene).await;
            }
            if let Some(carrier) = self.carrier(call, message, &scene)
                && message.provider != Some(carrier)
            {
                return self.hand_over(message, carrier).await;
            }
            let waits = matches!(
                scene.payout.status,
                PayoutStatus::Validated | PayoutStatus::Queued
            );
            if !waits {
                return match scene.payout.status {
                    PayoutStatus::Processing => self.continue_attempt(call, scene).await,
                    PayoutStatus::Validated
                    | PayoutStatus::Queued
                    | PayoutStatus::Scheduled
                    | PayoutStatus::Completed
                    | PayoutStatus::Failed
                    | PayoutStatus::Canceled
                    | PayoutStatus::Returned => Ok(()),
                };
            }
            if message.seq != scene.payout.dispatch_seq {
                return Ok(());
            }
            if self.claim(call, scene).await? == Claim::Decided {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Chooses who carries the payout with a method of this kind.
    fn choose(
        &self,
        call: &Call,
        scene: &Scene,
        (kind, tried): (MethodKind, &[Provider]),
    ) -> Choice {
        let payout = &scene.payout;
        let wish = Wish {
            method: kind,
            rail: payout.rail,
            net: payout.net(),
            currency: payout.currency,
            tried,
            may_fall_back: payout.may_fall_back,
        };
        routing::choose(wish, |provider| {
            if !self.providers.offers(provider) {
                return Some(Skipped::NotConfigured);
            }
            if !scene.driver.is_approved_at(provider) {
                return Some(Skipped::DriverNotApproved);
            }
            let open = scene.switch(provider).lets_through(call.now());
            (!open).then_some(Skipped::RouteStopped)
        })
    }

    /// Reads payout, attempt, driver and switches in one round trip when the message knows the driver.
    async fn read(&self, message: &Dispatch) -> Result<Option<Scene>, Error> {
        let tenant = &message.tenant;
        let reference = AttemptRef::new(message.payout.clone(), message.attempt);
        let mut keys = vec![
            Key::Payout(tenant.clone(), message.payout.clone()),
            Key::Attempt(tenant.clone(), reference),
        ];
        keys.extend(Provider::ALL.map(|provider| Key::Switch(provider, tenant.mode())));
        keys.extend(
            message
                .driver
                .clone()
                .map(|driver| Key::Driver(tenant.clone(), driver)),
        );
        let mut found = self.store.fetch(&keys).await?.into_iter();
        let Some(Some(Record::Payout(payout))) = found.next() else {
            warn!(payout.id = %message.payout, "a message names a payout that does not exist");
            return Ok(None);
        };
        let attempt = match found.next().flatten() {
            Some(Record::Attempt(attempt)) => Some(*attempt),
            Some(_) | None => None,
        };
        let mut switches = Vec::with_capacity(Provider::ALL.len());
        for provider in Provider::ALL {
            switches.push(match found.next().flatten() {
                Some(Record::Switch(switch)) => *switch,
                Some(_) | None => RouteSwitch::open(provider, tenant.mode()),
            });
        }
        for switch in &switches {
            self.breaker.saw(switch);
        }
        let driver = match found.next().flatten() {
            Some(record) => Some(record),
            None => {
                let key = Key::Driver(tenant.clone(), payout.driver.clone());
                self.store.fetch(&[key]).await?.into_iter().next().flatten()
            }
        };
        let Some(Record::Driver(driver)) = driver else {
            warn!(payout.id = %payout.id, "the driver of a payout does not exist");
            return Ok(None);
        };
        Ok(Some(Scene {
            payout: *payout,
            attempt,
            driver: *driver,
            switches,
        }))
    }

    /// Records what a call brought. Whoever was faster does not make it untrue: it is recorded against what is stored
    /// then, also when the attempt has ended meanwhile.
    async fn record(&self, call: &Call, sight: Sight, news: &News) -> Result<(), Error> {
        let mut sight = sight;
        for _ in 0..ROUNDS {
            match record_answer::run(call, &self.store, &sight, news).await? {
                Recorded::Stale | Recorded::WorkerBusy => return Ok(()),
                Recorded::Written {
                    attempt, message, ..
                } => {
                    if let Some(message) = message {
                        send::now(&self.queue, message).await;
                    }
                    send_next_check(call, &self.queue, &attempt).await;
                    ask_before_people(&self.queue, &attempt).await;
                    return Ok(());
                }
                Recorded::Overtaken => match self.read_again(&sight).await? {
                    Some(again) => sight = again,
                    None => return Ok(()),
                },
            }
        }
        Ok(())
    }

    async fn read_again(&self, sight: &Sight) -> Result<Option<Sight>, Error> {
        let tenant = &sight.payout.tenant;
        let keys = [
            Key::Payout(tenant.clone(), sight.payout.id.clone()),
            Key::Attempt(tenant.clone(), sight.attempt.reference.clone()),
        ];
        let mut found = self.store.fetch(&keys).await?.into_iter();
        Ok(match (found.next().flatten(), found.next().flatten()) {
            (Some(Record::Payout(payout)), Some(Record::Attempt(attempt))) => Some(Sight {
                payout: *payout,
                attempt: *attempt,
                inbox: None,
                switch: None,
            }),
            _ => None,
        })
    }

    /// A held payout's attempt that could be sent rests until people have decided.
    async fn set_aside(&self, call: &Call, scene: &Scene) -> Result<(), Error> {
        let live = scene.attempt.as_ref().filter(|attempt| {
            let is_live = scene.payout.live_attempt == Some(attempt.reference.number);
            let could_be_sent = attempt.wake() == Some(Wake::Dispatch);
            is_live && could_be_sent && attempt.next_at.is_some()
        });
        let Some(live) = live.filter(|it| !it.is_leased(call.now())) else {
            return Ok(());
        };
        let after = live.set_aside(call.now());
        let mut changes = Changes::new("set-aside", call.tx_id("set-aside"));
        if live.reviewed_at.is_none() && after.reviewed_at.is_some() {
            let known = attempt_review::of(&self.store, live).await?;
            let answer = Answer::Unclear {
                cause: "held".to_owned(),
            };
            let sighting = Sighting {
                answer: &answer,
                at: call.now(),
                is_read: false,
            };
            changes = attempt_review::follow(changes, (known.as_ref(), &after), sighting);
        }
        let changes = changes.replace(Record::Attempt(Box::new(after)), live.version);
        self.store.commit(changes).await.or_else(overtaken)
    }
}

/// Instant payouts are read within seconds, sooner than the due index ticks: the next read travels as a
/// delayed message. Everything else is left to the due index.
pub(crate) async fn send_next_check(call: &Call, queue: &impl Queue, attempt: &Attempt) {
    let Some(next_at) = attempt.next_at else {
        return;
    };
    let delay = next_at.since(call.now()).as_secs();
    let soon = attempt.state == AttemptState::Submitted && attempt.rail == Rail::Instant;
    if soon && delay <= 60 {
        let check = Message::Check(Check {
            tenant: attempt.tenant.clone(),
            reference: attempt.reference.clone(),
            inbox: None,
        });
        send::after(queue, check, u32::try_from(delay).unwrap_or(60)).await;
    }
}

/// How long after its create an attempt in review is first asked about, in seconds: what was pending may have ended by
/// then, and people need not decide.
const FIRST_ASK: u32 = 60;

/// An attempt that waits for people, and whose provider can still say that it was paid, is asked about soon; what is
/// lost here is left to the due index.
async fn ask_before_people(queue: &impl Queue, attempt: &Attempt) {
    let proves_payments = match manifest(attempt.provider).by_object {
        ByObject::PaymentOnly => true,
        ByObject::Outcome => false,
    };
    if proves_payments && attempt.state == AttemptState::Review && attempt.object.is_some() {
        let check = Message::Check(Check {
            tenant: attempt.tenant.clone(),
            reference: attempt.reference.clone(),
            inbox: None,
        });
        send::after(queue, check, FIRST_ASK).await;
    }
}

fn moved(attempt: &Attempt, event: AttemptEvent, call: &Call) -> Result<Attempt, Error> {
    match attempt.apply(event, call.now())? {
        Applied::Changed(next) => Ok(*next),
        Applied::Unchanged | Applied::Contradiction => Err(Denied::AttemptState.into()),
    }
}

/// A refusal means that another worker or a cancellation was faster; its message or the due index goes
/// on. A driver who just became ineligible is met again by the due index.
fn overtaken(error: CommitError) -> Result<(), Error> {
    match &error {
        CommitError::Refused(refusals) => {
            let missing = refusals.iter().all(|it| it.subject == Subject::Balance);
            if missing {
                tracing::error!("a balance refused a movement that the payout's state allows");
                return Err(error.into());
            }
            Ok(())
        }
        CommitError::Contended | CommitError::Unreachable(_) => Err(error.into()),
    }
}
