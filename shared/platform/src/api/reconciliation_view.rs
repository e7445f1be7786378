//! The reconciliation of a day as JSON and as a CSV report.

use app::{
    error::Error,
    reconcile_day::Reconciled,
    record::{ListEnding, ProviderList, Reconciliation, Settlement},
};
use domain::{
    day::whole_days,
    reconciliation::{Difference, Reason},
    routing::Provider,
    time::Timestamp,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::{csv_file, vocabulary};

/// How far the reconciliation of a day is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Reconciliation)]
pub struct ReconciliationView {
    #[schema(value_type = vocabulary::Date)]
    date: String,
    #[schema(value_type = vocabulary::DayStatus)]
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = vocabulary::Time)]
    compared_at: Option<String>,
    /// How far the list of each provider was read.
    providers: Vec<ProviderListView>,
    difference_count: u32,
    /// What was imported for the day, a provider each.
    settlements: Vec<SettlementView>,
}

/// The list of one provider.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ProviderList)]
pub struct ProviderListView {
    #[schema(value_type = vocabulary::Provider)]
    provider: &'static str,
    #[schema(value_type = vocabulary::ListStatus)]
    status: &'static str,
    /// Why it is incomplete.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String)]
    reason: Option<String>,
    /// Objects of the day.
    objects: u32,
}

/// What one provider says it settled.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Settlement)]
pub struct SettlementView {
    #[schema(value_type = vocabulary::Provider)]
    provider: &'static str,
    rows: u32,
    #[schema(value_type = vocabulary::Time)]
    imported_at: String,
}

/// The reconciliation of a day with everything that differs.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ReconciliationReport)]
pub struct ReconciliationReportView<'a> {
    #[schema(value_type = vocabulary::Date)]
    date: String,
    #[schema(value_type = vocabulary::DayStatus)]
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = vocabulary::Time)]
    compared_at: Option<String>,
    /// How far the list of each provider was read.
    providers: Vec<ProviderListView>,
    difference_count: u32,
    /// What was imported for the day, a provider each.
    settlements: Vec<SettlementView>,
    /// By reason, the oldest first.
    differences: Vec<DifferenceView<'a>>,
}

/// One thing that differs.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Difference)]
pub struct DifferenceView<'a> {
    #[schema(value_type = vocabulary::DifferenceReason)]
    reason: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = vocabulary::PayoutId)]
    payout_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = vocabulary::Provider)]
    provider: Option<&'static str>,
    /// Our reference where it is one, else what the other side calls it.
    reference: &'a str,
    /// The provider's own id.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String)]
    provider_reference: Option<&'a str>,
    /// What we hold: a status, a currency, or an amount in minor units.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String)]
    ours: Option<&'a str>,
    /// What the other side says, in its words.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String)]
    theirs: Option<&'a str>,
    /// Whole days since the payout was made.
    age_days: u64,
}

/// The columns of a report.
pub const COLUMNS: [&str; 8] = [
    "reason",
    "payoutId",
    "provider",
    "reference",
    "providerReference",
    "ours",
    "theirs",
    "ageDays",
];

fn status(head: &Reconciliation) -> &'static str {
    match (&head.run, head.is_complete()) {
        (None, _) => "not_compared",
        (Some(_), true) => "complete",
        (Some(_), false) => "incomplete",
    }
}

fn list(list: &ProviderList) -> ProviderListView {
    let (status, reason) = match &list.ending {
        ListEnding::Complete => ("complete", None),
        ListEnding::CannotList => ("cannot_list", None),
        ListEnding::BrokenOff(cause) => ("incomplete", Some(cause.clone())),
    };
    ProviderListView {
        provider: list.provider.name(),
        status,
        reason,
        objects: list.objects,
    }
}

fn settlement((provider, settlement): (&Provider, &Settlement)) -> SettlementView {
    SettlementView {
        provider: provider.name(),
        rows: settlement.set.rows,
        imported_at: settlement.at.to_string(),
    }
}

impl From<&Reconciliation> for ReconciliationView {
    fn from(head: &Reconciliation) -> Self {
        let run = head.run.as_ref();
        Self {
            date: head.day.to_string(),
            status: status(head),
            compared_at: run.map(|run| run.at.to_string()),
            providers: run.map_or_else(Vec::new, |run| run.lists.iter().map(list).collect()),
            difference_count: run.map_or(0, |run| run.set.rows),
            settlements: head.settlements.iter().map(settlement).collect(),
        }
    }
}

impl<'a> ReconciliationReportView<'a> {
    /// As of `now`, which the ages count from.
    pub fn new(reconciled: &'a Reconciled, now: Timestamp) -> Self {
        let head = ReconciliationView::from(&reconciled.head);
        let differences = reconciled.differences.iter();
        Self {
            date: head.date,
            status: head.status,
            compared_at: head.compared_at,
            providers: head.providers,
            difference_count: head.difference_count,
            settlements: head.settlements,
            differences: differences.map(|it| difference(it, now)).collect(),
        }
    }
}

