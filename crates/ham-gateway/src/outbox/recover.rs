//! A start: the calls that were not settled continue.

use super::call::Call;
use super::events;
use super::following::Progress;
use super::machine::{Input, Step};
use super::shared::Shared;

/// Puts a worker on every call that was open when the previous process ended; the oldest first, so that lanes keep
/// their order.
pub(super) fn recover(shared: &Shared, open: Vec<Call>) {
    if !open.is_empty() {
        tracing::info!(event = events::RECOVERED, calls = open.len());
    }
    let now = shared.now();
    let mut registry = shared.registry.open();
    for mut call in open {
        let Some(step) = recovered(&mut call, now) else { continue };
        let id = call.id;
        shared.take_on(&mut registry, call, step, true);
        registry.tell(id, Progress::Open);
    }
}

/// The next step of a call that was read from the disk.
fn recovered(call: &mut Call, now: i64) -> Option<Step> {
    let over = (now >= call.deliver_until).then(|| call.record.step(Input::TimeOver)).flatten();
    // That settles a call that was waiting; other calls remember it.
    over.or_else(|| call.record.step(Input::Recovered))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::outbox::machine::{Action, Commit};
    use crate::outbox::testing::call;

    /// When the delivery deadline of these is over.
    const OVER: i64 = 2;

    #[test]
    fn what_waited_goes_on_or_is_over() {
        let mut waiting = call("a");
        let step = recovered(&mut waiting, OVER - 1).unwrap();
        assert_eq!(step, Step { commit: None, action: Action::WaitForTurn(Duration::ZERO) });
        let step = recovered(&mut waiting, OVER).unwrap();
        assert_eq!(step, Step { commit: Some(Commit::Settled), action: Action::End });
    }

    #[test]
    fn what_was_signed_is_sent_while_there_is_time_and_fenced_after() {
        let mut signed = call("a");
        signed.record.step(Input::Signed).unwrap();
        let step = recovered(&mut signed.clone(), OVER - 1).unwrap();
        assert_eq!(step, Step { commit: None, action: Action::Send });
        let step = recovered(&mut signed, OVER).unwrap();
        assert_eq!(step, Step { commit: Some(Commit::FenceBegun), action: Action::Fence(Duration::ZERO) });
        // Once more: it is on disk that a fence may have left.
        let step = recovered(&mut signed, OVER).unwrap();
        assert_eq!(step, Step { commit: None, action: Action::Fence(Duration::ZERO) });
    }
}
