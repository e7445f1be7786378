//! Times as the contract writes them.

use domain::time::Timestamp;

const DAY_S: i64 = 86_400;
/// Offset of the vendor's home, Taipei.
const HOME_S: i64 = 8 * 3_600;

fn utc(at_s: i64) -> String {
    Timestamp::from_millis(at_s.saturating_mul(1000)).to_string()
}

/// As `2022-04-07T16:27:41+00:00`.
pub(crate) fn iso(at_s: i64) -> String {
    utc(at_s).replace('Z', "+00:00")
}

/// As `2021-03-28 09:08:27`, in UTC.
pub(crate) fn spaced(at_s: i64) -> String {
    utc(at_s).replace('T', " ").replace('Z', "")
}

/// Reads a date, or a date and time with or without its offset (UTC then), as Unix seconds.
///
/// A blank where the offset begins is the `+` of a query that was not encoded.
pub(crate) fn read(text: &str) -> Option<i64> {
    let mut text = text.trim().to_owned();
    let stands = |text: &str, at: usize| text.as_bytes().get(at) == Some(&b' ');
    if stands(&text, 10) {
        text.replace_range(10..=10, "T");
    }
    if stands(&text, 19) {
        text.replace_range(19..=19, "+");
    }
    let full = match text.len() {
        10 => format!("{text}T00:00:00Z"),
        19 => format!("{text}Z"),
        _ => text,
    };
    full.parse::<Timestamp>().ok().map(Timestamp::seconds)
}

/// The start of the day in Taipei: when orders may be reconciled that name no time.
pub(crate) fn start_of_day(at_s: i64) -> i64 {
    (at_s + HOME_S).div_euclid(DAY_S) * DAY_S - HOME_S
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_every_documented_spelling() {
        let at_s = 1_649_348_861;
        for text in [
            "2022-04-07T16:27:41+00:00",
            "2022-04-07T16:27:41Z",
            "2022-04-07T16:27:41",
            "2022-04-07 16:27:41",
            "2022-04-08T00:27:41+08:00",
            "2022-04-08T00:27:41 08:00",
        ] {
            assert_eq!(read(text), Some(at_s), "{text}");
        }
        assert_eq!(read("1970-01-02"), Some(DAY_S));
        for text in ["", "soon", "2022-13-07", "2022-04-07T16", "+08:00"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn times_are_printed_as_the_samples_are() {
        assert_eq!(iso(1_649_348_861), "2022-04-07T16:27:41+00:00");
        assert_eq!(spaced(1_616_922_507), "2021-03-28 09:08:27");
        assert_eq!(
            iso(start_of_day(1_649_348_861)),
            "2022-04-07T16:00:00+00:00"
        );
    }
}
