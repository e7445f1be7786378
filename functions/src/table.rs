//! The one table of functions: what each is called and what wakes it. The local host, the watch router,
//! template.yaml's test and the event files' test all read it.

use app::message::QueueName;
use domain::routing::Provider;
use platform::api::{
    admission::{BODY_MAX, Route},
    csv_file,
};

/// What a function behind the HTTP API admits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Http {
    pub method: &'static str,
    /// Route templates; `{name}` stands for one path segment. Those under `/api/v1/` need a key.
    pub routes: &'static [&'static str],
    /// Media types of bodies, in lower case; none means any.
    pub accepts: &'static [&'static str],
    /// The largest body, in bytes.
    pub body_max: usize,
    /// The caller's key holds at least one of these; empty means any key.
    pub scopes: &'static [&'static str],
}

/// What wakes a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    Http(Http),
    Queues(&'static [QueueName]),
    /// Once a minute.
    EveryMinute,
    /// At two in the morning, UTC.
    EveryNight,
    /// Nothing but a call by somebody whom the account permits it.
    Invoke,
}

/// One deployable function. Its name is also its binary, its module (with `_`), its event file and, in
/// camel case with `Function` behind it, its resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Function {
    pub name: &'static str,
    pub trigger: Trigger,
}

/// A function with one method, JSON bodies of the usual size, and routes that one of `scopes` opens.
const fn http(
    name: &'static str,
    (method, routes): (&'static str, &'static [&'static str]),
    scopes: &'static [&'static str],
) -> Function {
    Function {
        name,
        trigger: Trigger::Http(Http {
            method,
            routes,
            accepts: &["application/json"],
            body_max: BODY_MAX,
            scopes,
        }),
    }
}

/// The largest body of a batch: ten thousand loads.
const BATCH_MAX: usize = 2 * 1024 * 1024;

/// Every function of the bundle.
pub const FUNCTIONS: [Function; 66] = [
    http("health", ("GET", &["/api/v1/health", "/health"]), &[]),
    http(
        "put-load",
        ("PUT", &["/api/v1/loads/{loadId}"]),
        &["loads:write"],
    ),
    http(
        "get-load",
        ("GET", &["/api/v1/loads/{loadId}"]),
        &["loads:read"],
    ),
    http("list-loads", ("GET", &["/api/v1/loads"]), &["loads:read"]),
    Function {
        name: "import-loads",
        trigger: Trigger::Http(Http {
            method: "POST",
            routes: &["/api/v1/loads/import"],
            accepts: &["application/json", csv_file::CSV],
            // Ten thousand rows.
            body_max: 4 * 1024 * 1024,
            scopes: &["loads:write"],
        }),
    },
    http(
        "register-driver",
        ("POST", &["/api/v1/drivers"]),
        &["drivers:write"],
    ),
    http(
        "get-driver",
        ("GET", &["/api/v1/drivers/{id}"]),
        &["drivers:read"],
    ),
    http(
        "list-drivers",
        ("GET", &["/api/v1/drivers"]),
        &["drivers:read"],
    ),
    http(
        "update-driver",
        ("PUT", &["/api/v1/drivers/{id}"]),
        &["drivers:write"],
    ),
    http(
        "delete-driver",
        ("DELETE", &["/api/v1/drivers/{id}"]),
        &["drivers:write"],
    ),
    http(
        "list-driver-payouts",
        ("GET", &["/api/v1/drivers/{id}/payouts"]),
        &["payouts:read"],
    ),
    http(
        "put-payout-method",
        ("PUT", &["/api/v1/drivers/{id}/payout-method"]),
        &["drivers:write"],
    ),
    http(
        "get-payout-method",
        ("GET", &["/api/v1/drivers/{id}/payout-method"]),
        &["drivers:read"],
    ),
    http(
        "verify-driver",
        ("POST", &["/api/v1/drivers/{id}/verification"]),
        &["drivers:write"],
    ),
    http(
        "create-payout",
        ("POST", &["/api/v1/payouts"]),
        &["payouts:write"],
    ),
    http(
        "create-instant-payout",
        ("POST", &["/api/v1/payouts/instant"]),
        &["payouts:instant", "payouts:write"],
    ),
    http(
        "get-payout",
        ("GET", &["/api/v1/payouts/{id}"]),
        &["payouts:read"],
    ),
    http(
        "list-payouts",
        ("GET", &["/api/v1/payouts"]),
        &["payouts:read"],
    ),
    http(
        "get-payout-timeline",
        ("GET", &["/api/v1/payouts/{id}/timeline"]),
        &["payouts:read"],
    ),
    http(
        "cancel-payout",
        ("POST", &["/api/v1/payouts/{id}/cancel"]),
        &["payouts:write"],
    ),
    http(
        "retry-payout",
        ("POST", &["/api/v1/payouts/{id}/retry"]),
        &["payouts:write"],
    ),
    http(
        "get-balance",
        ("GET", &["/api/v1/balance"]),
        &["balance:read"],
    ),
    http(
        "create-deposit",
        ("POST", &["/api/v1/wallet/deposits"]),
        &["wallet:write"],
    ),
    http(
        "create-card-charge",
        ("POST", &["/api/v1/wallet/card-charges"]),
        &["wallet:write"],
    ),
    http(
        "get-card-charge",
        ("GET", &["/api/v1/wallet/card-charges/{id}"]),
        &["wallet:read", "wallet:write"],
    ),
    http(
        "decide-card-charge",
        ("POST", &["/api/v1/wallet/card-charges/{id}/decisions"]),
        &["reviews:write"],
    ),
    http("create-key", ("POST", &["/api/v1/keys"]), &["keys:write"]),
    http("list-keys", ("GET", &["/api/v1/keys"]), &["keys:read"]),
    http(
        "revoke-key",
        ("DELETE", &["/api/v1/keys/{id}"]),
        &["keys:write"],
    ),
    http(
        "rotate-key",
        ("POST", &["/api/v1/keys/{id}/rotate"]),
        &["keys:write"],
    ),
    http(
        "list-audit-events",
        ("GET", &["/api/v1/audit-events"]),
        &["audit:read"],
    ),
    Function {
        name: "create-batch",
        trigger: Trigger::Http(Http {
            method: "POST",
            routes: &["/api/v1/batches"],
            accepts: &["application/json", csv_file::CSV],
            body_max: BATCH_MAX,
            scopes: &["batches:write"],
        }),
    },
    Function {
        name: "preview-batch",
        trigger: Trigger::Http(Http {
            method: "POST",
            routes: &["/api/v1/batches/preview"],
            accepts: &["application/json", csv_file::CSV],
            body_max: BATCH_MAX,
            scopes: &["batches:read", "batches:write"],
        }),
    },
    http(
        "list-batches",
        ("GET", &["/api/v1/batches"]),
        &["batches:read"],
    ),
    http(
        "get-batch",
        ("GET", &["/api/v1/batches/{id}"]),
        &["batches:read"],
    ),
    http(
        "list-batch-payouts",
        ("GET", &["/api/v1/batches/{id}/payouts"]),
        &["batches:read"],
    ),
    http(
        "get-batch-report",
        ("GET", &["/api/v1/batches/{id}/report.csv"]),
        &["batches:read"],
    ),
    http(
        "release-batch",
        ("POST", &["/api/v1/batches/{id}/release"]),
        &["batches:write"],
    ),
    http(
        "cancel-batch",
        ("POST", &["/api/v1/batches/{id}/cancel"]),
        &["batches:write"],
    ),
    http(
        "approve-batch",
        ("POST", &["/api/v1/batches/{id}/approve"]),
        &["batches:approve"],
    ),
    http(
        "add-batch-lines",
        ("POST", &["/api/v1/batches/{id}/lines"]),
        &["batches:write"],
    ),
    http(
        "remove-batch-line",
        ("DELETE", &["/api/v1/batches/{id}/lines/{loadId}"]),
        &["batches:write"],
    ),
    http(
        "retry-batch",
        ("POST", &["/api/v1/batches/{id}/retry-failed"]),
        &["batches:write"],
    ),
    http(
        "get-settings",
        ("GET", &["/api/v1/settings"]),
        &["settings:read"],
    ),
    http(
        "put-settings",
        ("PUT", &["/api/v1/settings"]),
        &["settings:write"],
    ),
    http(
        "run-reconciliation",
        ("POST", &["/api/v1/reconciliations"]),
        &["reconciliation:write"],
    ),
    http(
        "get-reconciliation",
        ("GET", &["/api/v1/reconciliations/{date}"]),
        &["reconciliation:read"],
    ),
    http(
        "get-reconciliation-report",
        ("GET", &["/api/v1/reconciliations/{date}/report.csv"]),
        &["reconciliation:read"],
    ),
    Function {
        name: "put-settlement",
        trigger: Trigger::Http(Http {
            method: "PUT",
            routes: &["/api/v1/reconciliations/{date}/settlements/{provider}"],
            accepts: &[csv_file::CSV],
            // Ten thousand rows.
            body_max: 1024 * 1024,
            scopes: &["reconciliation:write"],
        }),
    },
    http(
        "list-reviews",
        ("GET", &["/api/v1/reviews"]),
        &["reviews:read"],
    ),
    http(
        "get-review",
        ("GET", &["/api/v1/reviews/{id}"]),
        &["reviews:read"],
    ),
    http(
        "decide-review",
        ("POST", &["/api/v1/reviews/{id}/decisions"]),
        &["reviews:write"],
    ),
    http(
        "list-providers",
        ("GET", &["/api/v1/providers"]),
        &["providers:manage"],
    ),
    http(
        "pause-provider",
        ("POST", &["/api/v1/providers/{name}/pause"]),
        &["providers:manage"],
    ),
    http(
        "resume-provider",
        ("POST", &["/api/v1/providers/{name}/resume"]),
        &["providers:manage"],
    ),
    http("get-docs", ("GET", &["/docs", "/docs/{file}"]), &[]),
    Function {
        name: "receive-owlpay-callback",
        trigger: Trigger::Http(Http {
            method: "POST",
            routes: &["/callbacks/owlpay"],
            accepts: &["application/json"],
            body_max: 256 * 1024,
            scopes: &[],
        }),
    },
    Function {
        name: "receive-payelata-callback",
        trigger: Trigger::Http(Http {
            method: "POST",
            routes: &["/callbacks/payelata/{token}"],
            accepts: &["application/json"],
            // Callbacks carry the provider's logs.
            body_max: 256 * 1024,
            scopes: &[],
        }),
    },
    Function {
        name: "dispatch-payout",
        trigger: Trigger::Queues(&[
            QueueName::Dispatch,
            QueueName::Provider(Provider::Payelata),
            QueueName::Provider(Provider::Owlpay),
            QueueName::Provider(Provider::Paywizard),
        ]),
    },
    Function {
        name: "check-attempt",
        trigger: Trigger::Queues(&[QueueName::Check]),
    },
    Function {
        name: "advance-batch",
        trigger: Trigger::Queues(&[QueueName::Batch]),
    },
    Function {
        name: "sync-vendor",
        trigger: Trigger::Queues(&[QueueName::Vendors]),
    },
    Function {
        name: "relay-outbox",
        trigger: Trigger::EveryMinute,
    },
    Function {
        name: "sweep-due",
        trigger: Trigger::EveryMinute,
    },
    Function {
        name: "reconcile-ledger",
        trigger: Trigger::EveryNight,
    },
    Function {
        name: "create-operator-key",
        trigger: Trigger::Invoke,
    },
];

impl Function {
    /// What the function admits, when it is behind the HTTP API.
    pub const fn http(&self) -> Option<&Http> {
        match &self.trigger {
            Trigger::Http(http) => Some(http),
            Trigger::Queues(_) | Trigger::EveryMinute | Trigger::EveryNight | Trigger::Invoke => {
                None
            }
        }
    }
}

impl Http {
    pub const fn route(&self) -> Route {
        Route::new(self.method, self.routes)
            .accepting(self.accepts)
            .with_body_max(self.body_max)
    }
}

/// The function of that name.
pub fn function(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.name == name)
}
