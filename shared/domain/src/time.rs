//! Points in time as milliseconds since the Unix epoch: arithmetic and text, but no clock.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A point in time, in milliseconds since the Unix epoch.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, as providers and expiry attributes count.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    pub fn plus(self, span: Duration) -> Self {
        let millis = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(millis))
    }

    pub fn minus(self, span: Duration) -> Self {
        let millis = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        Self(self.0.saturating_sub(millis))
    }

    /// How long ago `earlier` was, or zero when it lies ahead.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

const DAY_MILLIS: i64 = 24 * 3_600 * 1_000;

impl Timestamp {
    /// The same time of day so many business days later. They are Monday to Friday in UTC.
    #[must_use]
    pub fn plus_business_days(self, days: u32) -> Self {
        let mut day = self.0.div_euclid(DAY_MILLIS);
        for _ in 0..days {
            day = day.saturating_add(1);
            // Day 0 was a Thursday; here Monday is 0.
            while (day.saturating_add(3)).rem_euclid(7) >= 5 {
                day = day.saturating_add(1);
            }
        }
        let time = self.0.rem_euclid(DAY_MILLIS);
        Self(day.saturating_mul(DAY_MILLIS).saturating_add(time))
    }
}

/// A text that is not a full date and time with its offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a date and time as 2026-01-31T12:00:00Z")]
pub struct InvalidTime;

/// The extended form of ISO 8601 with `Z` or an offset. What is finer than a millisecond is rounded up,
/// so that bounds of a range hold for stored moments.
impl std::str::FromStr for Timestamp {
    type Err = InvalidTime;
    fn from_str(text: &str) -> Result<Self, InvalidTime> {
        let stands = |index, mark| text.as_bytes().get(index) == Some(&mark);
        let is_extended = stands(4, b'-') && stands(10, b'T') && stands(13, b':');
        let is_plain = text.bytes().all(|byte| {
            byte.is_ascii_digit() || matches!(byte, b'-' | b':' | b'.' | b'+' | b'T' | b'Z')
        });
        if !is_extended || !is_plain {
            return Err(InvalidTime);
        }
        let instant: jiff::Timestamp = text.parse().map_err(|_| InvalidTime)?;
        let nanos = instant.as_nanosecond();
        let millis = -(-nanos).div_euclid(1_000_000);
        i64::try_from(millis).map(Self).map_err(|_| InvalidTime)
    }
}

/// A calendar month in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(i64);

impl Month {
    /// The month before.
    #[must_use]
    pub const fn previous(self) -> Self {
        Self(self.0 - 1)
    }
}

impl Timestamp {
    /// The month the moment lies in; moments outside the calendar count as its first month.
    pub fn month(self) -> Month {
        let instant = jiff::Timestamp::from_second(self.seconds()).unwrap_or_default();
        let date = instant.to_zoned(jiff::tz::TimeZone::UTC).date();
        Month(i64::from(date.year()) * 12 + i64::from(date.month()) - 1)
    }
}

/// As `2026-11`.
impl std::fmt::Display for Month {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{:04}-{:02}",
            self.0.div_euclid(12),
            self.0.rem_euclid(12) + 1
        )
    }
}

/// ISO 8601 in UTC with second precision and `Z`, as every public answer shows time (seed 000).
impl std::fmt::Display for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match jiff::Timestamp::from_second(self.seconds()) {
            Ok(instant) => write!(f, "{instant}"),
            Err(_) => f.write_str("out-of-range"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_follow_the_calendar_in_utc() {
        let january = Timestamp::from_millis(1_769_860_800_000).month();
        assert_eq!(january.to_string(), "2026-01");
        assert_eq!(january.previous().to_string(), "2025-12");
        let first_of_february = Timestamp::from_millis(1_769_904_000_000);
        assert_eq!(first_of_february.month().previous(), january);
        assert_eq!(
            first_of_february.minus(Duration::from_millis(1)).month(),
            january
        );
    }

    #[test]
    fn a_moment_is_read_with_its_offset_and_rounded_up_to_milliseconds() {
        for (text, millis) in [
            ("2026-01-31T12:00:00Z", 1_769_860_800_000),
            ("2026-01-31T14:00:00+02:00", 1_769_860_800_000),
            ("2026-01-31T12:00:00.25Z", 1_769_860_800_250),
            ("2026-01-31T12:00:00.0000001Z", 1_769_860_800_001),
            ("1969-12-31T23:59:59.9999Z", 0),
        ] {
            assert_eq!(text.parse(), Ok(Timestamp::from_millis(millis)), "{text}");
        }
    }

    #[test]
    fn a_date_a_local_time_and_other_spellings_are_no_moments() {
        for text in [
            "",
            "2026-01-31",
            "2026-01-31T12:00:00",
            "2026-01-31 12:00:00Z",
            "20260131T120000Z",
            "2026-01-31T12:00:00Z[UTC]",
            "2026-02-30T12:00:00Z",
            "2026-01-31T25:00:00Z",
            "1769860800",
            "now",
        ] {
            assert_eq!(text.parse::<Timestamp>(), Err(InvalidTime), "{text}");
        }
    }

    #[test]
    fn business_days_leave_out_the_weekend() {
        for (from, to) in [
            // A Monday, a Friday, a Saturday and a Sunday.
            ("2026-01-26T12:00:00Z", "2026-01-29T12:00:00Z"),
            ("2026-01-30T23:59:59Z", "2026-02-04T23:59:59Z"),
            ("2026-01-31T12:00:00Z", "2026-02-04T12:00:00Z"),
            ("2026-02-01T00:00:00Z", "2026-02-04T00:00:00Z"),
        ] {
            let from: Timestamp = from.parse().expect("a moment");
            assert_eq!(from.plus_business_days(3).to_string(), to);
        }
    }

    #[test]
    fn time_prints_in_utc_with_whole_seconds() {
        let at = Timestamp::from_millis(1_769_860_800_999);
        assert_eq!(at.to_string(), "2026-01-31T12:00:00Z");
    }
}
