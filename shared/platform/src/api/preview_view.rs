//! The public JSON shape of what a batch would do.

use app::{
    batch_plan::{PlannedLine, RAIL},
    preview_batch::Preview,
};
use domain::{batch::Verdict, driver::MethodKind, routing::Provider};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::vocabulary;

/// What a batch would do. Nothing was moved.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BatchPreview)]
pub struct PreviewView<'a> {
    lines: Vec<PreviewLine<'a>>,
    accepted_count: u32,
    rejected_count: usize,
    /// Of the accepted lines; minor units.
    total_amount: i64,
    total_fees: i64,
    net_amount: i64,
    /// What the wallet has now, and what the batch would leave of it; below zero it is refused.
    available_before: i64,
    available_after: i64,
    /// Names this plan: send it with the batch, and it is only made as shown.
    #[schema(value_type = vocabulary::PlanHash)]
    plan_hash: String,
}

/// A line as it would be.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PreviewLine<'a> {
    /// From 1, in the order sent.
    #[schema(minimum = 1)]
    line: u32,
    #[schema(value_type = vocabulary::LoadId)]
    load_id: &'a str,
    #[schema(value_type = vocabulary::LineResult)]
    result: &'static str,
    /// Why it is rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = vocabulary::LineRejection)]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = vocabulary::DriverId)]
    driver_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String)]
    driver_name: Option<&'a str>,
    amount: i64,
    fee: i64,
    net_amount: i64,
    #[schema(value_type = vocabulary::Rail)]
    rail: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = vocabulary::Provider)]
    provider: Option<&'static str>,
    /// Why that provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String)]
    route: Option<String>,
    /// When the driver should have the money, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String)]
    estimated_settlement: Option<&'static str>,
    /// The earlier line with the same load.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = u32)]
    first_line: Option<u32>,
    /// Where the load is already.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = vocabulary::PayoutId)]
    payout_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = vocabulary::BatchId)]
    batch_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String)]
    link: Option<String>,
}

impl<'a> From<&'a Preview> for PreviewView<'a> {
    fn from(preview: &'a Preview) -> Self {
        let lines = (1..).zip(&preview.plan.lines);
        let accepted = preview.accepted;
        let lines_max = usize::try_from(accepted.lines).unwrap_or(usize::MAX);
        Self {
            lines: lines.map(line).collect(),
            accepted_count: accepted.lines,
            rejected_count: preview.plan.lines.len().saturating_sub(lines_max),
            total_amount: accepted.amount.get(),
            total_fees: accepted.fees.get(),
            net_amount: accepted.amount.get() - accepted.fees.get(),
            available_before: preview.available.get(),
            available_after: preview.available.get() - accepted.amount.get(),
            plan_hash: preview.plan.hash().to_string(),
        }
    }
}

fn line((number, planned): (u32, &PlannedLine)) -> PreviewLine<'_> {
    let line = &planned.line;
    let (result, reason) = match line.verdict {
        Verdict::Accepted => ("accepted", None),
        Verdict::Rejected(why) => ("rejected", Some(why.name())),
    };
    let holder = planned.holder.as_ref();
    PreviewLine {
        line: number,
        load_id: line.load.as_str(),
        result,
        reason,
        driver_id: line.driver.as_ref().map(|driver| driver.as_str()),
        driver_name: planned.driver_name.as_deref(),
        amount: line.amount.get(),
        fee: line.fee.get(),
        net_amount: line.net().get(),
        rail: RAIL.name(),
        provider: planned.route.map(|(provider, _)| provider.name()),
        route: planned.route.map(route),
        estimated_settlement: line.is_accepted().then_some("~2 days"),
        first_line: planned.first,
        payout_id: holder.map(|it| it.payout.as_str()),
        batch_id: holder
            .and_then(|it| it.batch.as_ref())
            .map(|it| it.as_str()),
        link: holder.map(|it| format!("/api/v1/payouts/{}", it.payout)),
    }
}

fn route((provider, method): (Provider, MethodKind)) -> String {
    format!(
        "{}/{}: first route of the {} rail",
        provider.name(),
        method.name(),
        RAIL.name()
    )
}
