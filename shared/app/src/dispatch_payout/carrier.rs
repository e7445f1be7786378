//! Which provider a dispatch would call now. Each has a queue and workers of its own, so that one that answers
//! slowly holds up nobody else's payouts.

use domain::{
    attempt::Attempt, attempt_machine::AttemptState, payout::PayoutStatus, routing::Provider,
};

use super::{Dispatcher, Scene, resume::taken_over};
use crate::{
    call::Call,
    error::Error,
    message::{Dispatch, Message},
    port::{Providers, Queue, Store, Vault},
};

impl<S: Store, Q: Queue, P: Providers, V: Vault> Dispatcher<S, Q, P, V> {
    /// None when nobody would be called: what is left to do then can be done by anybody.
    pub(super) fn carrier(
        &self,
        call: &Call,
        message: &Dispatch,
        scene: &Scene,
    ) -> Option<Provider> {
        match scene.payout.status {
            PayoutStatus::Validated | PayoutStatus::Queued => {
                if message.seq != scene.payout.dispatch_seq {
                    return None;
                }
                let method = scene.driver.method.as_ref()?;
                let wish = (method.kind, &scene.payout.tried[..]);
                self.choose(call, scene, wish).provider
            }
            PayoutStatus::Processing => {
                let attempt = scene.attempt.as_ref()?;
                let sends = self.sends(call, scene, attempt);
                sends.then_some(attempt.provider)
            }
            PayoutStatus::Scheduled
            | PayoutStatus::Completed
            | PayoutStatus::Failed
            | PayoutStatus::Canceled
            | PayoutStatus::Returned => None,
        }
    }

    /// Whether the live attempt may be sent by whoever takes it up now.
    fn sends(&self, call: &Call, scene: &Scene, attempt: &Attempt) -> bool {
        let is_live = scene.payout.live_attempt == Some(attempt.reference.number);
        if !is_live || attempt.is_leased(call.now()) {
            return false;
        }
        match attempt.state {
            AttemptState::Prepared => {
                let choice = self.first_choice(call, scene, attempt);
                choice.and_then(|it| taken_over(&it, attempt)).is_none()
            }
            AttemptState::Created => true,
            AttemptState::Sending
            | AttemptState::ProcessSending
            | AttemptState::Submitted
            | AttemptState::Unknown
            | AttemptState::Review
            | AttemptState::Paid
            | AttemptState::Dead => false,
        }
    }

    /// Nothing is written: when this message is lost, the due index wakes the payout as ever.
    pub(super) async fn hand_over(
        &self,
        message: &Dispatch,
        carrier: Provider,
    ) -> Result<(), Error> {
        let message = Message::Dispatch(message.to(carrier));
        Ok(self.queue.send(message, 0).await?)
    }
}
