//! One row for each HTTP endpoint: the calls that measure it. They run in this order, the calls of one row
//! after those of the row before, so a row may use what earlier rows made.

use serde_json::{Value, json};

/// What the calls can count on.
pub(super) struct Props {
    /// Names what this run makes, so that nothing is made twice.
    pub(super) run: i64,
    /// Payouts of the main run.
    pub(super) payouts: Vec<String>,
    /// Payouts that failed, two for each call: the first half to be canceled, the second to be retried.
    pub(super) failed: Vec<String>,
    /// Card charges.
    pub(super) charges: Vec<String>,
    /// [`KEYS`] keys of our own.
    pub(super) keys: Vec<String>,
    /// Batches of one load, two for each call: the first half to be released, the second to be canceled.
    pub(super) batches: Vec<String>,
    /// Payouts in review.
    pub(super) reviewed: Vec<String>,
    /// Batches of another key with their plans, to be approved.
    pub(super) foreign: Vec<(String, String)>,
}

/// One call.
pub(super) struct Ask {
    pub(super) method: &'static str,
    pub(super) path: String,
    pub(super) body: Option<Value>,
    /// The request key, where one is required.
    pub(super) key: Option<String>,
}

/// The calls of one endpoint, by their number from 0.
pub(super) struct Endpoint {
    /// As the table of functions calls it.
    pub(super) function: &'static str,
    pub(super) ask: fn(&Props, usize) -> Ask,
    /// The most calls of it.
    pub(super) most: usize,
}

/// The driver of the start data, and of every load here.
pub(super) const DRIVER: &str = "OVN-DRIVER-789";
pub(super) const AMOUNT: i64 = 45_000;
/// Rows of one measured import.
const IMPORT_ROWS: usize = 100;
/// How many keys are made beforehand, and how many more are measured: a tenant has 200 at the most.
pub(super) const KEYS: usize = 50;

/// How many approvals are measured: the key that makes the batches for them has an ordinary rate limit.
pub(super) const FOREIGN: usize = 50;

/// A day without payouts, and how many comparisons of it are measured: all of them write one item.
const RECONCILED: &str = "2026-01-31";
const RECONCILIATIONS: usize = 50;

const fn row(function: &'static str, ask: fn(&Props, usize) -> Ask) -> Endpoint {
    Endpoint {
        function,
        ask,
        most: usize::MAX,
    }
}

