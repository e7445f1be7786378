//! Lists what API keys changed, newest first. A log only grows, so it has no total: a place in it is enough
//! to go on from.

use domain::{ids::TenantId, transition::Transition};

use crate::{
    error::Error,
    list::{List, Place, Span},
    port::{Lists, Store},
    record::{AuditEvent, Record},
};

pub struct ListAuditEvents<'a> {
    pub tenant: &'a TenantId,
    pub span: Span,
    /// From 1 to [`crate::page::SIZE_MAX`].
    pub size: u32,
}

/// A part of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    pub items: Vec<Logged>,
    /// Where the next part begins, when there is one.
    pub next: Option<Place>,
}

/// One change. A payout's transition is its own event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Logged {
    Event(Box<AuditEvent>),
    Transition(Box<Transition>),
}

/// # Errors
/// `Unavailable`.
pub async fn run<S: Store + Lists>(store: &S, command: &ListAuditEvents<'_>) -> Result<Log, Error> {
    let list = List::Audit(command.tenant.clone());
    let entries = store
        .entries(&list, &command.span, command.size.saturating_add(1))
        .await?;
    let size = usize::try_from(command.size).unwrap_or(usize::MAX);
    let shown = &entries[..entries.len().min(size)];
    let next = match entries.len() > size {
        true => shown.last().map(|entry| entry.place.clone()),
        false => None,
    };
    let keys: Vec<_> = shown.iter().map(|entry| entry.key.clone()).collect();
    let found = store.fetch(&keys).await?.into_iter().flatten();
    let items = found.filter_map(|record| match record {
        Record::AuditEvent(event) => Some(Logged::Event(event)),
        Record::Transition(transition) => Some(Logged::Transition(transition)),
        _ => None,
    });
    Ok(Log {
        items: items.collect(),
        next,
    })
}
