//! Money in suspense against the attempts under whose names it stands.

use std::collections::BTreeMap;

use domain::{ids::TenantId, ledger::Account};

use super::{Dump, Finding, found};

/// V15: what stands in suspense is the sum of what stands there under the names of attempts.
pub(super) fn is_named(dump: &Dump, findings: &mut Vec<Finding>) {
    let mut named: BTreeMap<&TenantId, i64> = BTreeMap::new();
    for attempt in dump.attempts() {
        *named.entry(&attempt.tenant).or_default() += attempt.posted().suspense.get();
    }
    for (key, cents) in &dump.balances {
        if key.account == Account::Suspense {
            let names = named.remove(&key.tenant).unwrap_or(0);
            if cents.get() != names {
                let what = format!("suspense is {cents}, attempts name {names}");
                found(findings, "V15", what);
            }
        }
    }
    for (tenant, names) in named {
        if names != 0 {
            found(
                findings,
                "V15",
                format!("suspense of {tenant} lacks {names}"),
            );
        }
    }
}
