//! Buckets under several instances with clocks of their own, at any pace.

use proptest::prelude::*;

use super::*;

const START_MS: i64 = 1_769_860_800_000;

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(START_MS + millis)
}

/// One instance: its tap, and how far its clock is off.
struct Instance {
    tap: Option<Tap>,
    off_ms: i64,
}

/// The table, instances that share it, and what they granted.
struct World {
    limit: RateLimit,
    stored: Option<Bucket>,
    instances: Vec<Instance>,
    granted_at: Vec<i64>,
    writes: usize,
}

impl World {
    fn new(limit: RateLimit, clocks: &[i64]) -> Self {
        let instance = |off_ms: &i64| Instance {
            tap: None,
            off_ms: *off_ms,
        };
        Self {
            limit,
            stored: None,
            instances: clocks.iter().map(instance).collect(),
            granted_at: Vec::new(),
            writes: 0,
        }
    }

    /// One request to one instance at a true time; whether it was granted. As the limiter does it: draw,
    /// else lease on condition of the version, and with what stands there when somebody was faster.
    fn request(&mut self, index: usize, millis: i64) -> bool {
        let instance = &mut self.instances[index];
        let now = at(millis + instance.off_ms);
        let fresh = || {
            let full = || Bucket::full("k1".to_owned(), self.limit, now);
            self.stored.clone().unwrap_or_else(full)
        };
        let tap = instance.tap.get_or_insert_with(|| Tap::new(fresh()));
        for _ in 0..2 {
            if tap.draw(now) {
                self.granted_at.push(millis);
                return true;
            }
            let Ok(wanted) = tap.ask(self.limit, now) else {
                return false;
            };
            self.writes += 1;
            let stored = self.stored.as_ref().map_or(0, |it| it.version);
            if stored == tap.version() {
                self.stored = Some(wanted.bucket.clone());
                tap.leased(wanted);
            } else {
                tap.overtaken(self.stored.clone().expect("somebody was faster"));
            }
        }
        let granted = tap.draw(now);
        if granted {
            self.granted_at.push(millis);
        }
        granted
    }

    /// The answer to a write was lost: the instance knows nothing any more.
    fn forget(&mut self, index: usize) {
        self.instances[index].tap = None;
    }

    /// The first span of time in which more was granted than promised.
    fn broken_span(&self, apart_ms: i64) -> Option<(i64, i64, usize)> {
        let per_ms = i64::from(self.limit.per_minute);
        for (first, from) in self.granted_at.iter().enumerate() {
            for (last, to) in self.granted_at.iter().enumerate().skip(first) {
                let granted = last - first + 1;
                let refilled = (to - from + apart_ms) * per_ms;
                let promised = i64::from(self.limit.burst) * 60_000 + refilled;
                if i64::try_from(granted).expect("few") * 60_000 > promised {
                    return Some((*from, *to, granted));
                }
            }
        }
        None
    }
}

/// Pauses between requests: mostly none, sometimes longer than a slot.
fn pause() -> impl Strategy<Value = i64> {
    prop_oneof![
        8 => 0_i64..5,
        4 => 0_i64..1_000,
        2 => 1_000_i64..13_000,
        1 => 9_900_i64..10_100,
        1 => 11_900_i64..24_100,
    ]
}

fn limit() -> impl Strategy<Value = RateLimit> {
    prop_oneof![
        Just(RateLimit::STANDARD),
        (1_u32..2_000, 1_u32..60).prop_map(|(per_minute, burst)| RateLimit { per_minute, burst }),
    ]
}

/// Instance, pause before, how many requests at once, and whether the instance then forgets.
fn steps() -> impl Strategy<Value = Vec<(usize, i64, usize, bool)>> {
    let step = (0_usize..4, pause(), 1_usize..40, prop::bool::weighted(0.05));
    prop::collection::vec(step, 1..60)
}

fn played(world: &mut World, steps: Vec<(usize, i64, usize, bool)>) {
    let mut millis = 0;
    for (index, pause, requests, forgets) in steps {
        millis += pause;
        for _ in 0..requests {
            world.request(index, millis);
        }
        if forgets {
            world.forget(index);
        }
    }
}

