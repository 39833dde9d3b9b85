//! What to break, and where.

use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// Overrides the seed of every [`SeededFaults`] made with [`Faults::seeded`]: set it to the printed number to repeat a run.
pub const CHAOS_SEED_VARIABLE: &str = "HAM_CHAOS_SEED";

/// Which way a frame travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the server to the client: answers and pushed messages.
    ToClient,
    /// From the client to the server: requests.
    ToServer,
}

/// Where in a frame the fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Boundary {
    /// The whole frame was passed on, nothing of the next.
    After,
    /// Nothing of the frame was passed on.
    Before,
    /// Half of the frame's bytes (at least one, never all) were passed on.
    Inside,
}

/// What happens there.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// Both sockets are closed; what was passed on before still arrives.
    Cut,
    /// This direction stops for the given time, then goes on.
    Delay(Duration),
    /// These bytes are inserted into the stream, then it goes on.
    Garbage(Bytes),
    /// Nothing is passed on any more, either way, and both sockets stay open until the proxy cuts or stops.
    HalfOpen,
    /// Both sockets are closed with a reset (`RST`).
    Reset,
    /// From here on, this direction passes at most `bytes` at a time, with a pause of `every` after each portion.
    Throttle {
        /// Bytes passed at a time; zero counts as one.
        bytes: usize,
        /// The pause after each portion.
        every: Duration,
    },
}

/// One fault: an [`Action`] at an exact place of one connection, or of every connection. It strikes once per connection.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fault {
    /// Number of the connection, counted from 0 in the order accepted; `None` means every connection.
    pub connection: Option<u64>,
    /// Whose frames are counted.
    pub direction: Direction,
    /// Number of the data frame in that direction, counted from 0.
    pub frame: u64,
    /// Where in that frame.
    pub boundary: Boundary,
    /// What happens.
    pub action: Action,
}

impl Fault {
    /// A fault of the `connection`-th connection.
    #[must_use]
    pub fn on(connection: u64, direction: Direction, frame: u64, boundary: Boundary, action: Action) -> Self {
        Self { connection: Some(connection), direction, frame, boundary, action }
    }

    /// A fault of every connection.
    #[must_use]
    pub fn on_every(direction: Direction, frame: u64, boundary: Boundary, action: Action) -> Self {
        Self { connection: None, direction, frame, boundary, action }
    }
}

/// Where a proxy takes its faults from.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Faults {
    /// A fixed list.
    Script(Vec<Fault>),
    /// Drawn from a seed.
    Seeded(SeededFaults),
}

impl Faults {
    /// Faults drawn from `seed`, or from [`CHAOS_SEED_VARIABLE`] if that is set. The proxy prints the seed when it starts.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        let seed = std::env::var(CHAOS_SEED_VARIABLE).ok().and_then(|text| text.parse().ok()).unwrap_or(seed);
        Self::Seeded(SeededFaults::new(seed))
    }

    /// The seed, if there is one.
    #[must_use]
    pub fn seed(&self) -> Option<u64> {
        match self {
            Self::Script(_) => None,
            Self::Seeded(seeded) => Some(seeded.seed),
        }
    }

    /// The faults of one connection.
    pub(crate) fn plan(&self, connection: u64) -> Vec<Fault> {
        match self {
            Self::Script(faults) => faults
                .iter()
                .filter(|fault| fault.connection.is_none_or(|number| number == connection))
                .cloned()
                .collect(),
            Self::Seeded(seeded) => vec![seeded.fault(connection)],
        }
    }
}

impl<const N: usize> From<[Fault; N]> for Faults {
    fn from(faults: [Fault; N]) -> Self {
        Self::Script(faults.into())
    }
}

impl From<Vec<Fault>> for Faults {
    fn from(faults: Vec<Fault>) -> Self {
        Self::Script(faults)
    }
}

impl From<SeededFaults> for Faults {
    fn from(seeded: SeededFaults) -> Self {
        Self::Seeded(seeded)
    }
}

/// One fault per connection, drawn from a seed: the same seed gives the same fault to the same connection, whatever the timing.
///
/// # Defaults
/// Frames 0 to 7, and the actions cut, reset, half-open, garbage (16 random bytes) and a delay of 20 ms, all equally likely.
#[derive(Debug, Clone)]
pub struct SeededFaults {
    seed: u64,
    frames: Range<u64>,
    actions: Option<Vec<Action>>,
}

impl SeededFaults {
    /// The defaults with this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed, frames: 0..8, actions: None }
    }

    /// Draws the frame from this range instead; an empty range counts as its start alone.
    #[must_use]
    pub fn with_frames(mut self, frames: Range<u64>) -> Self {
        self.frames = frames;
        self
    }

    /// Draws the action from this list instead; an empty list restores the default.
    #[must_use]
    pub fn with_actions(mut self, actions: Vec<Action>) -> Self {
        self.actions = Some(actions).filter(|actions| !actions.is_empty());
        self
    }

    /// The fault of the `connection`-th connection: a pure function of the seed and the number.
    #[must_use]
    pub fn fault(&self, connection: u64) -> Fault {
        // An odd multiplier keeps neighbouring connections of neighbouring seeds apart.
        let mut rng = StdRng::seed_from_u64(self.seed ^ connection.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let direction = if rng.random() { Direction::ToServer } else { Direction::ToClient };
        let boundary = match rng.random_range(0..3) {
            0 => Boundary::Before,
            1 => Boundary::Inside,
            _ => Boundary::After,
        };
        let last = self.frames.end.max(self.frames.start + 1);
        let frame = rng.random_range(self.frames.start..last);
        Fault { connection: Some(connection), direction, frame, boundary, action: self.action(&mut rng) }
    }

    fn action(&self, rng: &mut StdRng) -> Action {
        if let Some(actions) = &self.actions {
            return actions[rng.random_range(0..actions.len())].clone();
        }
        match rng.random_range(0..5) {
            0 => Action::Cut,
            1 => Action::Reset,
            2 => Action::HalfOpen,
            3 => Action::Garbage(Bytes::copy_from_slice(&rng.random::<[u8; 16]>())),
            _ => Action::Delay(Duration::from_millis(20)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_faults() {
        let (one, two) = (SeededFaults::new(7), SeededFaults::new(7));
        let draw = |faults: &SeededFaults| (0..50).map(|number| faults.fault(number)).collect::<Vec<_>>();
        assert_eq!(draw(&one), draw(&two));
        assert_ne!(draw(&one), draw(&SeededFaults::new(8)));
    }

    #[test]
    fn ranges_and_actions_are_respected() {
        let faults = SeededFaults::new(1).with_frames(3..3).with_actions(vec![Action::Reset]);
        assert!(
            (0..50).map(|number| faults.fault(number)).all(|f| f.frame == 3 && f.action == Action::Reset)
        );
    }

    #[test]
    fn a_script_is_filtered_by_connection() {
        let every = Fault::on_every(Direction::ToClient, 0, Boundary::After, Action::Cut);
        let second = Fault::on(1, Direction::ToServer, 0, Boundary::Before, Action::Reset);
        let faults = Faults::from([every.clone(), second.clone()]);
        assert_eq!(faults.plan(0), std::slice::from_ref(&every));
        assert_eq!(faults.plan(1), [every, second]);
    }
}
