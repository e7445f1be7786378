//! Public JSON shape of the log of changes.

use app::{
    list_audit_events::Logged,
    record::{AuditEvent, FieldChange},
};
use domain::{
    payout::PayoutStatus,
    transition::{Actor, Transition},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::vocabulary;

/// One item of `GET /audit-events`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AuditEvent)]
pub struct AuditEventView<'a> {
    id: String,
    #[schema(value_type = vocabulary::Time)]
    at: String,
    /// `key:` and the id of a key, or `system:` and a function.
    actor: String,
    /// The key that did it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = vocabulary::KeyId)]
    key_id: Option<&'a str>,
    /// What was done, as `driver.update`.
    action: String,
    subject: SubjectView<'a>,
    changes: Vec<ChangeView<'a>>,
}

/// What was changed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditSubject)]
pub struct SubjectView<'a> {
    /// As `driver`.
    r#type: &'a str,
    id: &'a str,
}

/// One member before and after.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditChange)]
pub struct ChangeView<'a> {
    field: &'a str,
    /// Left out where it was absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String)]
    before: Option<&'a str>,
    /// Left out where it became absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String)]
    after: Option<&'a str>,
}

impl<'a> From<&'a Logged> for AuditEventView<'a> {
    fn from(logged: &'a Logged) -> Self {
        match logged {
            Logged::Event(event) => of_event(event),
            Logged::Transition(transition) => of_transition(transition),
        }
    }
}

fn of_event(event: &AuditEvent) -> AuditEventView<'_> {
    AuditEventView {
        id: event.id.clone(),
        at: event.at.to_string(),
        actor: event.actor.to_string(),
        key_id: key_id(&event.actor),
        action: event.action.clone(),
        subject: SubjectView {
            r#type: &event.subject,
            id: &event.subject_id,
        },
        changes: event.changes.iter().map(change).collect(),
    }
}

fn change(change: &FieldChange) -> ChangeView<'_> {
    ChangeView {
        field: &change.field,
        before: change.before.as_deref(),
        after: change.after.as_deref(),
    }
}

/// A payout's transition under the id it is listed by.
fn of_transition(transition: &Transition) -> AuditEventView<'_> {
    let status = ChangeView {
        field: "status",
        before: transition.from.map(PayoutStatus::name),
        after: Some(transition.to.name()),
    };
    AuditEventView {
        id: format!("{}.{:07}", transition.payout, transition.seq),
        at: transition.at.to_string(),
        actor: transition.actor.to_string(),
        key_id: key_id(&transition.actor),
        action: format!("payout.{}", transition.event.name()),
        subject: SubjectView {
            r#type: "payout",
            id: transition.payout.as_str(),
        },
        changes: vec![status],
    }
}

fn key_id(actor: &Actor) -> Option<&str> {
    match actor {
        Actor::Key(id) => Some(id),
        Actor::System(_) => None,
    }
}
