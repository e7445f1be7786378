//! An operator pauses a provider: nothing new goes to it until an operator resumes it. What it already has is
//! read on.

use domain::routing::{Provider, RouteState, RouteSwitch};
use tracing::warn;

use crate::{
    audit_event::{self, Done, changed},
    call::Call,
    cancel_payout::refuse_unless_overtaken,
    changes::Changes,
    create_payout::ROUNDS,
    error::Error,
    list_providers::{ProviderStanding, switch},
    port::Store,
    record::Key,
    record_answer::write_switch,
    request_key::{Answered, Asking},
};

/// The longest reason an operator can give, in characters.
pub const REASON_MAX: usize = 200;

/// What an operator wants of a provider, in the mode of the tenant.
pub struct TurnProvider<'a> {
    pub asking: Asking<'a, ProviderStanding>,
    pub provider: Provider,
    /// 1 to [`REASON_MAX`] characters.
    pub reason: String,
}

/// Pausing a paused provider changes nothing, the reason included.
///
/// # Errors
/// `KeyReused`; `Conflict` when others kept changing the switch; `Unavailable`.
pub async fn run(
    call: &Call,
    store: &impl Store,
    command: TurnProvider<'_>,
) -> Result<Answered<ProviderStanding>, Error> {
    let wish = |switch: &RouteSwitch, reason: &str| match switch.state(call.now()) {
        RouteState::Paused => None,
        RouteState::Open | RouteState::Stopped | RouteState::Probing => {
            Some(switch.paused(reason.to_owned(), call.now()))
        }
    };
    turn(call, store, ("provider.pause", &wish), command).await
}

type Wish<'a> = &'a (dyn Fn(&RouteSwitch, &str) -> Option<RouteSwitch> + Sync);

/// Turns the switch of a provider as wished, and notes who did it and why.
pub(crate) async fn turn(
    call: &Call,
    store: &impl Store,
    (action, wish): (&'static str, Wish<'_>),
    command: TurnProvider<'_>,
) -> Result<Answered<ProviderStanding>, Error> {
    let asking = command.asking;
    let route = (command.provider, asking.tenant.mode());
    for round in 0..ROUNDS {
        let now = call.now();
        let mut keys = vec![Key::Switch(route.0, route.1)];
        keys.extend(asking.stored_at());
        let mut found = store.fetch(&keys).await?.into_iter();
        let before = switch(route, found.next().flatten());
        if let Some(replayed) = asking.replay(found.next().flatten().as_ref(), now)? {
            return Ok(replayed);
        }
        let Some(after) = wish(&before, &command.reason) else {
            if let Some(replayed) = asking.replay_now(store, now).await? {
                return Ok(replayed);
            }
            let it = ProviderStanding {
                switch: before,
                at: now,
            };
            let body = (asking.render)(&it);
            return Ok(Answered::Fresh { it, body });
        };
        let state = |it: &RouteSwitch| Some(it.state(now).name().to_owned());
        let done = Done {
            tenant: asking.tenant,
            action,
            subject: ("provider", command.provider.name()),
            changes: [
                changed("state", state(&before), state(&after)),
                changed("reason", reason(&before), Some(command.reason.clone())),
            ]
            .into_iter()
            .flatten()
            .collect(),
        };
        let tx_id = call.tx_id(&format!("{action} {round}"));
        let changes = write_switch(Changes::new("turn-provider", tx_id), &before, after.clone())
            .insert(audit_event::event(call, done));
        let it = ProviderStanding {
            switch: after,
            at: now,
        };
        let body = (asking.render)(&it);
        match store.commit(asking.remember(changes, &body, now)).await {
            Ok(()) => {
                warn!(provider = command.provider.name(), action, actor = %call.actor, "provider turned");
                return Ok(Answered::Fresh { it, body });
            }
            Err(error) => {
                if let Some(replayed) = asking.replay_after(&error, now)? {
                    return Ok(replayed);
                }
                refuse_unless_overtaken(error)?;
            }
        }
    }
    Err(Error::Conflict(
        "the provider kept changing; send it again".to_owned(),
    ))
}

/// Why the route was stopped: the words of who paused it, or the reason's name.
fn reason(switch: &RouteSwitch) -> Option<String> {
    switch.stopped.as_ref().map(|stop| stop.text().to_owned())
}
