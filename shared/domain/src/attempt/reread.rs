//! When a final attempt is read again: a payment can be taken back, and news of a callback must not get lost.

use std::time::Duration;

use super::{Attempt, DEAD_READS_APART};
use crate::{attempt_machine::AttemptState, resolution, schedule, time::Timestamp};

/// What a read of a final attempt brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FinalNews {
    /// It said nothing about the attempt.
    Silent,
    /// People, or the provider, have to decide about what it showed.
    Undecided,
    /// It no longer shows the object, which counts only when it says so again.
    Absent,
    /// What the provider shows is not going to change by itself.
    Stands,
    /// The money is back with us.
    Over,
}

impl Attempt {
    /// A final attempt after a read of it: when it is read again. `chance` is any random number.
    #[must_use]
    pub fn read_again(&self, at: Timestamp, news: FinalNews, chance: u64) -> Self {
        let ended_at = self.watched_at.unwrap_or(at);
        let (polls, next_at) = match news {
            FinalNews::Silent => (
                self.polls.saturating_add(1),
                schedule::next_read_after_silence(ended_at, at, self.polls),
            ),
            FinalNews::Undecided => self.read_while_undecided(at, chance),
            FinalNews::Absent => (0, Some(at.plus(resolution::ABSENCES_OF_OBJECT_APART))),
            FinalNews::Stands => (0, self.reread_after(at)),
            FinalNews::Over => (0, None),
        };
        Self {
            version: self.version + 1,
            checked_at: Some(at),
            polls,
            next_at,
            ..self.clone()
        }
    }

    fn read_while_undecided(&self, at: Timestamp, chance: u64) -> (u32, Option<Timestamp>) {
        let since = self.undecided.as_ref().map_or(at, |it| it.since);
        // What has just become news is watched from the start.
        let polls = if since == at {
            0
        } else {
            self.polls.saturating_add(1)
        };
        let next_at = schedule::next_read_while_undecided(since, at, (polls, chance));
        // A first sign that it is dead waits for the second.
        let dead_at = self.undecided.as_ref().and_then(|it| it.dead_at);
        let second = dead_at.map(|first| first.plus(DEAD_READS_APART));
        let soonest = second.filter(|second| *second > at);
        (polls, soonest.or(next_at))
    }

    /// When a paid attempt is read again by the calendar.
    pub(super) fn reread_after(&self, now: Timestamp) -> Option<Timestamp> {
        let is_reread = self.state == AttemptState::Paid && self.provider.is_reread();
        let paid_at = self.watched_at.filter(|_| is_reread)?;
        // Payouts of one batch are paid together; an hour keeps their reads apart.
        let id = self.reference.payout.as_str().bytes();
        let mixed = id.fold(0_u32, |sum, byte| {
            sum.wrapping_mul(31).wrapping_add(byte.into())
        });
        let offset = Duration::from_secs(u64::from(mixed % 3_600));
        schedule::next_reread(paid_at, now, offset)
    }

    /// A paid attempt whose money came back: nothing is left to ask.
    #[must_use]
    pub fn no_more_reads(self) -> Self {
        Self {
            next_at: None,
            ..self
        }
    }
}