pub(super) const ENDPOINTS: [Endpoint; 55] = [
    row("health", |_, _| get("/api/v1/health")),
    row("register-driver", |props, number| {
        let body = json!({"ovnDriverId": driver(props, number), "name": "Ana Lopez",
            "email": "ana@example.com", "phone": "+15551234567"});
        send("POST", "/api/v1/drivers", body)
    }),
    row("get-driver", |props, number| {
        get(&of_driver(props, number, ""))
    }),
    row("list-drivers", |_, number| {
        get(&page("/api/v1/drivers", number))
    }),
    row("update-driver", |props, number| {
        let body = json!({"phone": "+15557654321"});
        send("PUT", &of_driver(props, number, ""), body)
    }),
    row("put-payout-method", |props, number| {
        let body = json!({"type": "card", "cardNumber": "5123817234060000"});
        send("PUT", &of_driver(props, number, "/payout-method"), body)
    }),
    row("get-payout-method", |props, number| {
        get(&of_driver(props, number, "/payout-method"))
    }),
    row("verify-driver", |props, number| {
        let body = json!({"decision": "approve", "reason": "documents checked"});
        send("POST", &of_driver(props, number, "/verification"), body)
    }),
    row("delete-driver", |props, number| Ask {
        method: "DELETE",
        path: of_driver(props, number, ""),
        body: None,
        key: None,
    }),
    row("list-driver-payouts", |_, number| {
        get(&page(&format!("/api/v1/drivers/{DRIVER}/payouts"), number))
    }),
    row("put-load", |props, number| {
        put_load(&load(props, "S", number))
    }),
    row("get-load", |props, number| {
        get(&format!("/api/v1/loads/{}", load(props, "S", number)))
    }),
    row("list-loads", |_, number| {
        get(&page("/api/v1/loads", number))
    }),
    row("import-loads", |props, number| {
        let name = format!("R{number}");
        import_of(IMPORT_ROWS, |row| load(props, &name, row))
    }),
    row("create-deposit", |props, number| {
        let reference = format!("load-{}-call-{number}", props.run);
        let body = json!({"amount": 2 * AMOUNT, "reference": reference});
        send("POST", "/api/v1/wallet/deposits", body)
    }),
    row("create-card-charge", |props, number| {
        charge(&format!("load-{}-call-{number}", props.run))
    }),
    row("get-card-charge", |props, number| {
        let id = &props.charges[number % props.charges.len()];
        get(&format!("/api/v1/wallet/card-charges/{id}"))
    }),
    row("get-balance", |_, _| get("/api/v1/balance")),
    row("create-payout", |props, number| {
        create(&load(props, "S", number))
    }),
    row("create-instant-payout", |props, number| {
        // A load of the measured imports.
        let load = load(props, &format!("R{number}"), 0);
        let body = json!({"loadId": load, "requestedBy": "load"});
        send("POST", "/api/v1/payouts/instant", body)
    }),
    row("list-payouts", |_, number| {
        get(&page("/api/v1/payouts", number))
    }),
    row("get-payout", |props, number| {
        get(&of_payout(props, number, ""))
    }),
    row("get-payout-timeline", |props, number| {
        get(&of_payout(props, number, "/timeline"))
    }),
    row("cancel-payout", |props, number| {
        let id = &props.failed[number];
        send("POST", &format!("/api/v1/payouts/{id}/cancel"), json!({}))
    }),
    row("retry-payout", |props, number| {
        let id = &props.failed[props.failed.len() / 2 + number];
        send("POST", &format!("/api/v1/payouts/{id}/retry"), json!({}))
    }),
    Endpoint {
        function: "create-key",
        ask: |_, _| create_key(),
        most: KEYS,
    },
    row("rotate-key", |props, number| {
        send("POST", &of_key(props, number, "/rotate"), json!({}))
    }),
    row("list-keys", |_, number| {
        get(&format!("/api/v1/keys?page={}&pageSize=50", number % 2 + 1))
    }),
    row("revoke-key", |props, number| Ask {
        method: "DELETE",
        path: of_key(props, number, ""),
        body: None,
        key: None,
    }),
    row("preview-batch", |props, number| {
        send("POST", "/api/v1/batches/preview", wish(props, number))
    }),
    row("create-batch", |props, number| {
        send("POST", "/api/v1/batches", wish(props, number))
    }),
    row("list-batches", |_, number| {
        get(&page("/api/v1/batches", number))
    }),
    row("get-batch", |props, number| {
        get(&of_batch(props, number, ""))
    }),
    row("list-batch-payouts", |props, number| {
        get(&of_batch(props, number, "/payouts"))
    }),
    row("get-batch-report", |props, number| {
        get(&of_batch(props, number, "/report.csv"))
    }),
    Endpoint {
        function: "approve-batch",
        ask: |props, number| {
            let (id, plan) = &props.foreign[number % props.foreign.len()];
            let path = format!("/api/v1/batches/{id}/approve");
            send("POST", &path, json!({"planHash": plan}))
        },
        most: FOREIGN,
    },
    row("add-batch-lines", |props, number| {
        let body = json!({"loadIds": [load(props, "A", number)], "version": 1});
        send("POST", &of_batch(props, number, "/lines"), body)
    }),
    row("remove-batch-line", |props, number| {
        let line = format!("/lines/{}?version=2", load(props, "A", number));
        Ask {
            method: "DELETE",
            path: of_batch(props, number, &line),
            body: None,
            key: None,
        }
    }),
    row("release-batch", |props, number| {
        send("POST", &of_batch(props, number, "/release"), json!({}))
    }),
    row("retry-batch", |props, number| {
        send("POST", &of_batch(props, number, "/retry-failed"), json!({}))
    }),
    row("cancel-batch", |props, number| {
        let id = &props.batches[props.batches.len() / 2 + number];
        send("POST", &format!("/api/v1/batches/{id}/cancel"), json!({}))
    }),
    row("get-settings", |_, _| get("/api/v1/settings")),
    row("put-settings", |_, _| {
        send("PUT", "/api/v1/settings", json!({"batchApproval": false}))
    }),
    Endpoint {
        function: "run-reconciliation",
        ask: |_, _| {
            let body = json!({"date": RECONCILED});
            send("POST", "/api/v1/reconciliations", body)
        },
        most: RECONCILIATIONS,
    },
    row("get-reconciliation", |_, _| get(&of_day(""))),
    row("get-reconciliation-report", |_, _| {
        get(&of_day("/report.csv"))
    }),
    Endpoint {
        function: "put-settlement",
        ask: |_, _| {
            let rows = "reference,amount,currency\r\nLOAD-1,45000,USD\r\n";
            Ask {
                method: "PUT",
                path: of_day("/settlements/payelata"),
                body: Some(Value::from(rows)),
                key: None,
            }
        },
        most: RECONCILIATIONS,
    },
    row("list-reviews", |_, number| {
        get(&page("/api/v1/reviews", number))
    }),
    row("get-review", |props, number| {
        get(&of_review(props, number, ""))
    }),
    row("decide-review", |props, number| {
        let body = json!({"outcome": "not_paid", "evidenceId": "load"});
        send("POST", &of_review(props, number, "/decisions"), body)
    }),
    row("list-providers", |_, _| get("/api/v1/providers")),
    row("pause-provider", |_, _| turn_provider("pause")),
    row("resume-provider", |_, _| turn_provider("resume")),
    row("list-audit-events", |_, _| {
        get("/api/v1/audit-events?pageSize=50")
    }),
    row("get-docs", |_, _| get("/docs/openapi.json")),
];

