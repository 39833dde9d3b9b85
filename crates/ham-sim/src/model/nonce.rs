//! The nonces that a conductor remembers.

use std::collections::{BTreeMap, BTreeSet};

use holo_hash::AgentPubKey;

/// The nonces of one store.
#[derive(Clone, Debug, Default)]
pub(super) struct Nonces {
    /// The key that each belongs to, and when it expires.
    expiries: BTreeMap<[u8; 32], (AgentPubKey, i64)>,
    /// All nonces ever claimed in this store: this is for the ledger; the conductor does not know it.
    ever: BTreeSet<[u8; 32]>,
}

/// What a claim finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Claim {
    /// Free; `again` if it had been claimed before and was forgotten.
    Fresh {
        again: bool,
    },
    Duplicate,
    Expired,
    Future,
}

/// The furthest that an expiry may lie ahead (`holochain_data` 0.7.1, `conductor.rs`), in microseconds.
const FURTHEST: i64 = 50 * 60 * 1_000_000;

impl Nonces {
    /// Claims a nonce for a key. Nonces that have expired by the conductor's clock now are forgotten first; with `only`, the key's
    /// previous nonce is forgotten as well (`holochain_sqlite` 0.6.3, `schema/0.sql`).
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
