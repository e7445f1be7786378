//! A reconciliation as the twin keeps it, and its JSON as the API reference prints it. Its figures follow from its orders.

use serde::{Deserialize, Serialize};

use super::amount::Amount;
use super::life::Status;
use super::moment::{iso, spaced};
use super::order::Order;
use super::order_view::{OrderView, Views};
use super::problem::Failed;
use super::shelf::{Kept, Shelf};

/// The currency with a domestic way to the bank, which has statuses of its own.
const DOMESTIC: &str = "TWD";

/// Orders of one vendor in one currency that are paid together.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Reconciliation {
    pub(crate) uuid: String,
    pub(crate) vendor: String,
    pub(crate) currency: String,
    /// Their ids.
    pub(crate) orders: Vec<String>,
    /// Unix seconds.
    pub(crate) created: i64,
}

impl Kept for Reconciliation {
    const KIND: &'static str = "reconciliation";

    fn uuid(&self) -> &str {
        &self.uuid
    }

    fn key(&self) -> &str {
        &self.uuid
    }

    fn catch_up(&mut self, _now_s: i64) {}
}

#[derive(Serialize)]
pub(crate) struct ReconciliationView {
    is_test: bool,
    is_pair_approval: bool,
    group_uuid: Option<String>,
    uuid: String,
    object: &'static str,
    uncheck_count: usize,
    checked_count: usize,
    currency: String,
    status: &'static str,
    total: Amount,
    settled_total: Amount,
    finished_at: Option<String>,
    display_currency: String,
    display_total: Amount,
    fee_currency: String,
    fee: u8,
    display_fee_currency: String,
    display_fee: u8,
    apply_user: ApplyUser,
    orders: Vec<OrderView>,
    vendors: [VendorLine; 1],
    created_at: String,
    updated_at: String,
}

#[derive(Serialize)]
struct ApplyUser {
    object: &'static str,
    owlting_uuid: &'static str,
    name: &'static str,
    email: &'static str,
    guard: &'static str,
}

#[derive(Serialize)]
struct VendorLine {
    object: &'static str,
    application_vendor_uuid: Option<String>,
    uuid: String,
    email: Option<String>,
    name: String,
}

impl Reconciliation {
    /// It with these orders, which are its own, as they are now.
    pub(crate) fn view(
        &self,
        orders: &[Order],
        shelf: &Shelf<'_>,
    ) -> Result<ReconciliationView, Failed> {
        let mut views = Views::new(shelf);
        let rows = views.orders(orders)?;
        let vendor = views.vendor(&self.vendor)?;
        let checked: Vec<&Order> = orders.iter().filter(|one| is_checked(one)).collect();
        let approved = checked.iter().filter(|one| !one.state.is_rejected());
        let settled_total = approved.map(|one| one.total).sum();
        let total = orders.iter().map(|one| one.total).sum();
        let updated = orders.iter().map(|one| one.updated).max();
        let updated = updated.unwrap_or(self.created);
        let amount = |minor| Amount::of(minor, &self.currency);
        Ok(ReconciliationView {
            is_test: shelf.mode.is_test(),
            is_pair_approval: false,
            group_uuid: None,
            uuid: self.uuid.clone(),
            object: "order_transfer",
            uncheck_count: orders.len() - checked.len(),
            checked_count: checked.len(),
            currency: self.currency.clone(),
            status: self.status(orders),
            total: amount(total),
            settled_total: amount(settled_total),
            finished_at: (checked.len() == orders.len()).then(|| spaced(finished(orders))),
            display_currency: self.currency.clone(),
            display_total: amount(total),
            fee_currency: self.currency.clone(),
            fee: 0,
            display_fee_currency: self.currency.clone(),
            display_fee: 0,
            apply_user: ApplyUser {
                object: "order_transfer.apply_user",
                owlting_uuid: "00000000-0000-4000-8000-000000000001",
                name: "Sandbox Apply User",
                email: "apply-user@sandbox.test",
                guard: "platform",
            },
            orders: rows,
            vendors: [VendorLine {
                object: "order_transfer.vendor",
                application_vendor_uuid: vendor.application_uuid.clone(),
                uuid: vendor.uuid.clone(),
                email: vendor.email.clone(),
                name: vendor.name.clone(),
            }],
            created_at: iso(self.created),
            updated_at: iso(updated),
        })
    }

    fn status(&self, orders: &[Order]) -> &'static str {
        let some = |holds: fn(&Order) -> bool| orders.iter().any(holds);
        let all = |holds: fn(&Order) -> bool| orders.iter().all(holds);
        let is_domestic = self.currency == DOMESTIC;
        if all(|one| one.state.pays()) {
            "payout_finish"
        } else if !some(is_checked) {
            "unconfirm"
        } else if !all(is_checked) {
            "in_process"
        } else if is_domestic && all(|one| one.state.status.stage() == 3) {
            "on_the_way_to_bank"
        } else if is_domestic && all(waits_for_remittance) {
            "wait_remit"
        } else {
            "settled"
        }
    }
}

fn is_checked(order: &Order) -> bool {
    order.state.status.is_checked()
}

fn waits_for_remittance(order: &Order) -> bool {
    order.state.status == Status::Confirmed && !order.state.is_rejected()
}

/// When the last review ended, Unix seconds.
fn finished(orders: &[Order]) -> i64 {
    let reviewed = orders
        .iter()
        .map(|one| one.stages[2].unwrap_or(one.updated));
    reviewed.max().unwrap_or_default()
}
