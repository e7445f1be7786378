//! Imports what a provider says it settled on one day. The next comparison of the day is held against it.

use domain::{day::Day, reconciliation::SettledRow, routing::Provider};

use crate::{
    audit_event::{self, Done, changed},
    call::Call,
    cancel_payout::refuse_unless_overtaken,
    changes::Changes,
    create_payout::ROUNDS,
    error::Error,
    port::Store,
    reconcile_day::{self, Rows, written},
    record::{PartRows, Reconciliation, Record, Settlement},
    request_key::{Answered, Asking},
};

pub struct PutSettlement<'a> {
    pub asking: Asking<'a, Reconciliation>,
    pub day: Day,
    pub provider: Provider,
    /// At most [`reconcile_day::SETTLED_MAX`], each reference once.
    pub rows: Vec<SettledRow>,
}

/// # Errors
/// `Invalid` for a day that has not begun; `KeyReused`; `Conflict`; `Unavailable`.
pub async fn run(
    call: &Call,
    store: &impl Store,
    command: PutSettlement<'_>,
) -> Result<Answered<Reconciliation>, Error> {
    let (asking, day, provider) = (command.asking, command.day, command.provider);
    if day.start() > call.now() {
        return Err(Error::invalid("date", "must not lie in the future"));
    }
    if let Some(replayed) = asking.replay_now(store, call.now()).await? {
        return Ok(replayed);
    }
    for round in 0..ROUNDS {
        let before = reconcile_day::head(store, asking.tenant, day).await?;
        let rows = Rows::new(&before, PartRows::Settled(command.rows.clone()));
        let mut after = Reconciliation {
            version: before.version + 1,
            ..before.clone()
        };
        let settlement = Settlement {
            set: rows.set(),
            at: call.now(),
        };
        let old = after.settlements.insert(provider, settlement);
        let body = (asking.render)(&after);
        let tx_id = call.tx_id(&format!("put-settlement {day} {round}"));
        let changes = Changes::new("put-settlement", tx_id);
        let changes = written(changes, (&before, &after), (rows, old.map(|it| it.set)));
        let changes = changes.insert(noted(call, provider, (&before, &after)));
        match store
            .commit(asking.remember(changes, &body, call.now()))
            .await
        {
            Ok(()) => return Ok(Answered::Fresh { it: after, body }),
            Err(error) => {
                if let Some(replayed) = asking.replay_after(&error, call.now())? {
                    return Ok(replayed);
                }
                refuse_unless_overtaken(error)?;
            }
        }
    }
    Err(Error::Conflict(
        "the day kept changing; send the settlement again".to_owned(),
    ))
}

fn noted(
    call: &Call,
    provider: Provider,
    (before, after): (&Reconciliation, &Reconciliation),
) -> Record {
    let rows = |it: &Reconciliation| {
        let settlement = it.settlements.get(&provider);
        settlement.map(|it| it.set.rows.to_string())
    };
    let name = Some(provider.name().to_owned());
    let day = after.day.to_string();
    audit_event::event(
        call,
        Done {
            tenant: &after.tenant,
            action: "settlement.import",
            subject: ("reconciliation", &day),
            changes: [
                changed("provider", None, name),
                changed("rows", rows(before), rows(after)),
            ]
            .into_iter()
            .flatten()
            .collect(),
        },
    )
}
