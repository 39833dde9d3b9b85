//! Used nonces: a call runs once.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use holo_hash::AgentPubKey;
use holochain_data::models::{WITNESSABLE_EXPIRY_DURATION, WitnessNonceResult};
use holochain_nonce::Nonce256Bits;
use holochain_state::conductor::ConductorStore;
use holochain_state::mutations::StateMutationError;
use holochain_types::prelude::Timestamp;

use crate::clock::Clock;

/// Those of clients, with the times that they signed, which are the system's.
pub(crate) struct Nonces {
    seen: Mutex<Seen>,
    /// Where the conductor's data is kept, so that a crash forgets none.
    kept: Option<ConductorStore>,
}

/// Each is kept until it has expired both by the system's clock and by the conductor's, which may be moved forward, stopped and put back.
#[derive(Default)]
struct Seen {
    nonces: HashMap<(AgentPubKey, [u8; 32]), Timestamp>,
    /// Nothing that expires later than this was forgotten. What expires by then counts as expired whatever the clock says: it may have been used.
    forgotten: Option<Timestamp>,
    /// How many there may be before expired ones are searched for.
    crowded: usize,
}

impl Nonces {
    pub(super) fn new(kept: Option<ConductorStore>) -> Self {
        Self { seen: Mutex::default(), kept }
    }

    /// Uses up a nonce.
    ///
    /// # Errors
    /// The database failed; it is then unknown whether the nonce is used up.
    pub(crate) async fn witness(
        &self,
        agent: AgentPubKey,
        nonce: Nonce256Bits,
        expires: Timestamp,
        clock: &Clock,
    ) -> Result<WitnessNonceResult, StateMutationError> {
        let system = Timestamp::now();
        let witnessed = {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            seen.witness((agent.clone(), nonce.into_inner()), expires, system, clock)
        };
        match &self.kept {
            Some(store) if witnessed == WitnessNonceResult::Fresh => {
                // The database knows only the system's clock. A nonce whose expiry is outside its range is kept as long as possible.
                let soonest = system.saturating_add(&Duration::from_micros(1));
                let latest = system.saturating_add(&WITNESSABLE_EXPIRY_DURATION);
                store.witness_nonce(agent, nonce, system, expires.clamp(soonest, latest)).await
            }
            _ => Ok(witnessed),
        }
    }
}

impl Seen {
    fn witness(
        &mut self,
        nonce: (AgentPubKey, [u8; 32]),
        expires: Timestamp,
        system: Timestamp,
        clock: &Clock,
    ) -> WitnessNonceResult {
        let (now, forgotten) = (clock.now(), self.forgotten);
        match judge(clock.of_system(expires), now) {
            WitnessNonceResult::Fresh => {}
            stale => return stale,
        }
        if forgotten.is_some_and(|forgotten| expires <= forgotten) {
            return WitnessNonceResult::Expired;
        }
        if self.nonces.len() >= self.crowded {
            self.forget(|expires| expires <= system && clock.of_system(expires) <= now);
        }
        match self.nonces.insert(nonce, expires) {
            None => WitnessNonceResult::Fresh,
            Some(_) => WitnessNonceResult::Duplicate,
        }
    }

    fn forget(&mut self, has_expired: impl Fn(Timestamp) -> bool) {
        let mut forgotten = self.forgotten;
        self.nonces.retain(|_, expires| {
            let forget = has_expired(*expires);
            if forget {
                forgotten = forgotten.max(Some(*expires));
            }
            !forget
        });
        self.forgotten = forgotten;
        self.crowded = (self.nonces.len() * 2).max(FEW);
    }
}

/// Whether a call that expires then is valid now: it has not expired, and its expiry is not too far away.
pub(crate) fn judge(expires: Timestamp, now: Timestamp) -> WitnessNonceResult {
    if expires <= now {
        return WitnessNonceResult::Expired;
    }
    if (now + WITNESSABLE_EXPIRY_DURATION).is_ok_and(|limit| expires > limit) {
        return WitnessNonceResult::Future;
    }
    WitnessNonceResult::Fresh
}

/// This many are not worth searching.
const FEW: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    fn key(nonce: u32) -> (AgentPubKey, [u8; 32]) {
        let mut bytes = [0; 32];
        bytes[..4].copy_from_slice(&nonce.to_be_bytes());
        (AgentPubKey::from_raw_32(vec![1; 32]), bytes)
    }

    fn stopped(seconds: i64) -> Clock {
        let clock = Clock::default();
        clock.freeze(Some(at(seconds))).unwrap();
        clock
    }

    #[test]
    fn a_nonce_is_good_once_until_it_expires_and_not_from_far_away() {
        let mut seen = Seen::default();
        let mut witness = |nonce, now, expires| seen.witness(key(nonce), at(expires), at(now), &stopped(now));
        assert_eq!(witness(1, 0, 300), WitnessNonceResult::Fresh);
        assert_eq!(witness(1, 299, 300), WitnessNonceResult::Duplicate);
        assert_eq!(witness(1, 300, 300), WitnessNonceResult::Expired);
        assert_eq!(witness(2, 0, 3000), WitnessNonceResult::Fresh);
        assert_eq!(witness(3, 0, 3001), WitnessNonceResult::Future);
    }

    /// Uses up so many others that expired ones are searched for.
    fn crowd(seen: &mut Seen, clock: &Clock) {
        for other in 0..2 * u32::try_from(FEW).unwrap() {
            let now = Timestamp::now();
            seen.witness(key(1_000_000 + other), now.saturating_add(&HOUR), now, clock);
        }
    }

    /// Case: a clock that was moved forward forgot what had been used before, and the same bytes ran again.
    #[test]
    fn a_clock_that_is_moved_forgets_nothing_that_is_still_good() {
        let (mut seen, clock, now) = (Seen::default(), Clock::default(), Timestamp::now());
        let expires = now.saturating_add(&Duration::from_secs(300));
        assert_eq!(seen.witness(key(1), expires, now, &clock), WitnessNonceResult::Fresh);
        clock.advance(2 * HOUR).unwrap();
        crowd(&mut seen, &clock);
        assert_eq!(seen.witness(key(1), expires, now, &clock), WitnessNonceResult::Duplicate);
        clock.reset();
        crowd(&mut seen, &clock);
        assert_eq!(seen.witness(key(1), expires, now, &clock), WitnessNonceResult::Duplicate);
    }

    #[test]
    fn what_has_expired_and_was_forgotten_is_good_at_no_earlier_time() {
        let mut seen = Seen::default();
        assert_eq!(seen.witness(key(1), at(300), at(0), &stopped(0)), WitnessNonceResult::Fresh);
        seen.forget(|expires| expires <= at(1000));
        assert!(seen.nonces.is_empty());
        assert_eq!(seen.witness(key(1), at(300), at(1000), &stopped(0)), WitnessNonceResult::Expired);
        assert_eq!(seen.witness(key(2), at(301), at(1000), &stopped(0)), WitnessNonceResult::Fresh);
    }

    #[test]
    fn what_has_expired_is_forgotten() {
        let mut seen = Seen::default();
        for call in 0..10_000 {
            let seconds = i64::from(call);
            let witnessed = seen.witness(key(call), at(seconds + 100), at(seconds), &stopped(seconds));
            assert_eq!(witnessed, WitnessNonceResult::Fresh);
        }
        assert!(seen.nonces.len() <= FEW, "{}", seen.nonces.len());
    }
}
