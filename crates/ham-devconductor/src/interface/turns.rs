//! Which requests begin next, if more have come than can be worked on at once.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What the connections of a conductor share. A clone belongs to the same conductor.
#[derive(Debug, Clone)]
pub(super) struct Shared(Arc<Semaphore>);

/// The turns of one connection: one is always its own, whatever the others request; the rest come from what all share, one connection
/// after the other. A clone belongs to the same connection.
#[derive(Debug, Clone)]
pub(super) struct Turns {
    own: Arc<Semaphore>,
    shared: Shared,
}

/// A request is worked on while this is held. It ends before the answer is written: a client that reads nothing keeps no turn.
#[derive(Debug)]
pub(super) struct Turn(#[expect(dead_code, reason = "held for its drop")] Option<OwnedSemaphorePermit>);

impl Default for Shared {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(SHARED)))
    }
}

impl Turns {
    pub(super) fn new(shared: &Shared) -> Self {
        Self { own: Arc::new(Semaphore::new(1)), shared: shared.clone() }
    }

    /// The next turn. A caller that stops waiting and asks again queues behind the other connections.
    pub(super) async fn next(&self) -> Turn {
        let turn = tokio::select! {
            biased;
            turn = Arc::clone(&self.own).acquire_owned() => turn,
            turn = Arc::clone(&self.shared.0).acquire_owned() => turn,
        };
        Turn(turn.ok())
    }
}

/// How many requests are worked on at a time in addition to one of each connection: as many as one client may have. A client never
/// waits longer for others than these and one of each take.
const SHARED: usize = 128;

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::FutureExt as _;

    use super::*;

    /// Case: a second client waited for 20 s behind 80 that each requested a thousand things and read nothing.
    #[tokio::test]
    async fn a_connection_has_a_turn_whatever_the_others_ask_for() {
        let shared = Shared(Arc::new(Semaphore::new(3)));
        let [greedy, another, third] = [(); 3].map(|()| Turns::new(&shared));
        let mut held: Vec<_> =
            std::iter::repeat_with(|| greedy.next().now_or_never()).map_while(|turn| turn).collect();
        assert_eq!(held.len(), 1 + 3);
        let first = another.next().now_or_never().expect("its own");
        assert!(another.next().now_or_never().is_none());
        // Of the turns that become free, each gets one in the order in which they asked; and its own as soon as that is free.
        let (mut again, mut other) = (pin!(greedy.next()), pin!(another.next()));
        assert!(again.as_mut().now_or_never().is_none() && other.as_mut().now_or_never().is_none());
        held.pop();
        assert!(other.as_mut().now_or_never().is_none());
        held.push(again.as_mut().now_or_never().expect("it asked first"));
        drop(first);
        other.as_mut().now_or_never().expect("its own is free");
        third.next().now_or_never().expect("its own");
    }
}
