//! What a call changed, written in the same unit as the change. Payouts need none: their transitions tell
//! it.

use domain::{ids::TenantId, time::Timestamp};

use crate::{
    call::Call,
    record::{AuditEvent, FieldChange, Record},
};

/// What was done to what.
#[derive(Clone, Debug)]
pub struct Done<'a> {
    pub tenant: &'a TenantId,
    /// As `driver.update`.
    pub action: &'static str,
    /// As `driver`, and its public id.
    pub subject: (&'static str, &'a str),
    pub changes: Vec<FieldChange>,
}

/// The event of one call and action. Secrets and account numbers must not be among the changes.
pub fn event(call: &Call, done: Done<'_>) -> Record {
    let at = call.now();
    let (subject, subject_id) = done.subject;
    let entropy = call
        .entropy
        .of(&format!("audit {} {subject_id}", done.action));
    Record::AuditEvent(Box::new(AuditEvent {
        tenant: done.tenant.clone(),
        id: id(at, entropy),
        at,
        actor: call.actor.clone(),
        action: done.action.to_owned(),
        subject: subject.to_owned(),
        subject_id: subject_id.to_owned(),
        changes: done.changes,
    }))
}

/// The event, unless nothing changed.
pub fn event_if_changed(call: &Call, done: Done<'_>) -> Option<Record> {
    (!done.changes.is_empty()).then(|| event(call, done))
}

fn id(at: Timestamp, entropy: u128) -> String {
    let millis = u64::try_from(at.millis()).unwrap_or(0);
    format!("aud_{}", ulid::Ulid::from_parts(millis, entropy))
}

/// The member `field`, when it is not the same before and after.
pub fn changed(field: &str, before: Option<String>, after: Option<String>) -> Option<FieldChange> {
    (before != after).then(|| FieldChange {
        field: field.to_owned(),
        before,
        after,
    })
}
