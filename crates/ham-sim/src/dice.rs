//! Random numbers of one seed, in streams that do not disturb each other.

use std::time::Duration;

/// The random numbers of one life.
///
/// Everything that draws (a socket, a call, a clock) has a stream of its own, keyed by its kind and number. So removing one element
/// from a life leaves the numbers of all others unchanged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dice {
    seed: u64,
}

impl Dice {
    /// The dice of a seed.
    #[must_use]
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// The stream of the `count`-th thing of a kind; always the same one, however often it is requested.
    #[must_use]
    pub(crate) fn stream(&self, kind: &str, count: u64) -> Stream {
        let mut key = mixed(self.seed ^ 0x6a09_e667_f3bc_c908);
        for byte in kind.bytes() {
            key = mixed(key ^ u64::from(byte));
        }
        Stream { state: mixed(key ^ mixed(count)) }
    }
}

/// A sequence of random numbers.
#[derive(Clone, Debug)]
pub(crate) struct Stream {
    state: u64,
}

impl Stream {
    /// 64 random bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed(self.state)
    }

    /// A number below `bound`; 0 if that is 0.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        let wide = u128::from(self.bits()) * u128::from(bound);
        (wide >> 64) as u64
    }

    /// A number from `low` to `high`, inclusive; `low` if `high` is less.
    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        low.saturating_add(self.below(high.saturating_sub(low).saturating_add(1)))
    }

    /// True in `percent` of 100 cases.
    pub(crate) fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// True in one of `times` cases.
    pub(crate) fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    /// One of these, all equally likely.
    pub(crate) fn pick<T: Clone, const N: usize>(&mut self, of: &[T; N]) -> T {
        const { assert!(N > 0, "nothing to pick from") };
        of[self.index(N)].clone()
    }

    /// An index below `length`; 0 if that is 0.
    pub(crate) fn index(&mut self, length: usize) -> usize {
        self.below(length as u64) as usize
    }

    /// The index of a weight, chosen with a probability proportional to that weight; 0 if all are 0.
    pub(crate) fn weighted(&mut self, weights: &[u32]) -> usize {
        let mut left = self.below(weights.iter().map(|weight| u64::from(*weight)).sum());
        for (index, weight) in weights.iter().enumerate() {
            match left.checked_sub(u64::from(*weight)) {
                Some(less) => left = less,
                None => return index,
            }
        }
        0
    }

    /// Whole milliseconds from `low` to `high`, inclusive: tokio's clock is no finer.
    pub(crate) fn millis(&mut self, low: u64, high: u64) -> Duration {
        Duration::from_millis(self.between(low, high))
    }

    /// Whole milliseconds up to `high`, with each order of magnitude equally likely, and one in eight at 0.
    pub(crate) fn skewed_millis(&mut self, high: u64) -> Duration {
        if self.one_in(8) {
            return Duration::ZERO;
        }
        let magnitudes = u64::from(64 - high.leading_zeros());
        let bound = 1_u64.checked_shl(self.below(magnitudes) as u32 + 1).unwrap_or(u64::MAX);
        self.millis(0, bound.min(high))
    }
}

/// The finaliser of SplitMix64: every bit of the input affects half of the output's.
pub(crate) fn mixed(bits: u64) -> u64 {
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_the_same_however_often_it_is_asked_for_and_no_other_one() {
        let dice = Dice::new(7);
        let first = |kind, count| dice.stream(kind, count).bits();
        assert_eq!(first("call", 3), first("call", 3));
        assert_ne!(first("call", 3), first("call", 4));
        assert_ne!(first("call", 3), first("link", 3));
        assert_ne!(first("call", 3), Dice::new(8).stream("call", 3).bits());
    }

    #[test]
    fn numbers_stay_in_their_bounds_and_reach_them() {
        let mut stream = Dice::new(1).stream("bounds", 0);
        let drawn: Vec<u64> = (0..1_000).map(|_| stream.between(3, 7)).collect();
        assert_eq!((drawn.iter().min(), drawn.iter().max()), (Some(&3), Some(&7)));
        assert_eq!((stream.below(0), stream.between(9, 2), stream.index(0)), (0, 9, 0));
        assert!((0..1_000).all(|_| stream.skewed_millis(5_000) <= Duration::from_secs(5)));
    }

    #[test]
    fn weights_are_followed() {
        let mut stream = Dice::new(1).stream("weights", 0);
        let mut counts = [0_u32; 3];
        for _ in 0..4_000 {
            counts[stream.weighted(&[1, 0, 3])] += 1;
        }
        assert!(counts[1] == 0 && (800..1_200).contains(&counts[0]), "{counts:?}");
        assert_eq!(stream.weighted(&[0, 0]), 0);
    }
}
