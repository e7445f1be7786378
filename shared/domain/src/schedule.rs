//! When to look again: pure tables of delays. Time passing is never an answer, only a reason to ask.

use std::time::Duration;

use crate::fee::Rail;

/// What the next read waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watch {
    /// The provider owns the outcome.
    Submitted(Rail),
    /// We lost the answer to a create.
    UnknownCreate,
}

const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

impl Watch {
    /// The first reads, in seconds after the watch began.
    const fn opening(self) -> &'static [u64] {
        match self {
            Self::Submitted(Rail::Instant) => &[3, 5, 8, 13, 20, 30, 60],
            Self::Submitted(Rail::Standard) => &[
                MINUTE,
                2 * MINUTE,
                5 * MINUTE,
                10 * MINUTE,
                15 * MINUTE,
                30 * MINUTE,
            ],
            Self::UnknownCreate => &[90, 2 * MINUTE, 5 * MINUTE, 15 * MINUTE],
        }
    }

    /// How far apart later reads are, by how long the watch has lasted.
    const fn step_after(self, elapsed: u64) -> u64 {
        match self {
            Self::Submitted(Rail::Instant) => match elapsed {
                0..900 => MINUTE,
                900..7_200 => 5 * MINUTE,
                _ => Self::long_step(elapsed),
            },
            Self::Submitted(Rail::Standard) => Self::long_step(elapsed),
            Self::UnknownCreate => HOUR,
        }
    }

    const fn long_step(elapsed: u64) -> u64 {
        if elapsed < 3 * DAY { HOUR } else { 6 * HOUR }
    }

    /// When the read after `polls` reads is due, counted from the start of the watch.
    pub fn due_after(self, polls: u32) -> Duration {
        let opening = self.opening();
        let index = usize::try_from(polls).unwrap_or(usize::MAX);
        if let Some(at) = opening.get(index) {
            return seconds(*at);
        }
        let mut at = opening.last().copied().unwrap_or(0);
        let later = index.saturating_sub(opening.len()).min(10_000);
        for _ in 0..=later {
            at += self.step_after(at);
        }
        seconds(at)
    }

    /// How long to wait for the next read: the gap of the table, spread by up to 20 % either way (only later
    /// after a lost create).
    /// `chance` is any random number.
    pub fn gap(self, polls: u32, chance: u64) -> Duration {
        let before = match polls.checked_sub(1) {
            Some(previous) => self.due_after(previous),
            None => Duration::ZERO,
        };
        let gap = self.due_after(polls).saturating_sub(before);
        match self {
            Self::Submitted(_) => spread(gap, chance),
            // Never early: an absence counts only once a create had its time to become visible.
            Self::UnknownCreate => spread(gap, chance).max(gap),
        }
    }
}

/// A delay spread by up to 20 % either way. `chance` is any random number.
pub fn spread(delay: Duration, chance: u64) -> Duration {
    let permille = 800 + u32::try_from(chance % 401).unwrap_or(0);
    delay.saturating_mul(permille) / 1000
}

/// How long a payout that no message reaches sleeps until it is sent again: 2 minutes, doubling to an
/// hour.
pub fn redispatch_delay(wakes: u32) -> Duration {
    seconds(2 * MINUTE)
        .saturating_mul(2_u32.saturating_pow(wakes.min(10)))
        .min(seconds(HOUR))
}

/// How long a call that provably never left waits before it is repeated.
pub fn resend_delay(tries: u32) -> Duration {
    seconds(5)
        .saturating_mul(2_u32.saturating_pow(tries.min(10)))
        .min(seconds(10 * MINUTE))
}

/// How long OwlPay is left alone after it was asked about a vendor `tries` times: a minute, doubling to an
/// hour; none after 30 days of asking in vain.
pub fn vendor_delay(tries: u32) -> Option<Duration> {
    // The first six together take an hour; then there is one an hour.
    const HOURS_MAX: u32 = 6 + 30 * 24 - 1;
    let delay = seconds(MINUTE).saturating_mul(2_u32.saturating_pow(tries.min(10)));
    (tries < HOURS_MAX).then(|| delay.min(seconds(HOUR)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vendor_is_asked_about_less_and_less_and_for_30_days() {
        let delays: Vec<_> = (0..).map_while(vendor_delay).collect();
        let minutes: Vec<_> = delays
            .iter()
            .take(8)
            .map(|it| it.as_secs() / MINUTE)
            .collect();
        assert_eq!(minutes, [1, 2, 4, 8, 16, 32, 60, 60]);
        let whole = delays.iter().sum::<Duration>().as_secs();
        assert!(
            (30 * DAY - HOUR..=30 * DAY + HOUR).contains(&whole),
            "{whole}"
        );
    }

    fn due(watch: Watch, polls: std::ops::Range<u32>) -> Vec<u64> {
        polls.map(|n| watch.due_after(n).as_secs()).collect()
    }

    #[test]
    fn an_instant_payout_is_read_often_and_then_less_and_less() {
        let watch = Watch::Submitted(Rail::Instant);
        assert_eq!(due(watch, 0..8), [3, 5, 8, 13, 20, 30, 60, 120]);
        assert_eq!(due(watch, 20..23), [900, 1200, 1500]);
        assert_eq!(due(watch, 41..43), [7_200, 10_800]);
    }

    #[test]
    fn a_standard_payout_is_read_for_days() {
        let watch = Watch::Submitted(Rail::Standard);
        assert_eq!(
            due(watch, 0..8),
            [60, 120, 300, 600, 900, 1_800, 5_400, 9_000]
        );
        let steps: Vec<_> = due(watch, 70..90).windows(2).map(|w| w[1] - w[0]).collect();
        assert!(steps.contains(&HOUR) && steps.contains(&(6 * HOUR)));
    }

    #[test]
    fn an_unknown_create_is_first_read_after_90_seconds_and_again_30_seconds_later() {
        assert_eq!(
            due(Watch::UnknownCreate, 0..6),
            [90, 120, 300, 900, 4_500, 8_100]
        );
    }

    #[test]
    fn delays_spread_by_a_fifth_either_way() {
        let delays: Vec<_> = (0..401)
            .map(|n| spread(seconds(100), n).as_millis())
            .collect();
        assert_eq!(delays.iter().min(), Some(&80_000));
        assert_eq!(delays.iter().max(), Some(&120_000));
    }
}
