//! The one table of functions: what each is called and what wakes it. The local host, the watch router,
//! template.yaml's test and the event files' test all read it.

use app::message::QueueName;
use platform::api::admission::{BODY_MAX, Route};

/// What wakes a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    Http {
        method: &'static str,
        /// Route templates; `{name}` stands for one path segment.
        routes: &'static [&'static str],
        /// The largest body, in bytes.
        body_max: usize,
    },
    Queue(QueueName),
    /// Once a minute.
    EveryMinute,
}

/// One deployable function. Its name is also its binary, its module (with `_`), its event file and, in
/// camel case with `Function` behind it, its resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Function {
    pub name: &'static str,
    pub trigger: Trigger,
}

const fn http(
    name: &'static str,
    method: &'static str,
    routes: &'static [&'static str],
) -> Function {
    Function {
        name,
        trigger: Trigger::Http {
            method,
            routes,
            body_max: BODY_MAX,
        },
    }
}

/// Every function of the bundle.
pub const FUNCTIONS: [Function; 21] = [
    http("health", "GET", &["/api/v1/health", "/health"]),
    http("put-load", "PUT", &["/api/v1/loads/{loadId}"]),
    http("get-load", "GET", &["/api/v1/loads/{loadId}"]),
    http("register-driver", "POST", &["/api/v1/drivers"]),
    http("get-driver", "GET", &["/api/v1/drivers/{id}"]),
    http(
        "put-payout-method",
        "PUT",
        &["/api/v1/drivers/{id}/payout-method"],
    ),
    http(
        "verify-driver",
        "POST",
        &["/api/v1/drivers/{id}/verification"],
    ),
    http("create-payout", "POST", &["/api/v1/payouts"]),
    http(
        "create-instant-payout",
        "POST",
        &["/api/v1/payouts/instant"],
    ),
    http("get-payout", "GET", &["/api/v1/payouts/{id}"]),
    http(
        "get-payout-timeline",
        "GET",
        &["/api/v1/payouts/{id}/timeline"],
    ),
    http("cancel-payout", "POST", &["/api/v1/payouts/{id}/cancel"]),
    http("retry-payout", "POST", &["/api/v1/payouts/{id}/retry"]),
    http("get-balance", "GET", &["/api/v1/balance"]),
    http("create-deposit", "POST", &["/api/v1/wallet/deposits"]),
    http("get-docs", "GET", &["/docs", "/docs/{file}"]),
    Function {
        name: "receive-payelata-callback",
        trigger: Trigger::Http {
            method: "POST",
            routes: &["/callbacks/payelata/{token}"],
            // Callbacks carry the provider's logs.
            body_max: 256 * 1024,
        },
    },
    Function {
        name: "dispatch-payout",
        trigger: Trigger::Queue(QueueName::Dispatch),
    },
    Function {
        name: "check-attempt",
        trigger: Trigger::Queue(QueueName::Check),
    },
    Function {
        name: "relay-outbox",
        trigger: Trigger::EveryMinute,
    },
    Function {
        name: "sweep-due",
        trigger: Trigger::EveryMinute,
    },
];

impl Function {
    /// What the function admits, when it is behind the HTTP API.
    pub const fn route(&self) -> Option<Route> {
        match self.trigger {
            Trigger::Http {
                method,
                routes,
                body_max,
            } => Some(Route::new(method, routes).with_body_max(body_max)),
            Trigger::Queue(_) | Trigger::EveryMinute => None,
        }
    }
}

/// The function of that name.
pub fn function(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.name == name)
}