/// Only the first call of a row changes anything.
fn turn_provider(action: &str) -> Ask {
    let path = format!("/api/v1/providers/payelata/{action}");
    send("POST", &path, json!({"reason": "load"}))
}

pub(super) fn create_key() -> Ask {
    let body = json!({"name": "load", "scopes": ["payouts:read"]});
    send("POST", "/api/v1/keys", body)
}

/// A charge of a card.
pub(super) fn charge(reference: &str) -> Ask {
    let body = json!({"amount": AMOUNT, "accountId": "6000000000000001", "reference": reference});
    Ask {
        key: Some(reference.to_owned()),
        ..send("POST", "/api/v1/wallet/card-charges", body)
    }
}

fn of_key(props: &Props, number: usize, rest: &str) -> String {
    let id = &props.keys[number % props.keys.len()];
    format!("/api/v1/keys/{id}{rest}")
}

fn of_day(rest: &str) -> String {
    format!("/api/v1/reconciliations/{RECONCILED}{rest}")
}

fn get(path: &str) -> Ask {
    Ask {
        method: "GET",
        path: path.to_owned(),
        body: None,
        key: None,
    }
}

fn send(method: &'static str, path: &str, body: Value) -> Ask {
    Ask {
        method,
        path: path.to_owned(),
        body: Some(body),
        key: None,
    }
}

/// One of the first ten pages.
fn page(path: &str, number: usize) -> String {
    format!("{path}?page={}&pageSize=50", number % 10 + 1)
}

fn driver(props: &Props, number: usize) -> String {
    format!("LOAD-{}-{number}", props.run)
}

