//! Reads and changes what a tenant decided for itself.

use domain::ids::TenantId;

use crate::{
    audit_event::{self, Done, changed},
    call::Call,
    cancel_payout::refuse_unless_overtaken,
    changes::Changes,
    create_payout::ROUNDS,
    error::Error,
    port::Store,
    record::{Key, Record, Settings},
    request_key::{Answered, Asking},
};

/// The longest an approval can hold: 30 days.
pub const APPROVAL_MINUTES_MAX: u32 = 30 * 24 * 60;

pub struct PutSettings<'a> {
    pub asking: Asking<'a, Settings>,
    pub batch_approval: bool,
    /// 1 to [`APPROVAL_MINUTES_MAX`]; none leaves it as it is.
    pub approval_minutes: Option<u32>,
}

/// # Errors
/// `Unavailable`.
pub async fn read(store: &impl Store, tenant: &TenantId) -> Result<Settings, Error> {
    let key = Key::Settings(tenant.clone());
    Ok(settings(
        store.fetch(&[key]).await?.into_iter().next().flatten(),
        tenant,
    ))
}

fn settings(found: Option<Record>, tenant: &TenantId) -> Settings {
    match found {
        Some(Record::Settings(settings)) => *settings,
        Some(_) | None => Settings::of(tenant.clone()),
    }
}

/// # Errors
/// `KeyReused`; `Conflict` when others kept changing them; `Unavailable`.
pub async fn run(
    call: &Call,
    store: &impl Store,
    command: PutSettings<'_>,
) -> Result<Answered<Settings>, Error> {
    let asking = command.asking;
    for round in 0..ROUNDS {
        let mut keys = vec![Key::Settings(asking.tenant.clone())];
        keys.extend(asking.stored_at());
        let mut found = store.fetch(&keys).await?.into_iter();
        let before = settings(found.next().flatten(), asking.tenant);
        if let Some(replayed) = asking.replay(found.next().flatten().as_ref(), call.now())? {
            return Ok(replayed);
        }
        let after = Settings {
            tenant: before.tenant.clone(),
            version: before.version + 1,
            batch_approval: command.batch_approval,
            approval_minutes: command.approval_minutes.unwrap_or(before.approval_minutes),
        };
        let body = (asking.render)(&after);
        let record = Record::Settings(Box::new(after.clone()));
        let changes = Changes::new("put-settings", call.tx_id(&format!("settings {round}")));
        let changes = match before.version {
            0 => changes.insert(record),
            version => changes.replace(record, version),
        };
        let changes = changes.insert_if(noted(call, &before, &after));
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
        "the settings kept changing; send them again".to_owned(),
    ))
}

fn noted(call: &Call, before: &Settings, after: &Settings) -> Option<Record> {
    let member =
        |name, of: fn(&Settings) -> String| changed(name, Some(of(before)), Some(of(after)));
    let members = [
        member("batchApproval", |it| it.batch_approval.to_string()),
        member("approvalMinutes", |it| it.approval_minutes.to_string()),
    ];
    let done = Done {
        tenant: &after.tenant,
        action: "settings.update",
        subject: ("settings", "batches"),
        changes: members.into_iter().flatten().collect(),
    };
    audit_event::event_if_changed(call, done)
}
