//! Counts against what they count: totals of lists, and the figures of drivers.

use std::collections::BTreeMap;

use domain::{
    driver::DriverFigures,
    ids::{DriverId, TenantId},
};

use super::{Dump, Finding, found};
use crate::{
    attempt_review, changes::ALL, create_batch, put_load, record::Record, register_driver,
};

/// V11: stored counts are the numbers of payouts, drivers, loads, batches, reviews and keys. V12: a driver's figures are the sum
/// of what their payouts' transitions added.
pub(super) fn fit_their_lists(dump: &Dump, findings: &mut Vec<Finding>) {
    payouts_are_counted(dump, findings);
    others_are_counted(dump, findings);
    keys_are_on_their_rings(dump, findings);
    figures_are_the_fold(dump, findings);
}

fn payouts_are_counted(dump: &Dump, findings: &mut Vec<Finding>) {
    let mut numbers: BTreeMap<_, i64> = BTreeMap::new();
    for payout in dump.payouts() {
        let of = (payout.tenant.clone(), payout.status);
        *numbers.entry(of).or_default() += 1;
    }
    for (of, counted) in &dump.payout_counts {
        let number = numbers.remove(of).unwrap_or(0);
        if *counted != number {
            let what = format!("{counted} payouts counted as {}, there are {number}", of.1);
            found(findings, "V11", what);
        }
    }
    for ((_, status), number) in numbers {
        found(
            findings,
            "V11",
            format!("{number} payouts {status} are not counted"),
        );
    }
}

fn others_are_counted(dump: &Dump, findings: &mut Vec<Finding>) {
    let drivers = dump.drivers().map(|driver| {
        let counter = register_driver::counter(driver);
        (counter, driver.status.name().to_owned())
    });
    let loads = dump
        .loads()
        .map(|load| (put_load::counter(load), ALL.to_owned()));
    let batches = dump.records.iter().filter_map(|record| match record {
        Record::Batch(batch) => {
            let status = batch.status.public().name().to_owned();
            Some((create_batch::counter(batch), status))
        }
        _ => None,
    });
    let reviews = dump.records.iter().filter_map(|record| match record {
        Record::Review(review) => {
            let status = review.status().name().to_owned();
            Some((attempt_review::counter(review), status))
        }
        _ => None,
    });
    let mut numbers: BTreeMap<_, i64> = BTreeMap::new();
    for of in drivers.chain(loads).chain(batches).chain(reviews) {
        *numbers.entry(of).or_default() += 1;
    }
    for (of, counted) in &dump.counts {
        let number = numbers.remove(of).unwrap_or(0);
        if *counted != number {
            let what = format!("{:?} {}: counted {counted}, there are {number}", of.0, of.1);
            found(findings, "V11", what);
        }
    }
    for (of, number) in numbers {
        let what = format!("{:?} {}: {number} are not counted", of.0, of.1);
        found(findings, "V11", what);
    }
}

fn keys_are_on_their_rings(dump: &Dump, findings: &mut Vec<Finding>) {
    let mut numbers: BTreeMap<_, u32> = BTreeMap::new();
    for record in &dump.records {
        if let Record::ApiKey(key) = record {
            *numbers.entry(&key.tenant).or_default() += 1;
        }
    }
    for record in &dump.records {
        if let Record::KeyRing(ring) = record {
            let number = numbers.remove(&ring.tenant).unwrap_or(0);
            if ring.made != number {
                let what = format!(
                    "{}: {} keys counted, there are {number}",
                    ring.tenant, ring.made
                );
                found(findings, "V11", what);
            }
        }
    }
    for (tenant, number) in numbers {
        let what = format!("{tenant}: {number} keys are not counted");
        found(findings, "V11", what);
    }
}

fn figures_are_the_fold(dump: &Dump, findings: &mut Vec<Finding>) {
    let drivers: BTreeMap<_, _> = dump
        .payouts()
        .map(|payout| ((&payout.tenant, &payout.id), &payout.driver))
        .collect();
    let mut folded: BTreeMap<(&TenantId, &DriverId), DriverFigures> = BTreeMap::new();
    for transition in dump.transitions() {
        if let Some(driver) = drivers.get(&(&transition.tenant, &transition.payout)) {
            let figures = folded.entry((&transition.tenant, driver)).or_default();
            *figures = figures.plus(transition.driver_figures());
        }
    }
    for driver in dump.drivers() {
        let expected = folded
            .remove(&(&driver.tenant, &driver.id))
            .unwrap_or_default();
        let stored = DriverFigures {
            payouts: driver.payouts,
            pending_payouts: driver.pending_payouts,
            total_paid: driver.total_paid,
        };
        if stored != expected {
            let what = format!("{}: {stored:?}, its payouts make {expected:?}", driver.id);
            found(findings, "V12", what);
        }
    }
}
