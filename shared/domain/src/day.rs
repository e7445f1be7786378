//! A calendar day in UTC, as `2026-01-31`.

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

const SECONDS: i64 = 24 * 3_600;

/// A day in UTC, counted in days since the epoch.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Day(i64);

/// A text that is not a date of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a date as 2026-01-31")]
pub struct InvalidDay;

impl Day {
    /// The day a moment lies in.
    pub const fn of(at: Timestamp) -> Self {
        Self(at.seconds().div_euclid(SECONDS))
    }

    pub const fn start(self) -> Timestamp {
        Timestamp::from_millis(self.0 * SECONDS * 1_000)
    }

    /// The first moment of the next day.
    pub const fn end(self) -> Timestamp {
        Self(self.0 + 1).start()
    }

    /// So many days earlier.
    #[must_use]
    pub fn back(self, days: u32) -> Self {
        Self(self.0 - i64::from(days))
    }

    pub fn holds(self, at: Timestamp) -> bool {
        Self::of(at) == self
    }
}

/// The whole days from `earlier` to `later`; 0 when it lies ahead.
pub fn whole_days(earlier: Timestamp, later: Timestamp) -> u64 {
    later.since(earlier).as_secs() / Duration::from_secs(86_400).as_secs()
}

impl FromStr for Day {
    type Err = InvalidDay;
    fn from_str(text: &str) -> Result<Self, InvalidDay> {
        let bytes = text.as_bytes();
        let is_plain = bytes.len() == 10
            && bytes.iter().enumerate().all(|(at, byte)| match at {
                4 | 7 => *byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        let year: i64 = text.get(..4).and_then(|it| it.parse().ok()).unwrap_or(0);
        if !is_plain || year < 1970 {
            return Err(InvalidDay);
        }
        let at: Timestamp = format!("{text}T00:00:00Z")
            .parse()
            .map_err(|_| InvalidDay)?;
        Ok(Self::of(at))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.start().to_string();
        f.write_str(
            text.split_once('T')
                .map_or("out-of-range", |(date, _)| date),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_read_and_written_as_its_date() {
        for text in ["1970-01-01", "2026-01-31", "2028-02-29", "9999-12-30"] {
            let day: Day = text.parse().expect("a date");
            assert_eq!(day.to_string(), text);
            assert!(day.holds(day.start()) && !day.holds(day.end()));
        }
        let day: Day = "2026-03-01".parse().expect("a date");
        assert_eq!(day.back(1).to_string(), "2026-02-28");
    }

    #[test]
    fn other_texts_are_no_days() {
        for text in [
            "",
            "2026-02-30",
            "2026-13-01",
            "2026-1-31",
            "20260131",
            "2026-01-31T00:00:00Z",
            "1969-12-31",
            "0000-01-01",
            "2026-01-3é",
            "+026-01-31",
        ] {
            assert_eq!(text.parse::<Day>(), Err(InvalidDay), "{text}");
        }
    }

    #[test]
    fn an_age_counts_whole_days() {
        let day = |text: &str| text.parse::<Timestamp>().expect("a moment");
        let made = day("2026-01-31T12:00:00Z");
        assert_eq!(whole_days(made, day("2026-02-01T11:59:59Z")), 0);
        assert_eq!(whole_days(made, day("2026-02-01T12:00:00Z")), 1);
        assert_eq!(whole_days(made, day("2026-01-30T12:00:00Z")), 0);
    }
}
