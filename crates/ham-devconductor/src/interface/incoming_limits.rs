//! What the messages that reach a conductor take: bytes, time and turns.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::turns::{Shared, Turns};

/// The bounds of all connections of a conductor. A clone counts together with its original.
#[derive(Clone, Debug)]
pub(crate) struct IncomingLimits {
    room: Arc<Semaphore>,
    most: u64,
    time: Duration,
    turns: Shared,
}

/// The bytes that one incomplete message has reserved.
#[derive(Debug, Default)]
pub(super) struct Reservation(Option<OwnedSemaphorePermit>);

/// Why a connection is closed in the middle of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The messages that are arriving have too many bytes together.
    Room { most: u64 },
    /// The message did not arrive in time.
    Time { after: Duration },
}

/// Names the bound, its value, and the flag that sets it. It must fit into a close frame: 123 bytes.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Room { most } => {
                write!(
                    f,
                    "the incomplete messages of all clients reached a limit: {most} bytes (--max-incoming-bytes)"
                )
            }
            Self::Time { after } => {
                write!(f, "a message was not complete in time: {after:?} (--max-message-time)")
            }
        }
    }
}

impl IncomingLimits {
    pub(crate) fn new(most: u64, time: Duration) -> Self {
        let units = usize::try_from(most / UNIT).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS);
        Self { room: Arc::new(Semaphore::new(units)), most, time, turns: Shared::default() }
    }

    /// How long a message may take.
    pub(super) fn time(&self) -> Duration {
        self.time
    }

    /// The turns of a new connection.
    pub(super) fn turns(&self) -> Turns {
        Turns::new(&self.turns)
    }

    /// Grows the reservation of a message to what has come of it. Small messages need none: the number of connections is limited.
    ///
    /// # Errors
    /// The other messages leave no room.
    pub(super) fn grow(&self, reservation: &mut Reservation, message: u64) -> Result<(), Refusal> {
        let units = usize::try_from(message.saturating_sub(FREE).div_ceil(UNIT)).unwrap_or(usize::MAX);
        let more = units.saturating_sub(reservation.0.as_ref().map_or(0, OwnedSemaphorePermit::num_permits));
        if more == 0 {
            return Ok(());
        }
        let refusal = Refusal::Room { most: self.most };
        let more = u32::try_from(more).map_err(|_| refusal)?;
        let more = Arc::clone(&self.room).try_acquire_many_owned(more).map_err(|_| refusal)?;
        match &mut reservation.0 {
            Some(held) => held.merge(more),
            none => *none = Some(more),
        }
        Ok(())
    }
}

/// What room is counted in, in bytes.
const UNIT: u64 = 1 << 10;
/// Bytes of a message that need no room.
const FREE: u64 = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_share_what_there_is_and_small_ones_need_nothing() {
        let limits = IncomingLimits::new(1 << 20, Duration::ZERO);
        let (mut first, mut second, mut small) =
            (Reservation::default(), Reservation::default(), Reservation::default());
        limits.grow(&mut first, FREE + (700 << 10)).unwrap();
        limits.grow(&mut first, FREE + (800 << 10)).unwrap();
        assert_eq!(limits.grow(&mut second, FREE + (225 << 10)), Err(Refusal::Room { most: 1 << 20 }));
        limits.grow(&mut second, FREE + (224 << 10)).unwrap();
        limits.grow(&mut small, FREE).unwrap();
        drop(first);
        limits.grow(&mut small, FREE + (800 << 10)).unwrap();
    }

    #[test]
    fn the_longest_words_fit_into_a_close_frame() {
        for refusal in
            [Refusal::Room { most: u64::MAX }, Refusal::Time { after: Duration::from_nanos(u64::MAX) }]
        {
            assert!(refusal.to_string().len() <= 123, "{refusal}");
        }
    }
}
