//! A charge: money taken from a company's prepaid card into the wallet. One call in one step, which its
//! provider does not recognise: what is unclear is never sent again. What it was answered about can be read.

mod looks;
mod machine;
mod proof;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use self::looks::{Evidence, Look, Told};
pub use self::machine::{ChargeCell, ChargeEvent, ChargeState, decide};
pub use self::proof::{ChargeVerdict, charge_proves, charge_read_proves};
use crate::{
    attempt::{LEASE, LEASE_MARGIN},
    denied::Denied,
    ids::{ChargeId, ProviderId, TenantId},
    ledger::{Account, Posting},
    money::{Cents, Currency},
    routing::Provider,
    schedule,
    time::Timestamp,
    transition::Actor,
};

/// Who charges cards.
pub const CHARGER: Provider = Provider::Paywizard;
/// A charge that could not be sent for so long is given up: nobody expects the debit any more. A pause does
/// not count: an operator who pauses a provider wants what waits for it to go on afterwards.
pub const UNSENT_FOR: Duration = Duration::from_secs(24 * 60 * 60);
/// One charge of a prepaid card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    pub tenant: TenantId,
    pub id: ChargeId,
    /// Grows with every write; the condition of the next one.
    pub version: u32,
    pub state: ChargeState,
    pub amount: Cents,
    pub currency: Currency,
    /// The client's own name of the charge, once per tenant.
    pub reference: String,
    /// What can be read of the card's number.
    pub masked: String,
    /// Keyed digest of the card and how it is entered: tells a repeat from another charge.
    pub account: String,
    /// The card as the provider needs it, sealed for this charge.
    pub sealed: String,
    /// How often sending began. An answer belongs to one of them.
    pub sends: u32,
    /// How often sending had to wait.
    pub waits: u32,
    /// When a paused provider last held it back. The time it may wait unsent counts from there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_at: Option<Timestamp>,
    /// What was on the card before the newest send.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub balance_before: Option<Cents>,
    /// What was on the card when it was last read in review.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
    /// What its provider last said of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<Told>,
    /// How often it was looked at in review.
    #[serde(default, skip_serializing_if = "looks::is_zero")]
    pub looks: u32,
    /// How often it moved money: into the wallet, and back where people found out later that the card was not debited.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub postings: u32,
    /// The name under which the card is locked for this charge: one money call at a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card_lock: Option<String>,
    /// What the provider calls it, once seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<ProviderId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What operators said of it: the first proposes, the second settles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decisions: Vec<ChargeDecision>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease_until: Option<Timestamp>,
    /// When somebody has to look again; none only when final.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_at: Option<Timestamp>,
    /// The message that was not sent yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outbox: Option<String>,
    pub created_at: Timestamp,
    pub changed_at: Timestamp,
}

/// What an operator found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChargeOutcome {
    Paid,
    NotPaid,
}

impl ChargeOutcome {
    pub const ALL: [Self; 2] = [Self::Paid, Self::NotPaid];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Paid => "paid",
            Self::NotPaid => "not_paid",
        }
    }

    const fn event(self) -> ChargeEvent {
        match self {
            Self::Paid => ChargeEvent::OperatorPaid,
            Self::NotPaid => ChargeEvent::OperatorDead,
        }
    }
}

/// One operator's word about a charge in review.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChargeDecision {
    pub outcome: ChargeOutcome,
    /// Where the evidence is filed, as a statement of the card.
    pub evidence: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    pub actor: Actor,
    /// Who holds the key: another owner's settles.
    pub owner: String,
    pub at: Timestamp,
}

impl ChargeDecision {
    /// Whether both say the same. Notes are anybody's own.
    pub fn agrees_with(&self, other: &Self) -> bool {
        self.outcome == other.outcome && self.evidence == other.evidence
    }

