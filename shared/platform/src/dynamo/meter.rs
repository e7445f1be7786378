//! What the table costs: calls and capacity by operation and label.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use aws_sdk_dynamodb::types::ConsumedCapacity;

/// Counts calls and consumed capacity. Shared by the stores it was given to.
#[derive(Debug, Default)]
pub struct Meter {
    costs: Mutex<BTreeMap<Step, Cost>>,
}

/// What was called, and for what: the label of a unit of work, or the method of a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Step {
    pub operation: &'static str,
    pub label: &'static str,
}

/// Sums of one step. A refused or failed call reports no capacity, so it only counts as a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    pub calls: u64,
    /// In hundredths of a read request unit.
    pub read_hundredths: u64,
    /// In hundredths of a write request unit.
    pub write_hundredths: u64,
}

impl Meter {
    /// Everything counted so far.
    pub fn costs(&self) -> BTreeMap<Step, Cost> {
        self.lock().clone()
    }

    /// Starts at zero again.
    pub fn reset(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<Step, Cost>> {
        self.costs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn called(&self, step: Step) {
        self.lock().entry(step).or_default().calls += 1;
    }

    pub(crate) fn read(&self, step: Step, consumed: &[ConsumedCapacity]) {
        self.lock().entry(step).or_default().read_hundredths += sum(consumed);
    }

    pub(crate) fn wrote(&self, step: Step, consumed: &[ConsumedCapacity]) {
        self.lock().entry(step).or_default().write_hundredths += sum(consumed);
    }
}

fn sum(consumed: &[ConsumedCapacity]) -> u64 {
    consumed
        .iter()
        .filter_map(ConsumedCapacity::capacity_units)
        .map(hundredths)
        .sum()
}

/// The SDK tells capacity as a float; its decimal text is exact to the half units there are.
fn hundredths(units: f64) -> u64 {
    format!("{units:.2}").replace('.', "").parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capacity_is_counted_in_exact_hundredths() {
        for (units, counted) in [(0.0, 0), (0.5, 50), (14.0, 1400), (2.25, 225)] {
            assert_eq!(hundredths(units), counted);
        }
    }
}