fn difference(it: &Difference, now: Timestamp) -> DifferenceView<'_> {
    DifferenceView {
        reason: it.reason.name(),
        payout_id: it.payout.as_ref().map(|id| id.as_str()),
        provider: it.provider.map(Provider::name),
        reference: &it.reference,
        provider_reference: it.object.as_ref().map(|id| id.as_str()),
        ours: it.ours.as_deref(),
        theirs: it.theirs.as_deref(),
        age_days: whole_days(it.made_at, now),
    }
}

/// One row a difference, in the order of the report. The same differences on the same day give the same bytes.
///
/// # Errors
/// `Unavailable` when the text cannot be made, which would be a defect.
pub fn report(reconciled: &Reconciled, now: Timestamp) -> Result<String, Error> {
    let rows = reconciled.differences.iter().map(|it| {
        let row = difference(it, now);
        let or_empty = |cell: Option<&str>| cell.unwrap_or_default().to_owned();
        [
            row.reason.to_owned(),
            or_empty(row.payout_id),
            or_empty(row.provider),
            inert(row.reference),
            or_empty(row.provider_reference),
            or_empty(row.ours),
            inert(row.theirs.unwrap_or_default()),
            row.age_days.to_string(),
        ]
    });
    csv_file::text(COLUMNS, rows)
}

/// A text of the other side as a cell that no program of tables takes for a formula.
fn inert(text: &str) -> String {
    match text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => format!("'{text}"),
        false => text.to_owned(),
    }
}

/// Every reason there is, for the published document.
pub fn reasons() -> [&'static str; 8] {
    Reason::ALL.map(Reason::name)
}

#[cfg(test)]
mod tests {
    use domain::{day::Day, reconciliation::Reason};
    use serde_json::json;

    use super::*;

    fn reconciled() -> Reconciled {
        let tenant = "acme~test".parse().expect("valid");
        let day: Day = "2026-01-31".parse().expect("a date");
        Reconciled {
            head: Reconciliation::empty(tenant, day),
            differences: vec![
                Difference {
                    reason: Reason::MissingHere,
                    payout: None,
                    provider: Some(Provider::Payelata),
                    reference: "old, \"system\"".to_owned(),
                    object: Some("cpoi_1".parse().expect("valid")),
                    ours: None,
                    theirs: Some("processed".to_owned()),
                    made_at: day.start(),
                },
                Difference {
                    reason: Reason::AmountDiffers,
                    payout: Some("pay_1".parse().expect("valid")),
                    provider: Some(Provider::Payelata),
                    reference: "pay_1-a01".to_owned(),
                    object: None,
                    ours: Some("44750".to_owned()),
                    theirs: Some("44000".to_owned()),
                    made_at: day.start(),
                },
            ],
        }
    }

    #[test]
    fn a_report_has_one_row_a_difference_with_its_age_in_whole_days() {
        let now = "2026-02-02T12:00:00Z".parse().expect("a moment");
        let text = report(&reconciled(), now).expect("written");
        assert_eq!(
            text,
            "reason,payoutId,provider,reference,providerReference,ours,theirs,ageDays\r\n\
             missing_here,,payelata,\"old, \"\"system\"\"\",cpoi_1,,processed,2\r\n\
             amount_differs,pay_1,payelata,pay_1-a01,,44750,44000,2\r\n"
        );
    }

    #[test]
    fn a_text_of_a_stranger_is_no_formula() {
        let mut reconciled = reconciled();
        reconciled.differences.truncate(1);
        reconciled.differences[0].reference = "=1+1".to_owned();
        reconciled.differences[0].theirs = Some("@SUM(A1)".to_owned());
        let now = "2026-02-02T12:00:00Z".parse().expect("a moment");
        let text = report(&reconciled, now).expect("written");
        let row = text.lines().nth(1).expect("a row");
        assert_eq!(row, "missing_here,,payelata,'=1+1,cpoi_1,,'@SUM(A1),2");
    }

    #[test]
    fn what_has_no_value_is_left_out() {
        let now = "2026-02-02T12:00:00Z".parse().expect("a moment");
        let reconciled = reconciled();
        let view = ReconciliationReportView::new(&reconciled, now);
        let shown = serde_json::to_value(view).expect("JSON");
        assert_eq!(shown["status"], "not_compared");
        assert_eq!(shown.get("comparedAt"), None);
        assert_eq!(
            shown["differences"][1],
            json!({"reason": "amount_differs", "payoutId": "pay_1", "provider": "payelata",
                "reference": "pay_1-a01", "ours": "44750", "theirs": "44000", "ageDays": 2})
        );
    }
}
