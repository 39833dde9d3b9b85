//! The nonces that a conductor remembers.

use std::collections::{BTreeMap, BTreeSet};

use holo_hash::AgentPubKey;

/// The nonces of one store.
#[derive(Clone, Debug, Default)]
pub(super) struct Nonces {
    /// Whose each is, and when it expires.
    expiries: BTreeMap<[u8; 32], (AgentPubKey, i64)>,
    /// All that were ever claimed in this store: the ledger's, not the conductor's.
    ever: BTreeSet<[u8; 32]>,
}

/// What a claim finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Claim {
    /// Free; `again` when it had been claimed before and was forgotten.
    Fresh {
        again: bool,
    },
    Duplicate,
    Expired,
    Future,
}

/// How far ahead an expiry may lie (`holochain_data` 0.7.1, `conductor.rs`), in microseconds.
const FURTHEST: i64 = 50 * 60 * 1_000_000;

impl Nonces {
    /// Takes a nonce of a key. Expired ones are forgotten first, by the conductor's clock now; the key's `only` one is forgotten
    /// for the next (`holochain_sqlite` 0.6.3, `schema/0.sql`).
    pub(super) fn claim(
        &mut self,
        key: &AgentPubKey,
        nonce: [u8; 32],
        expires: i64,
        now: i64,
        only: bool,
    ) -> Claim {
        if expires <= now {
            return Claim::Expired;
        }
        if expires > now + FURTHEST {
            return Claim::Future;
        }
        self.expiries.retain(|_, (_, expires)| *expires > now);
        if self.expiries.contains_key(&nonce) {
            return Claim::Duplicate;
        }
        if only {
            self.expiries.retain(|_, (of, _)| of != key);
        }
        self.expiries.insert(nonce, (key.clone(), expires));
        Claim::Fresh { again: !self.ever.insert(nonce) }
    }
}
