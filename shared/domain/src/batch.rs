//! The batch: many payouts that finance releases together. The batch is the truth; a provider's own batching
//! plays no part in it.
//!
//! Lines are numbered from 1 in the order they came, and never renumbered. They are kept in manifests of up
//! to [`MANIFEST_LINES`] and become payouts in chunks of [`CHUNK_LINES`]. How far its lines are is counted in
//! tallies; the batch itself changes only when somebody acts on the whole of it.

mod machine;
mod manifest;
mod plan;
mod tally;
mod terms;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use self::{
    machine::{BatchCell, BatchEvent, BatchStatus, decide},
    manifest::{Line, Lines, Manifest, ManifestMark, Rejection, Unreadable, Verdict},
    plan::{InvalidPlanHash, PlanHash},
    tally::{Counts, LineState, Tally, TallyMovement},
    terms::{Approval, FeeTerms, Hand, Sums},
};
use crate::{
    denied::Denied,
    ids::{BatchId, PayoutId, TenantId},
    money::Cents,
    schedule,
    time::Timestamp,
};

/// The most lines of a batch.
pub const LINES_MAX: u32 = 10_000;
/// The most lines of a manifest.
pub const MANIFEST_LINES: u32 = 500;
/// The most lines that become payouts in one unit of work.
pub const CHUNK_LINES: u32 = 20;
/// The most lines one edit may add: they become payouts at once.
pub const ADDED_MAX: usize = 20;
/// The most manifests of a batch: those of its creation, and one for each edit that added lines.
pub const MANIFESTS_MAX: usize = 60;
/// The most lines that can be taken out of a batch.
pub const REMOVED_MAX: usize = 1_000;
/// The most tallies of a batch. Lines that end at the same time mostly meet different ones.
pub const TALLIES_MAX: u8 = 16;
/// How far ahead a batch may be scheduled.
pub const SCHEDULE_MAX: Duration = Duration::from_secs(90 * 24 * 3_600);

/// Many payouts that are released together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    pub tenant: TenantId,
    pub id: BatchId,
    pub version: u32,
    pub name: String,
    pub status: BatchStatus,
    /// Public as `version`: grows with every change of the lines, and an editor has to name it.
    pub edition: u32,
    /// Grows when the batch is released or canceled. Lines are only made under the gate they were planned
    /// for.
    pub gate: u32,
    /// Lines that were ever put in, the rejected and the removed ones included.
    pub lines: u32,
    /// Of the lines that were accepted.
    pub accepted: Sums,
    /// Of the lines that were taken out again.
    pub removed: Sums,
    pub removed_lines: Vec<u32>,
    pub terms: FeeTerms,
    pub tallies: u8,
    pub manifests: Vec<ManifestMark>,
    /// Digest of the plan: every line with its amount, fee and route.
    pub plan: String,
    /// What the client asked for; none releases by hand only.
    pub scheduled_for: Option<Timestamp>,
    pub maker: Hand,
    /// Who changed the lines last.
    pub editor: Hand,
    pub approval: Option<Approval>,
    pub created_at: Timestamp,
    pub released_at: Option<Timestamp>,
    pub completed_at: Option<Timestamp>,
    pub canceled_at: Option<Timestamp>,
    /// When somebody has to look at the batch again.
    pub next_at: Option<Timestamp>,
    /// How often the due index woke it in its present status.
    pub wakes: u32,
}

/// What a new batch is made of.
#[derive(Clone, Debug)]
pub struct Assembly {
    pub tenant: TenantId,
    pub id: BatchId,
    pub name: String,
    pub lines: u32,
    pub accepted: Sums,
    pub manifests: Vec<ManifestMark>,
    pub plan: String,
    pub terms: FeeTerms,
    pub scheduled_for: Option<Timestamp>,
    pub maker: Hand,
}

/// Lines an edit adds.
#[derive(Clone, Debug)]
pub struct Addition {
    pub mark: ManifestMark,
    pub sums: Sums,
}

impl Batch {
    /// A new batch, whose lines still have to become payouts.
    pub fn assembled(assembly: Assembly, at: Timestamp) -> Self {
        Self {
            tenant: assembly.tenant,
            id: assembly.id,
            version: 1,
            name: assembly.name,
            status: BatchStatus::Building,
            edition: 1,
            gate: 0,
            lines: assembly.lines,
            accepted: assembly.accepted,
            removed: Sums::default(),
            removed_lines: Vec::new(),
            terms: assembly.terms,
            tallies: tallies_for(assembly.lines),
            manifests: assembly.manifests,
            plan: assembly.plan,
            scheduled_for: assembly.scheduled_for,
            editor: assembly.maker.clone(),
            maker: assembly.maker,
            approval: None,
            created_at: at,
            released_at: None,
            completed_at: None,
            canceled_at: None,
            next_at: Some(at.plus(schedule::redispatch_delay(0))),
            wakes: 0,
        }
    }

