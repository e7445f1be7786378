//! Two payments of one payout, or of one load: the only news of an ended attempt that stops a route.

use domain::{attempt_machine::AttemptState, ids::AttemptRef, payout::Payout, routing::StopReason};

use super::{route_of, stop_route};
use crate::{
    call::Call,
    error::Error,
    port::Store,
    record::{Key, Record},
};

/// A payment of a payout that is held, while an ended attempt has paid too: nobody can explain two, so the route of
/// the earlier one stops.
pub(super) async fn stop_routes(
    call: &Call,
    store: &impl Store,
    payout: &Payout,
) -> Result<(), Error> {
    let Some(hold) = &payout.hold else {
        return Ok(());
    };
    let mut suspects: Vec<_> = hold
        .attempts
        .iter()
        .map(|number| AttemptRef::new(payout.id.clone(), *number))
        .collect();
    for other in &hold.payouts {
        let key = Key::Payout(payout.tenant.clone(), other.clone());
        let found = store.fetch(&[key]).await?.into_iter().next().flatten();
        if let Some(Record::Payout(other)) = found {
            let numbers = other.hold.iter().flat_map(|it| it.attempts.iter());
            suspects.extend(numbers.map(|number| AttemptRef::new(other.id.clone(), *number)));
        }
    }
    for suspect in suspects {
        let key = Key::Attempt(payout.tenant.clone(), suspect);
        let found = store.fetch(&[key]).await?.into_iter().next().flatten();
        if let Some(Record::Attempt(attempt)) = found
            && attempt.state != AttemptState::Paid
            && attempt.posted().surplus().is_positive()
        {
            stop_route(call, store, route_of(&attempt), StopReason::Contradiction).await?;
        }
    }
    Ok(())
}
