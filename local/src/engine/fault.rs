//! Spoiled answers, on demand: what a serialising engine never does by itself but the real table does.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use super::wire::Reply;

/// One way in which a call goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is done: another transaction is at work on the first item.
    Conflict,
    /// Nothing is done: throughput exceeded.
    Throttled,
    /// Nothing is done: a 500.
    InternalError,
    /// The work is done, then the connection breaks.
    AnswerLost,
    /// Nothing is done, and no answer ever comes.
    Silence,
}

/// Faults planned for the next calls of a client. Clones share the plan.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    plans: Arc<Mutex<Vec<Plan>>>,
}

#[derive(Debug)]
struct Plan {
    operation: &'static str,
    /// Matching calls that are still left alone.
    skip: u32,
    times: u32,
    fault: Fault,
}

impl Faults {
    pub fn new() -> Self {
        Self::default()
    }

    /// Spoils the next `times` calls of `operation` (as `TransactWriteItems`). Plans for the same
    /// operation follow one another.
    #[must_use]
    pub fn then(self, operation: &'static str, times: u32, fault: Fault) -> Self {
        self.plan(Plan {
            operation,
            skip: 0,
            times,
            fault,
        })
    }

    /// Spoils only the `n`-th of the calls of `operation` that come after the earlier plans; 1 is the
    /// next.
    #[must_use]
    pub fn on_nth(self, operation: &'static str, n: u32, fault: Fault) -> Self {
        self.plan(Plan {
            operation,
            skip: n.saturating_sub(1),
            times: 1,
            fault,
        })
    }

    fn plan(self, plan: Plan) -> Self {
        self.plans
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(plan);
        self
    }

    pub(super) fn next(&self, operation: &str) -> Option<Fault> {
        let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        let index = plans.iter().position(|plan| plan.operation == operation)?;
        let plan = plans.get_mut(index)?;
        if plan.skip > 0 {
            plan.skip -= 1;
            return None;
        }
        let fault = plan.fault;
        plan.times = plan.times.saturating_sub(1);
        if plan.times == 0 {
            plans.remove(index);
        }
        Some(fault)
    }
}

impl Fault {
    /// The error as the real table words it.
    pub(super) fn reply(self, operation: &str, body: &[u8]) -> Reply {
        let (status, kind) = match self {
            Self::Conflict if operation.starts_with("Transact") => return canceled(body),
            Self::Conflict => (400, "TransactionConflictException"),
            Self::Throttled => (400, "ProvisionedThroughputExceededException"),
            Self::InternalError | Self::AnswerLost | Self::Silence => (500, "InternalServerError"),
        };
        Reply {
            status,
            body: json!({
                "__type": format!("com.amazonaws.dynamodb.v20120810#{kind}"),
                "message": "injected",
            })
            .to_string(),
        }
    }
}

fn canceled(body: &[u8]) -> Reply {
    let request: Value = serde_json::from_slice(body).unwrap_or_default();
    let items = request["TransactItems"].as_array().map_or(1, Vec::len);
    let reasons: Vec<_> = (0..items)
        .map(|index| match index {
            0 => json!({"Code": "TransactionConflict", "Message": "injected"}),
            _ => json!({"Code": "None"}),
        })
        .collect();
    Reply {
        status: 400,
        body: json!({
            "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
            "Message": "Transaction cancelled, please refer cancellation reasons for specific reasons",
            "CancellationReasons": reasons,
        })
        .to_string(),
    }
}