    /// Public as `payoutCount`: what was put in and not taken out again.
    pub const fn payout_count(&self) -> u32 {
        self.lines.saturating_sub(self.removed.lines)
    }

    pub const fn total_amount(&self) -> Cents {
        Cents::new(self.accepted.amount.get() - self.removed.amount.get())
    }

    pub const fn total_fees(&self) -> Cents {
        Cents::new(self.accepted.fees.get() - self.removed.fees.get())
    }

    /// When the batch releases itself. A time that had passed when it was made releases nothing.
    pub fn releases_itself_at(&self) -> Option<Timestamp> {
        self.scheduled_for.filter(|at| *at > self.created_at)
    }

    /// The number of the chunk a line belongs to, from 0: chunks do not reach across manifests.
    pub fn chunk_of(&self, line: u32) -> u32 {
        let mut chunk = 0;
        for mark in &self.manifests {
            let last = mark.first + mark.lines;
            if line < last {
                return chunk + line.saturating_sub(mark.first) / CHUNK_LINES;
            }
            chunk += mark.chunks();
        }
        chunk
    }

    /// The number of the first chunk of a manifest.
    pub fn first_chunk(&self, manifest: u32) -> u32 {
        let before = self.manifests.iter().filter(|mark| mark.number < manifest);
        before.map(ManifestMark::chunks).sum()
    }

    pub fn mark(&self, manifest: u32) -> Option<&ManifestMark> {
        self.manifests.iter().find(|mark| mark.number == manifest)
    }

    /// The tally that counts the lines of a chunk.
    pub fn tally_of(&self, chunk: u32) -> u8 {
        u8::try_from(chunk % u32::from(self.tallies.max(1))).unwrap_or(0)
    }

    /// The payout of a line: the same for ever, so that making it twice meets the same record. The ids of a
    /// batch sort by line.
    pub fn payout_id(&self, line: u32) -> PayoutId {
        let digest = Sha256::new()
            .chain_update(self.tenant.to_string())
            .chain_update([0])
            .chain_update(self.id.as_str())
            .finalize();
        let high = digest
            .iter()
            .take(8)
            .fold(0_u128, |number, byte| (number << 8) | u128::from(*byte));
        PayoutId::mint(self.created_at, (high << 16) | u128::from(line))
    }

    /// The batch after `event`.
    ///
    /// # Errors
    /// [`Denied::BatchState`] for a refused cell. None when it had happened before.
    pub fn apply(&self, event: BatchEvent, at: Timestamp) -> Result<Option<Self>, Denied> {
        let to = match decide(self.status, event) {
            BatchCell::Refuses => return Err(Denied::BatchState(self.status)),
            BatchCell::Ignores => return Ok(None),
            BatchCell::Moves(to) => to,
        };
        let mut next = self.clone();
        next.version += 1;
        next.status = to;
        next.wakes = 0;
        next.next_at = Some(at.plus(schedule::redispatch_delay(0)));
        match event {
            BatchEvent::Expanded => {
                next.next_at = self.releases_itself_at();
                if next.next_at.is_some() {
                    next.status = BatchStatus::Scheduled;
                }
            }
            BatchEvent::Release => {
                next.gate += 1;
                next.released_at = Some(at);
            }
            BatchEvent::Cancel => {
                next.gate += 1;
                next.canceled_at = Some(at);
            }
            BatchEvent::Finish { .. } => {
                next.completed_at = Some(at);
                next.next_at = None;
            }
        }
        Ok(Some(next))
    }

    /// The batch after it was looked at in vain: later each time. A canceled batch rests once its lines do.
    #[must_use]
    pub fn woken(&self, at: Timestamp) -> Self {
        let wakes = self.wakes + 1;
        Self {
            version: self.version + 1,
            wakes,
            next_at: Some(at.plus(schedule::redispatch_delay(wakes))),
            ..self.clone()
        }
    }

    /// The batch when nothing is left to be done for it.
    #[must_use]
    pub fn at_rest(&self) -> Self {
        Self {
            version: self.version + 1,
            next_at: None,
            ..self.clone()
        }
    }

    /// # Errors
    /// [`Denied::BatchState`] unless its lines may be changed now, [`Denied::StaleVersion`] when they were
    /// changed since `edition`.
    pub fn require_editable(&self, edition: u32) -> Result<(), Denied> {
        match self.status {
            BatchStatus::Queued | BatchStatus::Scheduled => {}
            BatchStatus::Building
            | BatchStatus::Processing
            | BatchStatus::Completed
            | BatchStatus::Failed
            | BatchStatus::Canceled => return Err(Denied::BatchState(self.status)),
        }
        self.require_edition(edition)
    }

