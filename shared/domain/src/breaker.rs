//! The circuit breaker of a route: what it counts of the calls to a provider, and when it trips.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{answer::Answer, resolution::Asked, time::Timestamp};

/// What is asked of a provider. Each operation is counted apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Create,
    Process,
    Read,
}

impl Operation {
    pub const ALL: [Self; 3] = [Self::Create, Self::Process, Self::Read];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Process => "process",
            Self::Read => "read",
        }
    }
}

impl From<Asked> for Operation {
    fn from(asked: Asked) -> Self {
        match asked {
            Asked::Create => Self::Create,
            Asked::Process => Self::Process,
            Asked::Read => Self::Read,
        }
    }
}

/// How far back a window looks.
pub const SPAN: Duration = Duration::from_secs(30);
/// Fewer calls of an operation prove nothing.
pub const CALLS_MIN: u32 = 20;
const SLOT_MS: i64 = 5_000;
/// Slots of a window, the present one included.
const SLOTS: i64 = 6;

/// Whether a call told nothing: the provider could not be reached, or what it said proves nothing.
pub const fn is_unclear(answer: &Answer) -> bool {
    match answer {
        Answer::NotSent { .. } | Answer::Unclear { .. } => true,
        Answer::Exists { .. }
        | Answer::Absent
        | Answer::Taken
        | Answer::Refused { .. }
        | Answer::Doubted { .. } => false,
    }
}

/// Calls of one operation, and how many of them ended unclear.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(u32, u32)", into = "(u32, u32)")]
pub struct Count {
    pub calls: u32,
    pub unclear: u32,
}

impl From<(u32, u32)> for Count {
    fn from((calls, unclear): (u32, u32)) -> Self {
        Self { calls, unclear }
    }
}

impl From<Count> for (u32, u32) {
    fn from(count: Count) -> Self {
        (count.calls, count.unclear)
    }
}

impl Count {
    const fn plus(self, more: Self) -> Self {
        Self {
            calls: self.calls.saturating_add(more.calls),
            unclear: self.unclear.saturating_add(more.unclear),
        }
    }

    /// Enough calls, and half of them or more unclear.
    pub(crate) const fn trips(self) -> bool {
        self.calls >= CALLS_MIN && self.unclear >= self.calls.div_ceil(2)
    }
}

/// The calls of five seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Slot {
    /// Which five seconds, counted since 1970: the same for every instance.
    #[serde(rename = "n")]
    number: i64,
    #[serde(rename = "c")]
    create: Count,
    #[serde(rename = "p")]
    process: Count,
    #[serde(rename = "r")]
    read: Count,
}

impl Slot {
    const fn empty(number: i64) -> Self {
        let none = Count {
            calls: 0,
            unclear: 0,
        };
        Self {
            number,
            create: none,
            process: none,
            read: none,
        }
    }

    const fn count(&self, operation: Operation) -> Count {
        match operation {
            Operation::Create => self.create,
            Operation::Process => self.process,
            Operation::Read => self.read,
        }
    }

    const fn count_mut(&mut self, operation: Operation) -> &mut Count {
        match operation {
            Operation::Create => &mut self.create,
            Operation::Process => &mut self.process,
            Operation::Read => &mut self.read,
        }
    }
}

/// The calls of the last 30 s, in slots of 5 s that roll. Windows of several instances add up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Each number once, in no order that matters.
    slots: Vec<Slot>,
}

impl Window {
    pub const EMPTY: Self = Self { slots: Vec::new() };

    pub const fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// One more call, ended at `now`.
    #[must_use]
    pub fn noted(&self, (operation, unclear): (Operation, bool), now: Timestamp) -> Self {
        let mut slot = Slot::empty(slot_at(now));
        *slot.count_mut(operation) = Count {
            calls: 1,
            unclear: u32::from(unclear),
        };
        self.plus(&Self { slots: vec![slot] }, now)
    }

    /// The calls of both, as far as they are of the window that ends at `now`.
    #[must_use]
    pub fn plus(&self, more: &Self, now: Timestamp) -> Self {
        let mut sum = self.recent(now);
        for slot in more.recent(now).slots {
            match sum.slots.iter_mut().find(|it| it.number == slot.number) {
                Some(found) => {
                    for operation in Operation::ALL {
                        let count = found.count_mut(operation);
                        *count = count.plus(slot.count(operation));
                    }
                }
                None => sum.slots.push(slot),
            }
        }
        sum
    }

