//! Card charges against the money they brought.

use std::collections::BTreeMap;

use domain::{
    charge::{Charge, ChargeState},
    ids::{ChargeId, TenantId},
    ledger::Posting,
};

use super::{Dump, Finding, found};
use crate::record::{Funding, Record};

impl Dump {
    pub fn charges(&self) -> impl Iterator<Item = &Charge> {
        self.records.iter().filter_map(|record| match record {
            Record::Charge(it) => Some(&**it),
            _ => None,
        })
    }

    /// The money that charges brought.
    pub fn fundings(&self) -> impl Iterator<Item = &Funding> {
        self.records.iter().filter_map(|record| match record {
            Record::Funding(it) => Some(&**it),
            _ => None,
        })
    }
}

/// V14: a charge brought its amount exactly when it is paid. V8: whatever is not final wakes up again.
pub(super) fn fit_their_money(dump: &Dump, findings: &mut Vec<Finding>) {
    let mut posted: BTreeMap<(&TenantId, &ChargeId), &Posting> = BTreeMap::new();
    for funding in dump.fundings() {
        posted.insert((&funding.tenant, &funding.charge), &funding.legs);
    }
    for charge in dump.charges() {
        let (id, state) = (&charge.id, charge.state.name());
        let legs = posted.remove(&(&charge.tenant, id));
        let expected = (charge.state == ChargeState::Paid).then(|| charge.posting());
        if legs != expected.as_ref() {
            found(
                findings,
                "V14",
                format!("{id} is {state} and posted {legs:?}"),
            );
        }
        if !charge.state.is_final() && charge.next_at.is_none() {
            found(
                findings,
                "V8",
                format!("{id} is {state} and nothing wakes it"),
            );
        }
    }
    for (_, id) in posted.into_keys() {
        found(
            findings,
            "V14",
            format!("money of {id}, which does not exist"),
        );
    }
}
