//! Which orders a list shows, or a reconciliation takes.

use std::ops::RangeInclusive;

use super::asked::Asked;
use super::order::Order;
use super::order_view::Views;
use super::problem::{Failed, Problem};
use super::shelf::Shelf;

type During = Option<RangeInclusive<i64>>;

/// What an order has to be. Names of a kind are alternatives, kinds add up.
pub(crate) struct Filter {
    pub(crate) serials: Vec<String>,
    pub(crate) uuids: Vec<String>,
    vendor_uuid: Option<String>,
    vendor_email: Option<String>,
    application_vendor_uuid: Option<String>,
    vendor_statuses: Vec<String>,
    currency: Option<String>,
    status: Option<String>,
    any_uuid: Option<String>,
    imports: Vec<String>,
    created: During,
    placed: During,
    allowed: During,
    is_rejected: Option<bool>,
    is_approved: Option<bool>,
}

impl Filter {
    pub(crate) fn read(asked: &Asked) -> Result<Self, Problem> {
        let vendor_name = match asked.text("application_vendor_uuid")? {
            Some(name) => Some(name),
            // The same by the name that reconciliations have for it.
            None => asked.text("customer_vendor_uuid")?,
        };
        Ok(Self {
            serials: asked.texts(&[
                "application_order_serial",
                "application_order_serials",
                "order_serial",
                "order_serials",
                "application_order_uuid",
            ])?,
            uuids: asked.texts(&["order_uuid", "order_uuids"])?,
            vendor_uuid: asked.text("vendor_uuid")?,
            vendor_email: asked.text("vendor_email")?,
            application_vendor_uuid: vendor_name,
            vendor_statuses: asked.texts(&["vendor_status_list"])?,
            currency: asked.text("currency")?,
            status: asked.text("order_status")?,
            any_uuid: asked.text("uuid_query")?,
            imports: asked.texts(&["import_uuid", "import_uuids"])?,
            created: asked.during("during_created_at")?,
            placed: asked.during("during_order_created_at")?,
            allowed: asked.during("during_allow_transfer_time_at")?,
            is_rejected: asked.flag("is_rejected")?,
            is_approved: asked.flag("is_vendor_kyc_passed")?,
        })
    }

    /// The one serial that is looked up, when it is one.
    pub(crate) fn lookup(&self) -> Option<&str> {
        match self.serials.as_slice() {
            [serial] => Some(serial),
            _ => None,
        }
    }

    /// The orders that fit, newest first.
    pub(crate) fn find(&self, shelf: &Shelf<'_>) -> Result<Vec<Order>, Failed> {
        let mut orders: Vec<Order> = Vec::new();
        if !self.serials.is_empty() {
            for serial in &self.serials {
                orders.extend(shelf.all_of_key(serial)?);
            }
        } else if !self.uuids.is_empty() {
            for uuid in &self.uuids {
                orders.extend(shelf.by_uuid(uuid)?);
            }
        } else {
            orders = shelf.all()?;
        }
        let named = !self.serials.is_empty() || !self.uuids.is_empty();
        if named {
            orders.sort_by(|a, b| (b.created, &b.uuid).cmp(&(a.created, &a.uuid)));
            orders.dedup_by(|a, b| a.uuid == b.uuid);
        }
        let mut views = Views::new(shelf);
        let mut fitting = Vec::with_capacity(orders.len());
        for order in orders {
            if self.fits(&order, &mut views)? {
                fitting.push(order);
            }
        }
        Ok(fitting)
    }

    fn fits(&self, order: &Order, views: &mut Views<'_>) -> Result<bool, Failed> {
        let vendor = views.vendor(&order.vendor)?;
        let any_uuid = |wanted: &str| {
            order.uuid == wanted
                || order.reconciliation.as_deref() == Some(wanted)
                || order.accounting().as_deref() == Some(wanted)
        };
        Ok(is_one_of(&self.uuids, &order.uuid)
            && is_one_of(&self.vendor_statuses, vendor.status())
            && is(&self.vendor_uuid, Some(&vendor.uuid))
            && is(&self.vendor_email, vendor.email.as_deref())
            && is(
                &self.application_vendor_uuid,
                vendor.application_uuid.as_deref(),
            )
            && is(&self.currency, Some(&order.currency))
            && is(&self.status, Some(order.state.status.word()))
            && self.any_uuid.as_deref().is_none_or(any_uuid)
            // Nothing in the sandbox comes from an import.
            && self.imports.is_empty()
            && is_during(&self.created, order.created)
            && is_during(&self.placed, order.placed_at)
            && is_during(&self.allowed, order.allowed_at)
            && self
                .is_rejected
                .is_none_or(|wanted| wanted == order.state.is_rejected())
            && self
                .is_approved
                .is_none_or(|wanted| wanted == vendor.is_approved()))
    }

    /// It says nothing about which orders are meant.
    pub(crate) fn is_empty(&self) -> bool {
        self.serials.is_empty()
            && self.uuids.is_empty()
            && self.vendor_uuid.is_none()
            && self.vendor_email.is_none()
            && self.application_vendor_uuid.is_none()
            && self.status.is_none()
            && self.placed.is_none()
    }
}

fn is(wanted: &Option<String>, value: Option<&str>) -> bool {
    wanted.is_none() || wanted.as_deref() == value
}

fn is_one_of(wanted: &[String], value: &str) -> bool {
    wanted.is_empty() || wanted.iter().any(|one| one == value)
}

fn is_during(wanted: &During, at_s: i64) -> bool {
    wanted.as_ref().is_none_or(|span| span.contains(&at_s))
}
