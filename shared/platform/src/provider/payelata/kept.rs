//! What was learned a while ago: a few answers by key, each for a limited time.

use std::time::Duration;

use domain::time::Timestamp;

/// How long an answer is used.
pub(super) const KEPT: Duration = Duration::from_mins(10);
/// How long a question that failed is not asked again: a provider that is down would make everybody wait.
pub(super) const FAILED: Duration = Duration::from_secs(30);
/// The most answers that are kept.
const COUNT_MAX: usize = 16;

#[derive(Debug)]
pub(super) struct Kept<K, V> {
    slots: Vec<Slot<K, V>>,
}

#[derive(Debug)]
struct Slot<K, V> {
    key: K,
    from: Timestamp,
    until: Timestamp,
    value: V,
}

impl<K, V> Default for Kept<K, V> {
    fn default() -> Self {
        Self { slots: Vec::new() }
    }
}

impl<K: PartialEq, T: Clone, E: Clone> Kept<K, Result<T, E>> {
    /// The answer, unless it is too old, or from a later time than `now`.
    pub(super) fn get(&self, key: &K, now: Timestamp) -> Option<Result<T, E>> {
        let slot = self.slots.iter().find(|slot| slot.key == *key)?;
        let holds = (slot.from..slot.until).contains(&now);
        holds.then(|| slot.value.clone())
    }

    /// Keeps an answer. The one that would be too old first makes room.
    pub(super) fn keep(&mut self, key: K, now: Timestamp, value: Result<T, E>) {
        self.slots.retain(|slot| slot.key != key);
        if self.slots.len() >= COUNT_MAX {
            let oldest = self.slots.iter().enumerate();
            if let Some((at, _)) = oldest.min_by_key(|(_, slot)| slot.until) {
                self.slots.swap_remove(at);
            }
        }
        let span = if value.is_ok() { KEPT } else { FAILED };
        self.slots.push(Slot {
            key,
            from: now,
            until: now.plus(span),
            value,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(1_000_000).plus(Duration::from_secs(seconds))
    }

    #[test]
    fn an_answer_is_kept_ten_minutes_and_a_failure_half_a_minute() {
        let mut kept: Kept<&str, Result<u8, u8>> = Kept::default();
        kept.keep("good", at(0), Ok(1));
        kept.keep("bad", at(0), Err(2));
        assert_eq!(kept.get(&"good", at(599)), Some(Ok(1)));
        assert_eq!(kept.get(&"good", at(600)), None);
        assert_eq!(kept.get(&"bad", at(29)), Some(Err(2)));
        assert_eq!(kept.get(&"bad", at(30)), None);
        assert_eq!(kept.get(&"other", at(0)), None);
    }

    #[test]
    fn an_answer_from_a_later_time_is_not_used() {
        let mut kept: Kept<&str, Result<u8, u8>> = Kept::default();
        kept.keep("good", at(10), Ok(1));
        assert_eq!(kept.get(&"good", at(9)), None);
    }

    #[test]
    fn a_newer_answer_takes_the_place_and_the_number_is_limited() {
        let mut kept: Kept<u64, Result<u64, u8>> = Kept::default();
        for key in 0..100 {
            kept.keep(key, at(key), Ok(key));
            kept.keep(key, at(key), Ok(key + 1));
        }
        assert_eq!(kept.slots.len(), COUNT_MAX);
        assert_eq!(kept.get(&99, at(99)), Some(Ok(100)));
        assert_eq!(kept.get(&83, at(99)), None);
    }
}
