//! One money call at a time on a card whose issuer cannot be asked about one whose answer was lost, and what was on the card
//! before.

use domain::{
    attempt::Attempt,
    ids::{Mode, Submission},
    manifest::{LookUp, manifest},
    routing::Provider,
};

use super::Dispatcher;
use crate::{
    call::Call,
    port::{NotShown, Plaintext, Providers, Queue, Snapshot, Store, Vault},
    record::CardLock,
    seal::Seal,
};

impl<S: Store, Q: Queue, P: Providers, V: Vault> Dispatcher<S, Q, P, V> {
    /// The card's balance, where it will be the only evidence. When it is not shown an unclear answer could
    /// never be explained, so nothing is sent.
    pub(super) async fn snapshot(
        &self,
        call: &Call,
        route: (Provider, Mode),
        account: &Plaintext,
    ) -> Result<Option<Snapshot>, NotShown> {
        match manifest(route.0).look_up {
            LookUp::ByReference { .. } => Ok(None),
            LookUp::None => {
                let shown = self.providers.snapshot(route.0, account).await;
                self.breaker.note_card(route, shown, call.now()).map(Some)
            }
        }
    }
}

/// The attempt with the balance before it, and the lock that keeps every other money call off the card until
/// the attempt is final.
pub(super) fn with_card(
    attempt: Attempt,
    snapshot: Option<Snapshot>,
    seal: &Seal,
) -> (Attempt, Option<CardLock>) {
    let Some(snapshot) = snapshot else {
        return (attempt, None);
    };
    let card = seal.card(&snapshot.card);
    let lock = CardLock {
        provider: attempt.provider,
        mode: attempt.tenant.mode(),
        card: card.clone(),
        version: 1,
        reference: Submission::Attempt(attempt.reference.clone()),
    };
    let attempt = Attempt {
        balance_before: Some(snapshot.balance),
        card_lock: Some(card),
        ..attempt
    };
    (attempt, Some(lock))
}
