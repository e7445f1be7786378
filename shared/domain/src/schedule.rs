//! When to look again: pure tables of delays. Time passing is never an answer, only a reason to ask.

use std::time::Duration;

use crate::{fee::Rail, time::Timestamp};

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

impl Watch {
    /// When a person has to look at a watch that began at `since` and has brought no outcome. The reads go on.
    pub fn review_at(self, since: Timestamp) -> Timestamp {
        match self {
            Self::UnknownCreate => since.plus(seconds(30 * MINUTE)),
            Self::Submitted(Rail::Instant) => since.plus(seconds(15 * MINUTE)),
            Self::Submitted(Rail::Standard) => since.plus_business_days(3),
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

/// After how many business days a payout that was paid is read again: the provider can still take a
/// payment back.
pub const REREADS: [u32; 4] = [1, 2, 5, 10];
/// For how long after a payment its provider is asked again by ourselves.
const REREAD_SPAN: Duration = seconds(90 * DAY);

/// When a payout paid at `paid_at` is read again after `now`: each time of [`REREADS`] at the hour of the
/// payment, later by `offset`. None after the last.
pub fn next_reread(paid_at: Timestamp, now: Timestamp, offset: Duration) -> Option<Timestamp> {
    REREADS
        .into_iter()
        .map(|days| business_days_after(paid_at, days).plus(offset))
        .find(|at| *at > now)
}

/// When an ended attempt is read again whose news, since `since`, nobody has decided about: after `polls` reads as
/// any standard payout, until the news is 90 days old. Whoever decides later has it read at that moment.
pub fn next_read_while_undecided(
    since: Timestamp,
    now: Timestamp,
    (polls, chance): (u32, u64),
) -> Option<Timestamp> {
    let gap = Watch::Submitted(Rail::Standard).gap(polls, chance);
    within_span(since, now.plus(gap))
}

/// When a final attempt is read again after `silent` reads in a row that said nothing: 15 minutes later,
/// doubling to 6 hours. None when the attempt is 90 days old.
pub fn next_read_after_silence(
    ended_at: Timestamp,
    now: Timestamp,
    silent: u32,
) -> Option<Timestamp> {
    let delay = seconds(15 * MINUTE)
        .saturating_mul(2_u32.saturating_pow(silent.min(10)))
        .min(seconds(6 * HOUR));
    within_span(ended_at, now.plus(delay))
}

fn within_span(start: Timestamp, at: Timestamp) -> Option<Timestamp> {
    Some(at).filter(|at| at.since(start) <= REREAD_SPAN)
}

/// The moment so many business days later, at the same time of day. Business days are Monday to Friday in
/// UTC: there is no calendar of holidays.
fn business_days_after(from: Timestamp, days: u32) -> Timestamp {
    let mut at = from;
    for _ in 0..days {
        at = at.plus(seconds(DAY));
        while is_weekend(at) {
            at = at.plus(seconds(DAY));
        }
    }
    at
}

fn is_weekend(at: Timestamp) -> bool {
    // The epoch began on a Thursday; Monday is 0.
    let weekday = (at.seconds().div_euclid(86_400) + 3).rem_euclid(7);
    weekday >= 5
}

/// How long OwlPay is left alone after it was asked about a vendor `tries` times: a minute, doubling to an
/// hour; none after 30 days of asking in vain.
pub fn vendor_delay(tries: u32) -> Option<Duration> {
    // The first six together take an hour; then there is one an hour.
    const HOURS_MAX: u32 = 6 + 30 * 24 - 1;
    let delay = seconds(MINUTE).saturating_mul(2_u32.saturating_pow(tries.min(10)));
    (tries < HOURS_MAX).then(|| delay.min(seconds(HOUR)))
}

/// When a vendor whom OwlPay approves since `approved_at` is read again after `now`: each day of the first week,
/// then each week until a year has passed, `offset` later each time. None after the last of these 58.
pub fn next_vendor_reread(
    approved_at: Timestamp,
    now: Timestamp,
    offset: Duration,
) -> Option<Timestamp> {
    let days = (1..=7).chain((2..=52).map(|week| 7 * week));
    days.map(|day| approved_at.plus(seconds(day * DAY)).plus(offset))
        .find(|at| *at > now)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a moment")
    }

    /// Every re-read of a payout paid at this moment.
    fn rereads(paid_at: &str) -> Vec<String> {
        let paid_at = at(paid_at);
        let mut moments = Vec::new();
        let mut now = paid_at;
        while let Some(next) = next_reread(paid_at, now, Duration::ZERO) {
            moments.push(next.to_string());
            now = next;
        }
        moments
    }

    #[test]
    fn a_paid_payout_is_read_again_after_1_2_5_and_10_business_days() {
        // A Monday.
        assert_eq!(
            rereads("2026-02-02T12:00:00Z"),
            [
                "2026-02-03T12:00:00Z",
                "2026-02-04T12:00:00Z",
                "2026-02-09T12:00:00Z",
                "2026-02-16T12:00:00Z"
            ]
        );
    }

    #[test]
    fn weekends_do_not_count_as_business_days() {
        // A Thursday, a Friday, a Saturday and the last second of a Sunday.
        for (paid_at, first_two) in [
            ("2026-02-05T08:30:00Z", ["2026-02-06", "2026-02-09"]),
            ("2026-02-06T08:30:00Z", ["2026-02-09", "2026-02-10"]),
            ("2026-02-07T08:30:00Z", ["2026-02-09", "2026-02-10"]),
            ("2026-02-08T23:59:59Z", ["2026-02-09", "2026-02-10"]),
        ] {
            let time = paid_at.split_once('T').expect("a time").1;
            let expected = first_two.map(|date| format!("{date}T{time}"));
            assert_eq!(rereads(paid_at)[..2], expected, "{paid_at}");
            assert_eq!(rereads(paid_at).len(), 4, "{paid_at}");
        }
    }

    #[test]
    fn a_reread_that_was_missed_is_not_made_up_for() {
        let (paid_at, late) = (at("2026-02-02T12:00:00Z"), at("2026-02-05T00:00:00Z"));
        assert_eq!(
            next_reread(paid_at, late, Duration::from_secs(90)),
            Some(at("2026-02-09T12:01:30Z"))
        );
    }

    #[test]
    fn news_that_nobody_decided_about_is_watched_as_a_payout_and_for_90_days() {
        let since = at("2026-02-03T12:00:00Z");
        let gap = |polls, now: &str| {
            let now = at(now);
            // The middle of the spread.
            let next = next_read_while_undecided(since, now, (polls, 200))?;
            Some(next.since(now).as_secs())
        };
        assert_eq!(gap(0, "2026-02-03T12:00:00Z"), Some(MINUTE));
        assert_eq!(gap(3, "2026-02-03T12:05:00Z"), Some(5 * MINUTE));
        assert_eq!(gap(7, "2026-02-03T15:00:00Z"), Some(HOUR));
        assert_eq!(gap(300, "2026-03-06T12:00:00Z"), Some(6 * HOUR));
        assert_eq!(gap(300, "2026-05-04T12:00:00Z"), None);
    }

    #[test]
    fn a_provider_that_says_nothing_of_a_final_attempt_is_asked_less_and_less() {
        let ended = at("2026-02-02T12:00:00Z");
        let minutes = [0, 1, 2, 4, 5, 40].map(|silent| {
            let next = next_read_after_silence(ended, ended, silent).expect("within 90 days");
            next.since(ended).as_secs() / MINUTE
        });
        assert_eq!(minutes, [15, 30, 60, 240, 360, 360]);
        let late = ended.plus(seconds(90 * DAY));
        assert_eq!(next_read_after_silence(ended, late, 0), None);
    }

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

    #[test]
    fn an_approval_is_read_again_each_day_of_a_week_then_each_week_of_a_year() {
        let approved_at = at("2026-02-02T12:00:00Z");
        let hour = seconds(HOUR);
        let mut reads = Vec::new();
        let mut now = approved_at;
        while let Some(next) = next_vendor_reread(approved_at, now, hour) {
            reads.push((next.since(approved_at) - hour).as_secs() / DAY);
            now = next;
        }
        assert_eq!(reads.len(), 58);
        assert_eq!(reads[..9], [1, 2, 3, 4, 5, 6, 7, 14, 21]);
        assert_eq!(reads.last(), Some(&364));
        // What was missed is not made up for.
        let late = approved_at.plus(seconds(8 * DAY));
        let next = next_vendor_reread(approved_at, late, hour).expect("the second week");
        assert_eq!(next.since(approved_at), seconds(14 * DAY) + hour);
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
    fn a_person_looks_when_nothing_came_for_too_long() {
        // A Thursday.
        let began = Timestamp::from_millis(0);
        for (watch, at) in [
            (Watch::UnknownCreate, 30 * MINUTE),
            (Watch::Submitted(Rail::Instant), 15 * MINUTE),
            (Watch::Submitted(Rail::Standard), 5 * DAY),
        ] {
            assert_eq!(watch.review_at(began), began.plus(seconds(at)), "{watch:?}");
        }
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
