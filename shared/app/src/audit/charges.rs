//! Card charges against the money they brought.

use std::collections::BTreeMap;

use domain::{
    charge::{Charge, ChargeState},
    ids::{ChargeId, TenantId},
    ledger::Account,
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

/// V14: the wallet has the amount of a charge exactly when it is paid; of one that people decide about again it may. V8: whatever is not final wakes up again.
pub(super) fn fit_their_money(dump: &Dump, findings: &mut Vec<Finding>) {
    let mut posted: BTreeMap<(&TenantId, &ChargeId), (u32, i64)> = BTreeMap::new();
    for funding in dump.fundings() {
        let legs = funding.legs.legs().iter();
        let credited = legs.filter(|leg| leg.account == Account::Available);
        let sum: i64 = credited.map(|leg| leg.amount.get()).sum();
        let (count, total) = posted
            .entry((&funding.tenant, &funding.charge))
            .or_default();
        *count += 1;
        *total += sum;
    }
    for charge in dump.charges() {
        let (id, state) = (&charge.id, charge.state.name());
        let (count, sum) = posted.remove(&(&charge.tenant, id)).unwrap_or_default();
        let is_credited = match charge.state {
            ChargeState::Paid => true,
            ChargeState::Prepared | ChargeState::Sending | ChargeState::Dead => false,
            ChargeState::Review => charge.is_credited(),
        };
        let expected = if is_credited { charge.amount.get() } else { 0 };
        if sum != expected || count != charge.postings {
            found(
                findings,
                "V14",
                format!("{id} is {state} and posted {sum} in {count} postings"),
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