    /// Owners are people: neither case nor blanks around a name make another one.
    pub fn is_of_same_person(&self, other: &Self) -> bool {
        let name = |decision: &Self| decision.owner.trim().to_lowercase();
        name(self) == name(other)
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks with a reference"
)]
const fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// What a new charge is made of.
#[derive(Clone, Debug)]
pub struct Asked {
    pub tenant: TenantId,
    pub id: ChargeId,
    pub amount: Cents,
    pub reference: String,
    pub masked: String,
    pub account: String,
    pub sealed: String,
}

/// What became of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Applied {
    Changed(Box<Charge>),
    Unchanged,
}

/// What an operator's word does to a charge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decided {
    /// It waits for somebody else who says the same.
    Proposed(Box<Charge>),
    Settled(Box<Charge>),
    /// It was said before.
    Known,
    /// Another operator said something else.
    Disagrees,
}

impl Charge {
    /// A new charge. The due index wakes it when no message does.
    pub fn prepared(asked: Asked, at: Timestamp) -> Self {
        Self {
            tenant: asked.tenant,
            id: asked.id,
            version: 1,
            state: ChargeState::Prepared,
            amount: asked.amount,
            currency: Currency::Usd,
            reference: asked.reference,
            masked: asked.masked,
            account: asked.account,
            sealed: asked.sealed,
            sends: 0,
            waits: 0,
            held_at: None,
            balance_before: None,
            evidence: None,
            told: None,
            looks: 0,
            postings: 0,
            card_lock: None,
            object: None,
            reason: None,
            decisions: Vec::new(),
            lease_until: None,
            next_at: Some(at.plus(schedule::redispatch_delay(0))),
            outbox: None,
            created_at: at,
            changed_at: at,
        }
    }

    /// Whether a worker may hold the charge now.
    pub fn is_leased(&self, now: Timestamp) -> bool {
        self.lease_until.is_some_and(|until| until > now)
    }

    /// Whether a call that may take `budget` fits into the lease.
    pub fn lease_covers(&self, now: Timestamp, budget: Duration) -> bool {
        self.is_leased(now.plus(budget).plus(LEASE_MARGIN))
    }

    /// Whether it waited too long to be sent at all.
    pub fn is_too_old_to_send(&self, now: Timestamp) -> bool {
        now.since(self.held_at.unwrap_or(self.created_at)) >= UNSENT_FOR
    }

    /// Whether it was put off, and is not to be looked at yet.
    pub fn waits_at(&self, now: Timestamp) -> bool {
        self.waits > 0 && self.next_at.is_some_and(|at| at > now)
    }

    /// What the ledger records when the card was debited.
    pub fn posting(&self) -> Posting {
        Posting::between(Account::clearing(CHARGER), Account::Available, self.amount)
    }

    /// The charge after `event`, or the cell that says why not.
    ///
    /// # Errors
    /// [`Denied::ChargeState`] when the event is impossible from here.
    pub fn apply(&self, event: ChargeEvent, at: Timestamp) -> Result<Applied, Denied> {
        match decide(self.state, event) {
            ChargeCell::Refuses => Err(Denied::ChargeState(self.state)),
            ChargeCell::Ignores => Ok(Applied::Unchanged),
            ChargeCell::Moves(to) => {
                let mut next = Self {
                    version: self.version + 1,
                    state: to,
                    changed_at: at,
                    ..self.clone()
                };
                next.follow(event, at);
                if self.state.is_final() {
                    next.open_again(at);
                }
                Ok(Applied::Changed(Box::new(next)))
            }
        }
    }