    /// Without what has rolled out of the window that ends at `now`.
    #[must_use]
    pub fn recent(&self, now: Timestamp) -> Self {
        let oldest = slot_at(now) - SLOTS;
        let is_recent = |slot: &&Slot| slot.number > oldest;
        Self {
            slots: self.slots.iter().filter(is_recent).copied().collect(),
        }
    }

    /// The calls of an operation within the window that ends at `now`.
    pub fn count(&self, operation: Operation, now: Timestamp) -> Count {
        let recent = self.recent(now);
        let counts = recent.slots.iter().map(|slot| slot.count(operation));
        counts.fold(Count::default(), Count::plus)
    }

    /// Whether any call within the window ended unclear.
    pub fn has_unclear(&self, now: Timestamp) -> bool {
        Operation::ALL
            .into_iter()
            .any(|it| self.count(it, now).unclear > 0)
    }

    /// Whether the route has to be stopped: half or more of at least 20 calls of one operation told nothing.
    pub fn trips(&self, now: Timestamp) -> bool {
        Operation::ALL
            .into_iter()
            .any(|it| self.count(it, now).trips())
    }
}

const fn slot_at(now: Timestamp) -> i64 {
    now.millis().div_euclid(SLOT_MS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::Refusal;

    const fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1_000)
    }

    /// A window with that many clear and unclear calls of an operation at `now`.
    fn window(operation: Operation, (clear, unclear): (u32, u32), now: Timestamp) -> Window {
        let mut window = Window::EMPTY;
        for _ in 0..clear {
            window = window.noted((operation, false), now);
        }
        for _ in 0..unclear {
            window = window.noted((operation, true), now);
        }
        window
    }

    #[test]
    fn nineteen_calls_prove_nothing_and_twenty_do() {
        for operation in Operation::ALL {
            assert!(!window(operation, (0, 19), at(7)).trips(at(7)));
            assert!(window(operation, (0, 20), at(7)).trips(at(7)));
        }
    }

    #[test]
    fn exactly_half_trips_and_one_less_does_not() {
        let trips =
            |clear, unclear| window(Operation::Create, (clear, unclear), at(7)).trips(at(7));
        assert!(trips(10, 10));
        assert!(!trips(11, 9));
        assert!(trips(11, 11));
        assert!(trips(10, 11));
        assert!(!trips(11, 10), "ten of twenty-one are less than half");
    }

    #[test]
    fn operations_are_counted_apart() {
        let both = window(Operation::Create, (0, 19), at(7));
        let both = both.plus(&window(Operation::Read, (0, 19), at(7)), at(7));
        assert!(!both.trips(at(7)));
        let clear = both.plus(&window(Operation::Read, (30, 0), at(7)), at(7));
        assert!(clear.noted((Operation::Create, true), at(7)).trips(at(7)));
    }

    #[test]
    fn calls_roll_out_of_the_window_after_thirty_seconds() {
        let early = window(Operation::Create, (0, 10), at(0));
        let late = window(Operation::Create, (0, 10), at(29));
        assert!(early.plus(&late, at(29)).trips(at(29)));
        assert!(!early.plus(&late, at(30)).trips(at(30)));
        assert_eq!(early.count(Operation::Create, at(29)).calls, 10);
        assert_eq!(early.count(Operation::Create, at(30)).calls, 0);
        assert!(early.recent(at(30)).is_empty());
    }

    #[test]
    fn a_window_never_holds_more_than_its_slots() {
        let mut window = Window::EMPTY;
        for second in 0..3_600 {
            window = window.noted((Operation::Read, true), at(second));
        }
        assert!(i64::try_from(window.slots.len()).expect("few") <= SLOTS);
        let count = window.count(Operation::Read, at(3_599));
        assert_eq!((count.calls, count.unclear), (30, 30));
    }

    #[test]
    fn windows_of_several_instances_add_up() {
        let sum = (0..4).fold(Window::EMPTY, |sum, instance| {
            sum.plus(&window(Operation::Process, (2, 3), at(instance)), at(3))
        });
        let count = sum.count(Operation::Process, at(3));
        assert_eq!((count.calls, count.unclear), (20, 12));
        assert!(sum.trips(at(3)));
    }

    #[test]
    fn what_could_not_be_sent_or_understood_is_unclear_and_a_refusal_is_not() {
        let cause = || "timeout".to_owned();
        assert!(is_unclear(&Answer::Unclear { cause: cause() }));
        assert!(is_unclear(&Answer::NotSent { cause: cause() }));
        assert!(!is_unclear(&Answer::Absent));
        for by in [Refusal::Credentials, Refusal::Integration, Refusal::Input] {
            let reason = String::new();
            assert!(!is_unclear(&Answer::Refused { by, reason }));
        }
    }
}
