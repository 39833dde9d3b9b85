//! Nonces that were used: a call runs once.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use holo_hash::AgentPubKey;
use holochain_data::models::{WITNESSABLE_EXPIRY_DURATION, WitnessNonceResult};
use holochain_nonce::Nonce256Bits;
use holochain_state::conductor::ConductorStore;
use holochain_state::mutations::StateMutationError;
use holochain_types::prelude::Timestamp;

/// In the database where the conductor is kept, so that a crash forgets none; in memory where everything ends with it.
pub(crate) struct Nonces(Kept);

enum Kept {
    InDatabase(ConductorStore),
    InMemory(Mutex<Seen>),
}

/// Each until it expires: a call that comes later is refused for that.
#[derive(Default)]
struct Seen {
    nonces: HashMap<(AgentPubKey, [u8; 32]), Timestamp>,
    /// How many there may be before those that have expired are looked for.
    crowded: usize,
}

impl Nonces {
    pub(super) fn kept(store: ConductorStore) -> Self {
        Self(Kept::InDatabase(store))
    }

    pub(super) fn in_memory() -> Self {
        Self(Kept::InMemory(Mutex::default()))
    }

    /// Uses a nonce up.
    ///
    /// # Errors
    /// The database failed; whether it is used up is unknown then.
    pub(crate) async fn witness(
        &self,
        agent: AgentPubKey,
        nonce: Nonce256Bits,
        now: Timestamp,
        expires: Timestamp,
    ) -> Result<WitnessNonceResult, StateMutationError> {
        match &self.0 {
            Kept::InDatabase(store) => store.witness_nonce(agent, nonce, now, expires).await,
            Kept::InMemory(seen) => {
                let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
                Ok(seen.witness(agent, nonce, now, expires))
            }
        }
    }
}

impl Seen {
    fn witness(
        &mut self,
        agent: AgentPubKey,
        nonce: Nonce256Bits,
        now: Timestamp,
        expires: Timestamp,
    ) -> WitnessNonceResult {
        if expires <= now {
            return WitnessNonceResult::Expired;
        }
        if (now + WITNESSABLE_EXPIRY_DURATION).is_ok_and(|limit| expires > limit) {
            return WitnessNonceResult::Future;
        }
        if self.nonces.len() >= self.crowded {
            self.nonces.retain(|_, expires| *expires > now);
            self.crowded = (self.nonces.len() * 2).max(FEW);
        }
        match self.nonces.insert((agent, nonce.into_inner()), expires) {
            None => WitnessNonceResult::Fresh,
            Some(_) => WitnessNonceResult::Duplicate,
        }
    }
}

/// So many are not worth looking through.
const FEW: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_good_once_until_it_expires_and_not_from_far_away() {
        let (mut seen, agent) = (Seen::default(), AgentPubKey::from_raw_32(vec![1; 32]));
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        let mut witness = |nonce: u8, now, expires| {
            seen.witness(agent.clone(), Nonce256Bits::from([nonce; 32]), at(now), at(expires))
        };
        assert_eq!(witness(1, 0, 300), WitnessNonceResult::Fresh);
        assert_eq!(witness(1, 299, 300), WitnessNonceResult::Duplicate);
        assert_eq!(witness(1, 300, 300), WitnessNonceResult::Expired);
        assert_eq!(witness(2, 0, 3000), WitnessNonceResult::Fresh);
        assert_eq!(witness(3, 0, 3001), WitnessNonceResult::Future);
    }

    #[test]
    fn what_has_expired_is_forgotten() {
        let (mut seen, agent) = (Seen::default(), AgentPubKey::from_raw_32(vec![1; 32]));
        for call in 0..10_000_u32 {
            let mut nonce = [0; 32];
            nonce[..4].copy_from_slice(&call.to_be_bytes());
            let now = Timestamp::from_micros(i64::from(call));
            let expires = Timestamp::from_micros(i64::from(call) + 100);
            let witnessed = seen.witness(agent.clone(), Nonce256Bits::from(nonce), now, expires);
            assert_eq!(witnessed, WitnessNonceResult::Fresh);
        }
        assert!(seen.nonces.len() <= FEW, "{}", seen.nonces.len());
    }
}
