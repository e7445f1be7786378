//! Two owners end an attempt that was under way, and its payout with it.

use domain::{
    attempt::{Applied, AttemptMoney},
    attempt_machine::AttemptEvent,
    denied::Denied,
    load::LoadStatus,
    money::Cents,
    payout::{Change, LateChange, LateOf, Note, Outcome, Settlement},
    review::Disposition,
};

use super::Effect;
use crate::record_answer::{card_key, load_settlement};

impl Effect<'_> {
    pub(super) fn settle(&mut self, agreed: Disposition) -> Result<(), Denied> {
        let (payout, attempt) = (&self.scene.payout, &self.scene.attempt);
        let Some(settlement) = agreed.settlement() else {
            return Err(Denied::AttemptState);
        };
        if payout.live_attempt != Some(attempt.reference.number) {
            return Err(Denied::WrongState(payout.status));
        }
        let (event, load) = match settlement {
            Settlement::Paid | Settlement::Partly(_) => (AttemptEvent::OperatorPaid, true),
            Settlement::NotPaid => (AttemptEvent::OperatorDead, false),
        };
        let Applied::Changed(ended) = attempt.apply(event, self.call.now())? else {
            return Err(Denied::AttemptState);
        };
        let tx_id = self.changes.tx_id.clone();
        let note = Note {
            actor: &self.call.actor,
            at: self.call.now(),
            tx_id: &tx_id,
            attempt: Some(&ended),
            reason: Some(self.evidence_id.to_owned()),
        };
        let change = Change::Settle(attempt.provider, settlement);
        let Outcome::Moved(settled, transition) = payout.apply(change, &note)? else {
            return Err(Denied::WrongState(payout.status));
        };
        self.payout = *settled;
        let mut transitions = vec![*transition];
        self.attempt = *ended.clone();
        if let Some(part) = agreed.part() {
            let rest = Cents::new(attempt.net.get() - part.get());
            let keeps = matches!(agreed, Disposition::Partly(_));
            self.attempt.money = Some(AttemptMoney {
                cleared: part,
                suspense: if keeps { rest } else { Cents::ZERO },
                ..AttemptMoney::default()
            });
            if !keeps {
                let of = LateOf {
                    number: attempt.reference.number,
                    provider: attempt.provider,
                };
                let change = LateChange::RestReturned(rest);
                let (returned, transition) = self.payout.late(of, &change, &note)?;
                self.payout = returned;
                transitions.push(transition);
            }
        }
        let paid_load = load.then(|| load_settlement(payout, LoadStatus::Paid, self.call.now()));
        let card = card_key(&self.attempt);
        self.add(|mut changes| {
            for transition in transitions {
                changes = changes.record(payout, transition);
            }
            changes.forget(card).write_if(paid_load.flatten())
        });
        Ok(())
    }
}
