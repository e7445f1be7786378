//! The control fields of the test service: how a test payout wishes to end.

use std::collections::BTreeMap;

use sha1::{Digest, Sha1};

use super::lifecycle::Ending;

/// Statuses of the contract, for the test service's wished status, which is spelled freely.
const STATUSES: [&str; 16] = [
    "created",
    "processing",
    "process_pending",
    "process_error",
    "processed",
    "partially_processed",
    "process_failed",
    "expired",
    "terminated",
    "canceling",
    "cancel_pending",
    "cancel_error",
    "canceled",
    "partially_canceled",
    "cancel_failed",
    "refunded",
];

/// Resolutions after which a payout may still succeed.
const SOFT: [&str; 5] = [
    "connection_error",
    "provider_internal_error",
    "connection_timeout_error",
    "general_error",
    "unknown",
];

/// How the payout ends by itself: the test service's control fields decide, everything else succeeds.
pub(crate) fn wished_ending(reference: &str, fields: &BTreeMap<&'static str, String>) -> Ending {
    let wished = |key: &str| fields.get(key).map(String::as_str);
    let resolution = wished("test_details_payout_resolution").map(|text| word(text, &SOFT));
    let mut ending = match (wished("test_details_payout_status"), &resolution) {
        (Some(status), _) => Ending::of(&word(status, &STATUSES)),
        (None, Some(resolution)) if SOFT.contains(&resolution.as_str()) => {
            Ending::of("process_error")
        }
        (None, Some(resolution)) if resolution != "ok" => Ending::of("process_failed"),
        _ => match wished("test_details_success_rate") {
            Some(rate) if !succeeds(reference, rate) => Ending::of("process_failed"),
            _ => Ending::of("processed"),
        },
    };
    if let Some(resolution) = resolution {
        ending.resolution = resolution;
    }
    ending
}

/// Always the same for the same reference, and true for `rate` per cent of all references.
fn succeeds(reference: &str, rate: &str) -> bool {
    let digest = Sha1::digest(reference);
    let draw = (u16::from(digest[0]) << 8 | u16::from(digest[1])) % 100;
    rate.parse::<u64>().is_ok_and(|rate| u64::from(draw) < rate)
}

/// The known word that `text` spells, hyphens, underscores, blanks and case aside, or `text` as such a word.
fn word(text: &str, known: &[&str]) -> String {
    let bare = |text: &str| -> String {
        let kept = text.chars().filter(|c| c.is_ascii_alphabetic());
        kept.map(|c| c.to_ascii_lowercase()).collect()
    };
    match known.iter().find(|word| bare(word) == bare(text)) {
        Some(word) => (*word).to_owned(),
        None => text
            .split(|c: char| !c.is_ascii_alphabetic())
            .filter(|part| !part.is_empty())
            .map(str::to_ascii_lowercase)
            .collect::<Vec<_>>()
            .join("_"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_may_be_spelled_with_hyphens_blanks_or_capitals() {
        for text in [
            "process_failed",
            "PROCESS-FAILED",
            "process failed",
            "ProcessFailed",
        ] {
            assert_eq!(word(text, &STATUSES), "process_failed", "{text}");
        }
        assert_eq!(word("Some new-Word", &STATUSES), "some_new_word");
    }

    #[test]
    fn a_resolution_alone_decides_whether_the_payout_fails_or_hangs() {
        let wish = |resolution: &str| {
            let fields =
                BTreeMap::from([("test_details_payout_resolution", resolution.to_owned())]);
            wished_ending("pay_1", &fields).status
        };
        assert_eq!(wish("ok"), "processed");
        assert_eq!(wish("invalid details"), "process_failed");
        assert_eq!(wish("connection-error"), "process_error");
    }

    #[test]
    fn the_success_rate_holds_over_many_references_and_is_the_same_each_time() {
        let paid = |n: u32| succeeds(&format!("pay_{n}"), "30");
        let count = (0..1000).filter(|n| paid(*n)).count();
        assert!((250..350).contains(&count), "{count}");
        assert!((0..100).all(|n| paid(n) == paid(n)));
    }
}