fn of_driver(props: &Props, number: usize, rest: &str) -> String {
    format!("/api/v1/drivers/{}{rest}", driver(props, number))
}

fn of_batch(props: &Props, number: usize, rest: &str) -> String {
    let id = &props.batches[number % props.batches.len()];
    format!("/api/v1/batches/{id}{rest}")
}

/// A batch of ten loads of a measured import.
fn wish(props: &Props, number: usize) -> Value {
    let name = format!("R{number}");
    let loads: Vec<_> = (1..=10).map(|row| load(props, &name, row)).collect();
    json!({"name": "load", "loadIds": loads})
}

/// The review of a payout's first attempt.
fn of_review(props: &Props, number: usize, rest: &str) -> String {
    let payout = &props.reviewed[number % props.reviewed.len()];
    let id = payout.trim_start_matches("pay_");
    format!("/api/v1/reviews/rev_{id}-a01{rest}")
}

fn of_payout(props: &Props, number: usize, rest: &str) -> String {
    let id = &props.payouts[number % props.payouts.len()];
    format!("/api/v1/payouts/{id}{rest}")
}

/// The name of a load made for `what`.
pub(super) fn load(props: &Props, what: &str, number: usize) -> String {
    format!("LOAD-{}-{what}-{number}", props.run)
}

pub(super) fn put_load(load: &str) -> Ask {
    let body = json!({"driverId": DRIVER, "amount": AMOUNT});
    send("PUT", &format!("/api/v1/loads/{load}"), body)
}

pub(super) fn create(load: &str) -> Ask {
    send("POST", "/api/v1/payouts", json!({"loadId": load}))
}

/// An import of new loads.
pub(super) fn import_of(rows: usize, load: impl Fn(usize) -> String) -> Ask {
    let row = |row| json!({"loadId": load(row), "driverId": DRIVER, "amount": AMOUNT});
    let loads: Vec<_> = (0..rows).map(row).collect();
    send("POST", "/api/v1/loads/import", json!({ "loads": loads }))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use functions::table::FUNCTIONS;

    use super::*;

    /// A provider's callback needs a signature, and an attempt that waits for it; a decision needs a charge that
    /// nobody knows the end of.
    const NOT_CALLED: [&str; 3] = [
        "decide-card-charge",
        "receive-owlpay-callback",
        "receive-payelata-callback",
    ];

    #[test]
    fn every_endpoint_of_the_table_of_functions_is_measured_once() {
        let functions = FUNCTIONS.iter().filter(|it| it.http().is_some());
        let wanted: BTreeSet<_> = functions
            .map(|it| it.name)
            .filter(|name| !NOT_CALLED.contains(name))
            .collect();
        let rows: BTreeSet<_> = ENDPOINTS.iter().map(|it| it.function).collect();
        assert_eq!(rows, wanted);
        assert_eq!(rows.len(), ENDPOINTS.len());
    }

    #[test]
    fn every_row_calls_the_route_of_its_function() {
        let props = Props {
            run: 1,
            payouts: vec!["pay_1".to_owned()],
            failed: vec!["pay_2".to_owned(), "pay_3".to_owned()],
            charges: vec!["chg_1".to_owned()],
            keys: vec!["k7q2mx91bz0a".to_owned()],
            batches: vec!["batch_1".to_owned(), "batch_2".to_owned()],
            reviewed: vec!["pay_4".to_owned()],
            foreign: vec![("batch_3".to_owned(), "0".repeat(64))],
        };
        for endpoint in &ENDPOINTS {
            let ask = (endpoint.ask)(&props, 0);
            let path = ask.path.split('?').next().unwrap_or_default();
            let named = FUNCTIONS.iter().find(|it| it.name == endpoint.function);
            let http = named.and_then(|it| it.http()).expect("an HTTP function");
            assert_eq!(ask.method, http.method, "{path}");
            assert!(http.route().matched(path).is_some(), "{path}");
        }
    }
}