    /// # Errors
    /// [`Denied::StaleVersion`] when the lines were changed since `edition`.
    pub const fn require_edition(&self, edition: u32) -> Result<(), Denied> {
        if self.edition != edition {
            return Err(Denied::StaleVersion {
                current: self.edition,
            });
        }
        Ok(())
    }

    /// The batch with more lines. An edit voids the approval.
    ///
    /// # Errors
    /// [`Denied::BatchFull`] when it would have too many lines or was added to too often.
    pub fn extended(
        &self,
        addition: Addition,
        (plan, editor): (String, Hand),
    ) -> Result<Self, Denied> {
        let lines = self.lines + addition.mark.lines;
        let accepted = self.accepted.plus(addition.sums);
        if lines > LINES_MAX || self.manifests.len() >= MANIFESTS_MAX {
            return Err(Denied::BatchFull);
        }
        if accepted.amount > Cents::WALLET_MAX {
            return Err(Denied::AmountOutOfRange);
        }
        let mut next = self.edited(plan, editor);
        next.lines = lines;
        next.accepted = accepted;
        next.manifests.push(addition.mark);
        Ok(next)
    }

    /// The batch without one of its lines. An edit voids the approval.
    ///
    /// # Errors
    /// [`Denied::BatchFull`] when too many were taken out.
    pub fn reduced(
        &self,
        (number, line): (u32, &Line),
        (plan, editor): (String, Hand),
    ) -> Result<Self, Denied> {
        if self.removed_lines.len() >= REMOVED_MAX {
            return Err(Denied::BatchFull);
        }
        let mut next = self.edited(plan, editor);
        next.removed_lines.push(number);
        next.removed = self.removed.plus(Sums {
            lines: 1,
            amount: line.amount,
            fees: line.fee,
        });
        Ok(next)
    }

    fn edited(&self, plan: String, editor: Hand) -> Self {
        Self {
            version: self.version + 1,
            edition: self.edition + 1,
            plan,
            editor,
            approval: None,
            ..self.clone()
        }
    }

    /// The batch with the consent of a second person to its plan.
    ///
    /// # Errors
    /// [`Denied::BatchState`] once it was released or canceled; [`Denied::OwnBatch`] for who made it or
    /// changed its lines last.
    pub fn approved(&self, by: Hand, (at, valid): (Timestamp, Duration)) -> Result<Self, Denied> {
        match self.status {
            BatchStatus::Building | BatchStatus::Queued | BatchStatus::Scheduled => {}
            BatchStatus::Processing
            | BatchStatus::Completed
            | BatchStatus::Failed
            | BatchStatus::Canceled => return Err(Denied::BatchState(self.status)),
        }
        let mode = self.tenant.mode();
        if by.is_same(&self.maker, mode) || by.is_same(&self.editor, mode) {
            return Err(Denied::OwnBatch);
        }
        // One whose time has come goes at the next look.
        let (next_at, wakes) = match self.status {
            BatchStatus::Scheduled => (self.releases_itself_at(), 0),
            BatchStatus::Building
            | BatchStatus::Queued
            | BatchStatus::Processing
            | BatchStatus::Completed
            | BatchStatus::Failed
            | BatchStatus::Canceled => (self.next_at, self.wakes),
        };
        Ok(Self {
            version: self.version + 1,
            next_at,
            wakes,
            approval: Some(Approval {
                by,
                plan: self.plan.clone(),
                at,
                lapses_at: at.plus(valid),
            }),
            ..self.clone()
        })
    }

    /// # Errors
    /// [`Denied::ApprovalMissing`] or [`Denied::ApprovalLapsed`] unless a second person agreed to the plan as
    /// it is now, not too long ago.
    pub fn require_approval(&self, at: Timestamp) -> Result<(), Denied> {
        match &self.approval {
            Some(approval) if approval.plan != self.plan => Err(Denied::ApprovalMissing),
            Some(approval) if approval.lapses_at <= at => Err(Denied::ApprovalLapsed),
            Some(_) => Ok(()),
            None => Err(Denied::ApprovalMissing),
        }
    }
}

/// How many tallies a batch of so many lines has: at most one for each chunk.
fn tallies_for(lines: u32) -> u8 {
    let chunks = lines.div_ceil(CHUNK_LINES);
    u8::try_from(chunks)
        .unwrap_or(u8::MAX)
        .clamp(1, TALLIES_MAX)
}

#[cfg(test)]
mod tests;
