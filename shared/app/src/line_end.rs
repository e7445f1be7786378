//! Commits what may end lines of a batch. The last line of a tally wakes the batch, in the same unit; the others
//! need not know the batch at all.

use crate::{
    batch_task,
    call::Call,
    changes::{Changes, Subject},
    message::{BatchStep, BatchTask, Message},
    port::{CommitError, Store},
};

/// How often the two forms of a unit are tried in turn.
const ROUNDS: u32 = 3;

/// Commits `changes`. The message, if there is one, is in the outbox and should be sent.
///
/// # Errors
/// As the store's commit.
pub(crate) async fn commit(
    call: &Call,
    store: &impl Store,
    changes: Changes,
) -> Result<Option<Message>, CommitError> {
    let Some(batch) = changes.ending_lines_of() else {
        return store.commit(changes).await.map(|()| None);
    };
    let task = BatchTask {
        tenant: batch.tenant.clone(),
        batch: batch.batch.clone(),
        step: BatchStep::Advance,
    };
    for _ in 0..ROUNDS {
        match store.commit(changes.clone()).await {
            Err(error) if is_about_tally_only(&error) => {}
            outcome => return outcome.map(|()| None),
        }
        // One invocation may end several tallies: each has an entry of its own.
        let entry = batch_task::entry_of(call, task.clone(), &changes.tx_id);
        let message = entry.message.clone();
        match store.commit(changes.clone().closing(entry)).await {
            Err(error) if is_about_tally_only(&error) => {}
            outcome => return outcome.map(|()| Some(message)),
        }
    }
    Err(CommitError::Contended)
}

/// Others ended lines of the same tally, or these are its last.
fn is_about_tally_only(error: &CommitError) -> bool {
    match error {
        CommitError::Refused(refusals) => refusals.iter().all(|it| it.subject == Subject::Tally),
        CommitError::Contended | CommitError::Unreachable(_) => false,
    }
}
