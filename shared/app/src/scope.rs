//! What a key may be allowed: the closed list of scopes.

/// Every scope there is.
pub const ALL: [&str; 26] = [
    "drivers:read",
    "drivers:write",
    "loads:read",
    "loads:write",
    "payouts:read",
    "payouts:write",
    "payouts:instant",
    "batches:read",
    "batches:write",
    "batches:approve",
    "balance:read",
    "balance:write",
    "wallet:read",
    "wallet:write",
    "keys:read",
    "keys:write",
    "settings:read",
    "settings:write",
    "reviews:read",
    "reviews:write",
    "audit:read",
    "audit:write",
    "reconciliation:read",
    "reconciliation:write",
    "providers:manage",
    "webhooks:manage",
];

/// Scopes that make money, or decide about it. They open nothing on a key that is not an operator's.
pub const OPERATOR_ONLY: [&str; 5] = [
    "wallet:write",
    "providers:manage",
    "reviews:write",
    "settings:write",
    "reconciliation:write",
];

/// The scope of that name, when there is one.
pub fn known(name: &str) -> Option<&'static str> {
    ALL.into_iter().find(|scope| *scope == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_scope_is_listed_once_and_the_operators_are_among_them() {
        let all: BTreeSet<_> = ALL.into_iter().collect();
        assert_eq!(all.len(), ALL.len());
        assert!(OPERATOR_ONLY.iter().all(|scope| all.contains(scope)));
    }
}
