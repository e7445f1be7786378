//! The JSON of an order, member by member as the API reference prints it.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::value::RawValue;

use super::amount::Amount;
use super::life::Status;
use super::moment::iso;
use super::order::Order;
use super::problem::Failed;
use super::shelf::Shelf;
use super::vendor::Vendor;

/// The displayed stages of an order.
const STAGES: [&str; 5] = [
    "Incomplete reconciliation",
    "Pending for approval",
    "Approved",
    "Pending for payment",
    "Paid successfully",
];

/// The currency the merchant's account shows its figures in is the order's own: the sandbox exchanges nothing.
#[derive(Serialize)]
pub(crate) struct OrderView {
    order_token: String,
    object: &'static str,
    uuid: String,
    status: Status,
    status_group: &'static str,
    is_checked: bool,
    is_allow_transfer: bool,
    is_allow_close: bool,
    is_allow_confirmed: bool,
    is_allow_correction: bool,
    deny_transfer_reasons: Vec<&'static str>,
    order_serial: String,
    application_order_serial: String,
    application_order_created_at: String,
    allow_transfer_time_at: String,
    last_reject_transfer_reason: Option<String>,
    is_rejected: bool,
    /// Only where a status is ordered with it; the documents show it in their oldest sample alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    is_paid: Option<bool>,
    currency: String,
    total: Amount,
    original_total: Amount,
    display_currency: String,
    created_at: String,
    updated_at: String,
    vendor_uuid: String,
    vendor_name: String,
    application_vendor_uuid: Option<String>,
    is_vendor_kyc_passed: bool,
    description: Option<String>,
    meta_data: Box<RawValue>,
    status_logs: Vec<StageView>,
    order_extras: Extras,
    closed_transfer_reason: Option<String>,
    order_transfer_uuid: Option<String>,
    accounting_uuid: Option<String>,
    vendor_status: &'static str,
    is_has_need_correction: bool,
    import_uuid: Option<String>,
    is_from_import: bool,
}

#[derive(Serialize)]
struct StageView {
    name: &'static str,
    is_current: bool,
    updated_time_at: Option<String>,
}

/// Always empty: the documents do not say what an extra does.
#[derive(Serialize)]
struct Extras {
    inclusive: NoExtras,
    exclusive: NoExtras,
}

#[derive(Serialize)]
struct NoExtras {
    total: u8,
    items: [u8; 0],
}

const NO_EXTRAS: NoExtras = NoExtras {
    total: 0,
    items: [],
};

/// The vendors of the orders of one answer.
pub(crate) struct Views<'a> {
    shelf: &'a Shelf<'a>,
    vendors: HashMap<String, Vendor>,
}

impl<'a> Views<'a> {
    pub(crate) fn new(shelf: &'a Shelf<'a>) -> Self {
        let vendors = HashMap::new();
        Self { shelf, vendors }
    }

    pub(crate) fn vendor(&mut self, uuid: &str) -> Result<&Vendor, Failed> {
        if !self.vendors.contains_key(uuid) {
            let vendor = self.shelf.by_uuid(uuid)?;
            // Vendors are never erased, so an order without one means that the books were changed from outside.
            let vendor = vendor.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
            self.vendors.insert(uuid.to_owned(), vendor);
        }
        Ok(&self.vendors[uuid])
    }

    pub(crate) fn order(&mut self, order: &Order) -> Result<OrderView, Failed> {
        let now_s = self.shelf.now_s();
        let vendor = self.vendor(&order.vendor)?;
        Ok(view(order, vendor, now_s))
    }

    pub(crate) fn orders(&mut self, orders: &[Order]) -> Result<Vec<OrderView>, Failed> {
        orders.iter().map(|order| self.order(order)).collect()
    }
}

fn view(order: &Order, vendor: &Vendor, now_s: i64) -> OrderView {
    let status = order.state.status;
    let denials = order.denials(vendor, now_s);
    let may_go = order.is_waiting() && denials.is_empty();
    let status_group = match status {
        Status::Cancelled => "unable_submit",
        _ if may_go => "can_submit",
        _ if order.is_waiting() => "unable_submit",
        _ => "submit",
    };
    let total = Amount::of(order.total, &order.currency);
    OrderView {
        order_token: order.uuid.clone(),
        object: "order",
        uuid: order.uuid.clone(),
        status,
        status_group,
        is_checked: status.is_checked(),
        is_allow_transfer: may_go,
        is_allow_close: order.is_closable(),
        is_allow_confirmed: status == Status::PlatformUnconfirmed,
        is_allow_correction: order.state.is_rejected(),
        deny_transfer_reasons: denials,
        order_serial: order.serial.clone(),
        application_order_serial: order.serial.clone(),
        application_order_created_at: iso(order.placed_at),
        allow_transfer_time_at: iso(order.allowed_at),
        last_reject_transfer_reason: order.reject_reason.clone(),
        is_rejected: order.state.is_rejected(),
        is_paid: order.state.is_paid(),
        currency: order.currency.clone(),
        total,
        original_total: total,
        display_currency: order.currency.clone(),
        created_at: iso(order.created),
        updated_at: iso(order.updated),
        vendor_uuid: vendor.uuid.clone(),
        vendor_name: vendor.name.clone(),
        application_vendor_uuid: vendor.application_uuid.clone(),
        is_vendor_kyc_passed: vendor.is_approved(),
        description: order.description.clone(),
        meta_data: order.meta_data.clone(),
        status_logs: stages(order),
        order_extras: Extras {
            inclusive: NO_EXTRAS,
            exclusive: NO_EXTRAS,
        },
        closed_transfer_reason: order.close_reason.clone(),
        order_transfer_uuid: order.reconciliation.clone(),
        accounting_uuid: order.accounting(),
        vendor_status: vendor.status(),
        is_has_need_correction: order.state.is_rejected(),
        import_uuid: None,
        is_from_import: false,
    }
}

fn stages(order: &Order) -> Vec<StageView> {
    let current = order.state.status.stage();
    let stage = |(n, name): (usize, &'static str)| StageView {
        name,
        is_current: n == current,
        updated_time_at: order.stages[n].map(iso),
    };
    STAGES.into_iter().enumerate().map(stage).collect()
}
