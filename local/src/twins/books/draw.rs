//! Which calls of a share misbehave. No randomness: the same seed and the same call, counted from 1, always draw
//! the same, so a run can be repeated.

/// The number that one call drew.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Draw(u64);

impl Draw {
    /// What the call of this number draws.
    pub(crate) fn of(seed: u32, call: u64) -> Self {
        // SplitMix64: neighbouring calls and neighbouring seeds draw numbers that have nothing in common.
        const STEP: u64 = 0x9E37_79B9_7F4A_7C15;
        let mut mixed = (u64::from(seed) << 40)
            .wrapping_add(call)
            .wrapping_mul(STEP);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        Self(mixed ^ (mixed >> 31))
    }

    /// One of `choices` for `percent` of a hundred calls, none for the others.
    pub(crate) fn one_of<T>(self, percent: u32, choices: &[T]) -> Option<&T> {
        let count = u64::try_from(choices.len())
            .ok()
            .filter(|count| *count > 0)?;
        let is_drawn = self.0 % 100 < u64::from(percent);
        let place = usize::try_from(self.0 / 100 % count).ok()?;
        is_drawn.then(|| choices.get(place)).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(seed: u32, percent: u32) -> Vec<Option<char>> {
        let draw = |call| {
            Draw::of(seed, call)
                .one_of(percent, &['a', 'b', 'c', 'd'])
                .copied()
        };
        (1..=10_000).map(draw).collect()
    }

    #[test]
    fn the_same_seed_draws_the_same_calls_and_another_seed_draws_others() {
        assert_eq!(drawn(7, 20), drawn(7, 20));
        assert_ne!(drawn(7, 20), drawn(8, 20));
    }

    #[test]
    fn about_as_many_calls_are_drawn_as_the_share_says_and_each_choice_as_often() {
        for seed in 0..20 {
            let drawn = drawn(seed, 20);
            let of = |wanted: char| drawn.iter().filter(|it| **it == Some(wanted)).count();
            for choice in ['a', 'b', 'c', 'd'] {
                assert!(
                    (400..600).contains(&of(choice)),
                    "{seed} {choice}: {}",
                    of(choice)
                );
            }
        }
    }

    #[test]
    fn a_share_of_all_draws_every_call_and_no_choice_draws_none() {
        assert!(drawn(1, 100).iter().all(Option::is_some));
        assert_eq!(Draw::of(1, 1).one_of::<char>(100, &[]), None);
    }

    #[test]
    fn the_first_calls_of_a_share_are_no_exception() {
        let is_first = |seed: u32| Draw::of(seed, 1).one_of(20, &['a']).is_some();
        let first = (0..1_000).filter(|seed| is_first(*seed)).count();
        assert!((150..250).contains(&first), "{first}");
    }
}
