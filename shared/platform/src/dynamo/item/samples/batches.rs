//! Records of a batch: the batch and its manifests as large as a whole week of loads makes them.

use app::{
    message::{BatchStep, BatchTask, Message},
    record::{BatchFile, Chunk, Journal, OutboxEntry, Record, RejectedLine, Settings},
};
use domain::{
    batch::{
        Approval, Assembly, Batch, CHUNK_LINES, Counts, FeeTerms, Hand, LINES_MAX, Line, Lines,
        MANIFEST_LINES, Manifest, ManifestMark, Rejection, Sums, TALLIES_MAX, Tally, Verdict,
    },
    fee::FeeSchedule,
    ids::BatchId,
    ledger::{Account, Posting},
    money::Cents,
    transition::Actor,
};

use super::{HEX_64, NOW, driver_id, tenant};

fn batch_id() -> BatchId {
    BatchId::mint(NOW, u128::MAX)
}

fn hand(key: &str) -> Hand {
    Hand {
        key: key.to_owned(),
        owner: "Maximilian Featherstonehaugh".to_owned(),
    }
}

fn mark(number: u32) -> ManifestMark {
    ManifestMark {
        number,
        first: (number - 1) * MANIFEST_LINES + 1,
        lines: MANIFEST_LINES,
        sha256: HEX_64.to_owned(),
    }
}

/// A batch of as many lines as there may be, approved, scheduled, and with lines taken out.
pub(in super::super) fn batch() -> Batch {
    let manifests = LINES_MAX / MANIFEST_LINES;
    let accepted = Sums {
        lines: LINES_MAX,
        amount: Cents::new(450_000_000),
        fees: Cents::new(2_250_000),
    };
    let assembled = Batch::assembled(
        Assembly {
            tenant: tenant(),
            id: batch_id(),
            name: "Settlement of the fifth week, 2026".to_owned(),
            lines: LINES_MAX,
            accepted,
            manifests: (1..=manifests).map(mark).collect(),
            plan: HEX_64.to_owned(),
            terms: FeeTerms::of(&FeeSchedule::default()),
            scheduled_for: Some(NOW),
            maker: hand("k7Q2mX91bZ0a"),
        },
        NOW,
    );
    Batch {
        removed_lines: vec![12, 9_999],
        approval: Some(Approval {
            by: hand("k9Q2mX91bZ0b"),
            plan: HEX_64.to_owned(),
            at: NOW,
            lapses_at: NOW,
        }),
        released_at: Some(NOW),
        ..assembled
    }
}

/// As many lines as stand in one manifest, each of them this one.
pub(in super::super) fn manifest_of(line: &Line) -> Manifest {
    let lines = (0..MANIFEST_LINES).map(|_| line.clone());
    Manifest {
        tenant: tenant(),
        batch: batch_id(),
        number: 1,
        version: 1,
        lines: Lines(lines.collect()),
        expires_at: Some(NOW),
    }
}

fn line() -> Line {
    Line {
        load: "L-2026-000012345".parse().expect("valid"),
        driver: Some(driver_id()),
        amount: Cents::new(45_000),
        fee: Cents::new(225),
        verdict: Verdict::Accepted,
    }
}

/// A chunk none of whose lines became a payout: the largest there is.
fn chunk() -> Chunk {
    let rejected = (0..CHUNK_LINES).map(|index| RejectedLine {
        line: LINES_MAX - index,
        why: Rejection::DriverNotActive,
    });
    Chunk {
        tenant: tenant(),
        batch: batch_id(),
        number: 499,
        version: 2,
        released: true,
        canceled: false,
        rejected: rejected.collect(),
    }
}

fn tally() -> Tally {
    let counts = Counts {
        left: 110,
        waiting: 60,
        open: 50,
        paid: 500,
        failed: 5,
        canceled: 4,
        rejected: 3,
        returned: 2,
        held: 1,
        waiting_cents: 2_700_000,
        open_cents: 2_250_000,
        paid_cents: 22_500_000,
        failed_cents: 225_000,
        canceled_cents: 180_000,
        rejected_cents: 135_000,
        returned_cents: 90_000,
    };
    Tally {
        tenant: tenant(),
        batch: batch_id(),
        number: TALLIES_MAX - 1,
        counts,
    }
}

fn journal() -> Journal {
    Journal {
        tenant: tenant(),
        batch: batch_id(),
        name: "chunk-0499".to_owned(),
        actor: Actor::Key("k7Q2mX91bZ0a".to_owned()),
        at: NOW,
        legs: Posting::between(Account::Hold, Account::Available, Cents::new(45_000)),
        tx_id: HEX_64[..36].to_owned(),
    }
}

pub(super) fn of_a_batch() -> Vec<Record> {
    let file = BatchFile {
        tenant: tenant(),
        digest: HEX_64.to_owned(),
        version: 1,
        batch: batch_id(),
    };
    let kept = Manifest {
        version: 2,
        expires_at: None,
        ..manifest_of(&line())
    };
    let task = BatchTask {
        tenant: tenant(),
        batch: batch_id(),
        step: BatchStep::Retry {
            manifest: 20,
            asked_at: NOW,
        },
    };
    vec![
        Record::Batch(Box::new(batch())),
        Record::Manifest(Box::new(manifest_of(&line()))),
        Record::Manifest(Box::new(kept)),
        Record::Chunk(Box::new(chunk())),
        Record::Tally(Box::new(tally())),
        Record::Journal(Box::new(journal())),
        Record::BatchFile(Box::new(file)),
        Record::Settings(Box::new(Settings::of(tenant()))),
        Record::Outbox(Box::new(OutboxEntry::new(Message::Batch(task), NOW, 3))),
    ]
}
