//! Two owners decide about news of an attempt that had ended: whether it paid after all, or how much came back.

use domain::{
    attempt::{Applied, Attempt, AttemptMoney},
    attempt_machine::AttemptEvent,
    denied::Denied,
    load::{Load, LoadStatus},
    money::Cents,
    payout::{LateChange, LateOf, Note, Payout},
    review::Disposition,
};

use super::Effect;
use crate::{
    changes::Changes,
    record::Record,
    record_answer::{card_key, gone_outbox, load_given_back, load_settlement},
    release_hold::{self, Freed},
};

impl Effect<'_> {
    pub(super) fn late(&mut self, agreed: Disposition) -> Result<(), Denied> {
        let money = self.attempt.posted();
        match agreed {
            Disposition::Paid => self.paid(money),
            Disposition::NotPaid => {
                let posted = money.surplus();
                self.late_change(&LateChange::NotPaid { posted })?;
                self.attempt.money = Some(money.never_paid());
                self.decided()
            }
            Disposition::Surplus => {
                self.late_change(&LateChange::Surplus)?;
                self.decided()
            }
            Disposition::Returned(part) => self.part_returned(part, money),
            Disposition::Nothing => {
                self.late_change(&LateChange::NothingReturned)?;
                self.decided()
            }
            Disposition::Partly(_)
            | Disposition::PartlyRestReturned(_)
            | Disposition::Recovered(_)
            | Disposition::Absorbed(_)
            | Disposition::RestReturned(_) => Err(Denied::AttemptState),
        }
    }

    pub(super) fn late_change(&mut self, change: &LateChange) -> Result<(), Denied> {
        let tx_id = self.changes.tx_id.clone();
        let attempt = self.attempt.clone();
        let note = Note {
            actor: &self.call.actor,
            at: self.call.now(),
            tx_id: &tx_id,
            attempt: Some(&attempt),
            reason: Some(self.evidence_id.to_owned()),
        };
        let of = LateOf {
            number: attempt.reference.number,
            provider: attempt.provider,
        };
        let (payout, transition) = self.payout.late(of, change, &note)?;
        self.payout = payout;
        let before = self.scene.payout.clone();
        self.add(|changes| changes.record(&before, transition));
        Ok(())
    }

    /// The news is decided: whoever waited for it goes on.
    fn decided(&mut self) -> Result<(), Denied> {
        let undecided = self.attempt.undecided.take();
        let freed = Freed {
            before: &self.scene.payout,
            around: &self.scene.around,
            other: undecided.and_then(|it| it.holds),
        };
        let tx_id = self.changes.tx_id.clone();
        let changes = std::mem::replace(&mut self.changes, Changes::new("decide-review", tx_id));
        let released = release_hold::run(self.call, changes, self.payout.clone(), freed)?;
        self.changes = released.changes;
        self.payout = released.payout;
        self.message = released.message;
        Ok(())
    }

    fn part_returned(&mut self, part: Cents, money: AttemptMoney) -> Result<(), Denied> {
        let change = LateChange::PartReturned {
            part,
            money: money.clone(),
        };
        self.late_change(&change)?;
        let is_all = part == money.returnable();
        let money = money.partly_back(part);
        self.attempt.money = Some(AttemptMoney {
            given_back: is_all,
            ..money
        });
        self.attempt.undecided = None;
        if is_all {
            let load = load_given_back(&self.payout, self.call.now());
            self.attempt = self.attempt.clone().no_more_reads();
            self.add(|changes| changes.write_if(load));
        }
        Ok(())
    }

    /// The ended attempt paid it after all. Nothing else of the payout, or of its load, may be about to pay too.
    fn paid(&mut self, money: AttemptMoney) -> Result<(), Denied> {
        if let Some(live) = &self.scene.around.live {
            self.abandon(live)?;
        }
        if let Some(other) = self.scene.around.waiting_other().cloned() {
            self.first = Some(self.superseded(&other)?);
            return Ok(());
        }
        self.late_change(&LateChange::Paid(money.clone()))?;
        let net = self.attempt.net;
        self.attempt = Attempt {
            money: Some(AttemptMoney {
                given_back: false,
                ..money.explained(net)
            }),
            ..self.attempt.paid_late(self.call.now())
        };
        let load = load_settlement(&self.scene.payout, LoadStatus::Paid, self.call.now());
        self.add(|changes| changes.write_if(load));
        Ok(())
    }

    /// An attempt that cannot have moved money is given up.
    fn abandon(&mut self, live: &Attempt) -> Result<(), Denied> {
        let dead = abandoned(self.call.now(), live)?;
        let version = live.version;
        self.add(|changes| {
            changes
                .forget(card_key(&dead))
                .replace(Record::Attempt(Box::new(dead)), version)
        });
        Ok(())
    }

    /// Another payout of the load, which never paid, is withdrawn; the load is this payout's again.
    fn superseded(&self, other: &Payout) -> Result<Changes, Denied> {
        let now = self.call.now();
        let tx_id = format!("{} superseded", self.changes.tx_id);
        let tx_id = self.call.tx_id(&tx_id);
        let note = Note {
            actor: &self.call.actor,
            at: now,
            tx_id: &tx_id,
            attempt: None,
            reason: Some("load_paid_by_another_payout".to_owned()),
        };
        let of = LateOf {
            number: 0,
            provider: self.attempt.provider,
        };
        let (canceled, transition) = other.late(of, &LateChange::Superseded, &note)?;
        let mut changes = Changes::new("supersede", tx_id.clone()).record(other, transition);
        if let Some(live) = &self.scene.around.other_live {
            let dead = abandoned(now, live)?;
            changes = changes
                .forget(card_key(&dead))
                .replace(Record::Attempt(Box::new(dead)), live.version);
        }
        if let Some(load) = &self.scene.around.load {
            changes = changes.replace(Record::Load(Box::new(self.handed(load))), load.version);
        }
        Ok(changes
            .held(other, &canceled)
            .forget(gone_outbox(other, &canceled))
            .replace(Record::Payout(Box::new(canceled)), other.version))
    }

    fn handed(&self, load: &Load) -> Load {
        load.taken_again_by(&self.scene.payout.id, self.call.now())
    }
}

fn abandoned(now: domain::time::Timestamp, live: &Attempt) -> Result<Attempt, Denied> {
    match live.apply(AttemptEvent::Abandon, now) {
        Ok(Applied::Changed(dead)) => Ok(Attempt {
            version: live.version + 1,
            reason: Some("paid_by_another_attempt".to_owned()),
            ..*dead
        }),
        Ok(Applied::Unchanged | Applied::Contradiction) | Err(_) => Err(Denied::AttemptInFlight),
    }
}
