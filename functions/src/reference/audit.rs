//! What is said of the log of changes.

use app::{
    list_audit_events::Logged,
    record::{AuditEvent, FieldChange},
};
use domain::transition::Actor;
use platform::api::{audit_view::AuditEventView, page_view::LogView};

use super::{
    lists::{log_paging, range},
    operation::{Operation, Title},
    samples::{CURSOR, Samples},
};

pub(super) const TAG: &str = "Audit";

pub(super) fn operations(samples: &Samples) -> Vec<Operation> {
    vec![list(samples)]
}

fn list(samples: &Samples) -> Operation {
    let title = Title {
        function: "list-audit-events",
        tag: TAG,
        summary: "List what was changed",
        description: "Newest first, by `at`; kept for ever. A log has neither a total nor numbered pages.",
    };
    let event = Logged::Event(Box::new(AuditEvent {
        tenant: samples.driver.tenant.clone(),
        id: "aud_01M7Y8BCGA4T04JNKTBYHB7SCM".to_owned(),
        at: samples.now,
        actor: Actor::Key("f57fd3b39691".to_owned()),
        action: "driver.update".to_owned(),
        subject: "driver".to_owned(),
        subject_id: samples.driver.id.as_str().to_owned(),
        changes: vec![FieldChange {
            field: "status".to_owned(),
            before: Some("active".to_owned()),
            after: Some("suspended".to_owned()),
        }],
    }));
    let payout = samples.transitions.iter().cloned();
    let payouts = payout.map(|it| Logged::Transition(Box::new(it)));
    let items: Vec<_> = [event].into_iter().chain(payouts).collect();
    let view: LogView<AuditEventView<'_>> = LogView::new(&items, Some(CURSOR.to_owned()));
    Operation::new(title)
        .asking([range(), log_paging()])
        .answering("events", &view, samples)
        .refusing([Samples::unlisted_log()], samples)
        .linking_on()
}