    fn follow(&mut self, event: ChargeEvent, at: Timestamp) {
        match event {
            ChargeEvent::Intend => {
                self.sends += 1;
                self.lease_until = Some(at.plus(LEASE));
                self.next_at = self.lease_until;
                self.reason = None;
            }
            ChargeEvent::NotSent | ChargeEvent::RefusedUs => {
                // The card is free for others meanwhile; the next send looks at it again.
                self.card_lock = None;
                self.balance_before = None;
                self.lease_until = None;
                self.wait(at);
            }
            ChargeEvent::Unclear => {
                self.lease_until = None;
                self.next_at = Some(at.plus(self.look_delay()));
            }
            ChargeEvent::GiveUp
            | ChargeEvent::Paid
            | ChargeEvent::Refused
            | ChargeEvent::OperatorPaid
            | ChargeEvent::OperatorDead => {
                self.card_lock = None;
                self.lease_until = None;
                self.next_at = None;
            }
        }
    }

    /// What people decided without knowing is theirs to decide again.
    fn open_again(&mut self, at: Timestamp) {
        self.decisions.clear();
        self.looks = 0;
        self.next_at = Some(at.plus(self.look_delay()));
    }

    /// Whether the wallet has its money now.
    pub const fn is_credited(&self) -> bool {
        self.postings % 2 == 1
    }

    /// What the move from `before` posts: the money of a card that was debited, or back what was credited for one
    /// that was not.
    pub fn moved_money(&self, before: &Self) -> Option<Posting> {
        let (wallet, card) = (Account::Available, Account::clearing(CHARGER));
        match (self.state, before.is_credited()) {
            (ChargeState::Paid, false) => Some(self.posting()),
            (ChargeState::Dead, true) => Some(Posting::between(wallet, card, self.amount)),
            (
                ChargeState::Prepared
                | ChargeState::Sending
                | ChargeState::Review
                | ChargeState::Paid
                | ChargeState::Dead,
                _,
            ) => None,
        }
    }

    fn wait(&mut self, at: Timestamp) {
        self.next_at = Some(at.plus(schedule::resend_delay(self.waits)));
        self.waits += 1;
    }

    /// The charge that cannot be sent now, looked at again later each time; at `until` when that is known.
    #[must_use]
    pub fn waiting(&self, why: &str, at: Timestamp, until: Option<Timestamp>) -> Self {
        let mut next = Self {
            version: self.version + 1,
            reason: Some(why.to_owned()),
            changed_at: at,
            ..self.clone()
        };
        next.wait(at);
        next.next_at = until.or(next.next_at);
        next
    }

    /// The charge while an operator has its provider paused, looked at again `until` then.
    #[must_use]
    pub fn held(&self, at: Timestamp, until: Timestamp) -> Self {
        Self {
            held_at: Some(at),
            ..self.waiting("provider_paused", at, Some(until))
        }
    }

    /// What `decision` does. One operator proposes and may correct that; another one who says the same
    /// settles it.
    ///
    /// # Errors
    /// [`Denied::ChargeState`] unless the charge is in review, or was settled by this same word.
    pub fn decided(&self, decision: ChargeDecision) -> Result<Decided, Denied> {
        let said =
            |it: &ChargeDecision| it.is_of_same_person(&decision) && it.agrees_with(&decision);
        if self.decisions.iter().any(said) {
            return Ok(Decided::Known);
        }
        let at = decision.at;
        // Asked first: a word about a charge that is not in review changes nothing.
        let settled = match self.apply(decision.outcome.event(), at)? {
            Applied::Changed(settled) => settled,
            Applied::Unchanged => {
                return Err(Denied::ChargeState(self.state));
            }
        };
        match self.decisions.first() {
            Some(first) if !first.is_of_same_person(&decision) => {
                if !first.agrees_with(&decision) {
                    return Ok(Decided::Disagrees);
                }
                Ok(Decided::Settled(Box::new(Self {
                    reason: Some("decided_by_operators".to_owned()),
                    decisions: vec![first.clone(), decision],
                    ..*settled
                })))
            }
            Some(_) | None => Ok(Decided::Proposed(Box::new(Self {
                version: self.version + 1,
                decisions: vec![decision],
                changed_at: at,
                ..self.clone()
            }))),
        }
    }
}

#[cfg(test)]
mod tests;