proptest! {
    #[test]
    fn no_span_of_time_sees_more_than_the_burst_and_its_refill(limit in limit(), steps in steps()) {
        let mut world = World::new(limit, &[0; 4]);
        played(&mut world, steps);
        prop_assert_eq!(world.broken_span(0), None);
    }

    #[test]
    fn clocks_that_differ_add_no_more_than_the_refill_of_their_difference(
        limit in limit(),
        clocks in prop::array::uniform4(-1_000_i64..=1_000),
        steps in steps(),
    ) {
        let mut world = World::new(limit, &clocks);
        played(&mut world, steps);
        prop_assert_eq!(world.broken_span(2_000), None);
    }

    #[test]
    fn a_single_client_at_half_the_rate_is_never_refused(
        per_minute in 1_u32..3_000,
        burst in 1_u32..300,
        start in 0_i64..30_000,
    ) {
        let limit = RateLimit { per_minute, burst };
        let mut world = World::new(limit, &[0]);
        let gap = (2 * 60_000_i64).div_euclid(i64::from(per_minute)) + 1;
        for number in 0..400 {
            prop_assert!(world.request(0, start + number * gap), "request {}", number);
        }
    }

    #[test]
    fn a_refusal_names_a_moment_at_which_the_instance_is_served(limit in limit(), steps in steps()) {
        let mut world = World::new(limit, &[0]);
        let mut millis = 0;
        for (_, pause, requests, _) in steps {
            millis += pause;
            for _ in 0..requests {
                world.request(0, millis);
            }
        }
        while world.request(0, millis) {}
        let tap = world.instances[0].tap.clone().expect("it asked");
        let until = tap.ask(limit, at(millis)).expect_err("empty");
        let until = until.millis() - START_MS;
        prop_assert!(until > millis);
        prop_assert!(!world.request(0, until - 1));
        prop_assert!(world.request(0, until));
    }
}

#[test]
fn a_burst_at_one_moment_is_granted_whole_with_few_writes() {
    let mut world = World::new(RateLimit::STANDARD, &[0]);
    let granted = (0..1_000).filter(|_| world.request(0, 0)).count();
    assert_eq!((granted, world.writes), (200, 36));
}

#[test]
fn a_key_with_room_is_written_once_for_twenty_requests() {
    let limit = RateLimit {
        per_minute: 6_000_000,
        burst: 6_000_000,
    };
    let mut world = World::new(limit, &[0]);
    for _ in 0..2_000 {
        assert!(world.request(0, 0));
    }
    assert_eq!(world.writes, 100);
}

#[test]
fn after_a_burst_the_refill_goes_on_at_once() {
    let mut world = World::new(RateLimit::STANDARD, &[0]);
    while world.request(0, 0) {}
    assert!(!world.request(0, 599));
    assert!(world.request(0, 600));
    assert!(!world.request(0, 601));
}

#[test]
fn an_unspent_lease_is_lost_when_it_ends() {
    let limit = RateLimit {
        per_minute: 1,
        burst: 160,
    };
    let mut world = World::new(limit, &[0]);
    assert!(world.request(0, 0));
    let left = |world: &World, millis| {
        let tap = world.instances[0].tap.as_ref().expect("asked");
        tap.standing(limit, at(millis)).remaining
    };
    assert_eq!(left(&world, 9_999), 159);
    assert_eq!(left(&world, 10_000), 140);
}

#[test]
fn leases_of_others_that_fill_the_burst_keep_it_empty_until_their_slots_have_passed() {
    let limit = RateLimit {
        per_minute: 60_000,
        burst: 8,
    };
    let leased = Bucket {
        level: 0,
        leased: 8,
        ..Bucket::full("k1".to_owned(), limit, at(0))
    };
    let until = Tap::new(leased).ask(limit, at(100)).expect_err("empty");
    let passed = start_of(slot(at(0)) + 2);
    assert_eq!(until, passed.plus(Duration::from_millis(1)));
}

#[test]
fn a_standing_says_what_is_left_and_when_all_is_back() {
    let limit = RateLimit::STANDARD;
    let mut world = World::new(limit, &[0]);
    assert!(world.request(0, 0));
    let tap = world.instances[0].tap.clone().expect("asked");
    let standing = tap.standing(limit, at(0));
    assert_eq!(standing.remaining, 199);
    // 20 tokens were leased: 12 s at 100 a minute.
    assert_eq!(standing.full_at, at(12_000));
}
