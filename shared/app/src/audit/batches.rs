//! Batches against their lines.

use std::collections::BTreeMap;

use domain::{
    batch::{Batch, BatchStatus, Counts, Line, LineState, Tally, TallyMovement, Verdict},
    ids::{BatchId, PayoutId, TenantId},
    ledger::Account,
    payout::Payout,
};

use super::{Dump, Finding, found};
use crate::{
    changes::BalanceKey,
    record::{Chunk, Record},
};

/// V4 for holds: what is on hold is what the lines that are not payouts yet were accepted for. V8 for batches: one
/// that somebody waits for wakes up again. V9: tallies are the numbers of lines by state, and the lines of a batch
/// that ended have ended.
pub(super) fn fit_their_lines(dump: &Dump, findings: &mut Vec<Finding>) {
    let shelf = Shelf::of(dump);
    let mut held: BTreeMap<&TenantId, i64> = BTreeMap::new();
    for batch in &shelf.batches {
        let lines = shelf.counted(batch, findings);
        *held.entry(&batch.tenant).or_default() += lines.cents(LineState::Waiting).get();
        let tallied = shelf.tallied(batch);
        if tallied != lines {
            let what = format!("{}: tallies {tallied:?}, lines {lines:?}", batch.id);
            found(findings, "V9", what);
        }
        let has_ended = match batch.status {
            BatchStatus::Completed | BatchStatus::Failed => true,
            BatchStatus::Building
            | BatchStatus::Queued
            | BatchStatus::Scheduled
            | BatchStatus::Processing
            | BatchStatus::Canceled => false,
        };
        // A retry after the end opens lines again, and the batch stays as it is.
        if has_ended && lines.lines(LineState::Waiting) > 0 {
            found(
                findings,
                "V9",
                format!("{} ended with waiting lines", batch.id),
            );
        }
        let waits = matches!(
            batch.status,
            BatchStatus::Building | BatchStatus::Scheduled | BatchStatus::Processing
        ) || (batch.status == BatchStatus::Canceled && lines.left > 0);
        if waits && batch.next_at.is_none() {
            let status = batch.status;
            found(
                findings,
                "V8",
                format!("{} is {status} and nothing wakes it", batch.id),
            );
        }
    }
    for (key, cents) in &dump.balances {
        if key.account == Account::Hold {
            let expected = held.remove(&key.tenant).unwrap_or(0);
            if cents.get() != expected {
                found(
                    findings,
                    "V4",
                    format!("hold is {cents}, lines wait for {expected}"),
                );
            }
        }
    }
    for (tenant, missing) in held {
        if missing != 0 {
            let key = BalanceKey {
                tenant: tenant.clone(),
                account: Account::Hold,
                shard: 0,
            };
            found(findings, "V4", format!("{key:?} lacks {missing}"));
        }
    }
}

type Of<'a> = (&'a TenantId, &'a BatchId);

/// What belongs to batches, by batch.
struct Shelf<'a> {
    batches: Vec<&'a Batch>,
    lines: BTreeMap<(Of<'a>, u32), &'a Vec<Line>>,
    chunks: BTreeMap<(Of<'a>, u32), &'a Chunk>,
    tallies: BTreeMap<Of<'a>, Vec<&'a Tally>>,
    payouts: BTreeMap<(&'a TenantId, &'a PayoutId), &'a Payout>,
}

impl<'a> Shelf<'a> {
    fn of(dump: &'a Dump) -> Self {
        let payouts = dump.payouts().map(|it| ((&it.tenant, &it.id), it));
        let mut shelf = Self {
            batches: Vec::new(),
            lines: BTreeMap::new(),
            chunks: BTreeMap::new(),
            tallies: BTreeMap::new(),
            payouts: payouts.collect(),
        };
        for record in &dump.records {
            match record {
                Record::Batch(it) => shelf.batches.push(it),
                Record::Manifest(it) => {
                    let of = ((&it.tenant, &it.batch), it.number);
                    shelf.lines.insert(of, &it.lines.0);
                }
                Record::Chunk(it) => {
                    let of = ((&it.tenant, &it.batch), it.number);
                    shelf.chunks.insert(of, it);
                }
                Record::Tally(it) => {
                    let of = (&it.tenant, &it.batch);
                    shelf.tallies.entry(of).or_default().push(it);
                }
                _ => {}
            }
        }
        shelf
    }

    fn tallied(&self, batch: &'a Batch) -> Counts {
        let tallies = self.tallies.get(&(&batch.tenant, &batch.id));
        let tallies = tallies.into_iter().flatten();
        let counts: Vec<_> = tallies.map(|tally| &tally.counts).collect();
        Counts::sum(counts)
    }

    /// The lines of a batch by state, counted from what they are.
    fn counted(&self, batch: &'a Batch, findings: &mut Vec<Finding>) -> Counts {
        let of = (&batch.tenant, &batch.id);
        let mut movement = TallyMovement::default();
        for mark in &batch.manifests {
            let Some(lines) = self.lines.get(&(of, mark.number)) else {
                let what = format!("{} lacks manifest {}", batch.id, mark.number);
                found(findings, "V9", what);
                continue;
            };
            for (number, line) in (mark.first..).zip(lines.iter()) {
                let state = self.state(batch, (number, line));
                let id = batch.payout_id(number);
                let payout = self
                    .payouts
                    .get(&(&batch.tenant, &id))
                    .filter(|_| state != LineState::Waiting && state != LineState::Rejected);
                // A part of a paid line may have come back already.
                let returned = match (state, payout) {
                    (LineState::Paid, Some(payout)) => payout.returned.get(),
                    _ => 0,
                };
                movement.add(state, 1, line.amount.get() - returned);
                movement.add(LineState::Returned, 0, returned);
                movement.held += i64::from(payout.is_some_and(|payout| payout.is_held()));
            }
        }
        let mut counts = Counts::default();
        counts.apply(&movement);
        counts
    }

    fn state(&self, batch: &'a Batch, (number, line): (u32, &Line)) -> LineState {
        if let Verdict::Rejected(_) = line.verdict {
            return LineState::Rejected;
        }
        let of = ((&batch.tenant, &batch.id), batch.chunk_of(number));
        let Some(chunk) = self.chunks.get(&of) else {
            return LineState::Waiting;
        };
        if chunk.canceled {
            return LineState::Canceled;
        }
        if chunk.rejected.iter().any(|it| it.line == number) {
            return LineState::Rejected;
        }
        let id = batch.payout_id(number);
        match self.payouts.get(&(&batch.tenant, &id)) {
            Some(payout) => LineState::of(payout.status),
            None => LineState::Waiting,
        }
    }
}
