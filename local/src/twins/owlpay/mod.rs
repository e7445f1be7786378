//! The twin of OwlPay: its platform API as its API reference documents it, under `/owlpay/api/v1/platform/tunnel`.
//! What that leaves open follows `docs/providers/owlpay.md`.

mod amount;
mod asked;
mod caller;
mod field;
mod invites;
mod life;
mod moment;
mod order;
mod order_edits;
mod order_filter;
mod order_view;
mod orders;
mod outcome;
mod paging;
mod problem;
mod reconciliation;
mod reconciliations;
mod remit_info;
mod shelf;
mod statuses;
mod vendor;
mod vendors;
pub mod webhook;

#[cfg(test)]
mod behaviour;
#[cfg(test)]
pub(crate) mod bench;
#[cfg(test)]
mod conformance;
#[cfg(test)]
mod outcome_tests;
#[cfg(test)]
mod vendor_tests;
#[cfg(test)]
mod webhook_tests;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post, put};

use super::Sandbox;

pub(crate) use orders::payments;
pub(crate) use outcome::{moves_money, outcome_book, outcome_complaint, settle_now};
pub(crate) use problem::{Kind, refusal, typed_refusal};

/// The twin's name in the control API.
pub(crate) const NAME: &str = "owlpay";

/// The key that sees and makes test objects.
pub const KEY_TEST: &str = "pk_test_owlpay_local_sandbox_only";
/// The key that sees and makes live objects. "Live" in the sandbox moves no money either.
pub const KEY_LIVE: &str = "pk_live_owlpay_local_sandbox_only";
/// Secret that signs the webhooks about test orders.
pub const WEBHOOK_SECRET_TEST: &str = "whs_test_local_sandbox_only";
/// Secret that signs the webhooks about live orders.
pub const WEBHOOK_SECRET_LIVE: &str = "whs_live_local_sandbox_only";
/// Where the merchant's API takes the webhooks.
pub const WEBHOOK_PATH: &str = "/callbacks/owlpay";

/// The operations a fault can name: `create` makes orders, `process` is the reconciliation, `query` every read of
/// one order or reconciliation, by id or by the order's serial.
pub(crate) const OPERATIONS: [&str; 8] = [
    "create", "process", "query", "list", "cancel", "vendors", "remit", "invite",
];

pub(crate) fn routes() -> Router<Sandbox> {
    let tunnel = Router::new()
        .route("/orders/status", get(statuses::list))
        .route("/orders", get(orders::list).post(orders::create))
        .route("/orders/batch", post(orders::create_batch))
        .route("/orders/cancel", put(order_edits::cancel))
        .route(
            "/orders/{uuid}",
            get(orders::by_uuid).put(order_edits::update),
        )
        .route(
            "/orders_reconciliation",
            get(reconciliations::list).post(reconciliations::create),
        )
        .route(
            "/orders_reconciliation/{uuid}",
            get(reconciliations::by_uuid),
        )
        .route("/vendors", get(vendors::list).post(vendors::create))
        .route(
            "/vendors/{uuid}",
            get(vendors::by_uuid)
                .put(vendors::update)
                .delete(vendors::delete),
        )
        .route("/vendors/{uuid}/remit_info", get(remit_info::list))
        .route("/vendors/{uuid}/remit_info/apply", post(remit_info::apply))
        .route("/vendor_invite", get(invites::list).post(invites::create));
    Router::new()
        .nest("/api/v1/platform/tunnel", tunnel)
        .method_not_allowed_fallback(async || refusal(StatusCode::METHOD_NOT_ALLOWED))
        .fallback(async || refusal(StatusCode::NOT_FOUND))
}
