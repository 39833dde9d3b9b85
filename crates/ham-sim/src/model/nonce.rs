//! The nonces that a conductor remembers.

use std::collections::{BTreeMap, BTreeSet};

/// The nonces of one store.
#[derive(Clone, Debug, Default)]
pub(super) struct Nonces {
    expiries: BTreeMap<[u8; 32], i64>,
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
    /// Takes a nonce. Expired ones are forgotten first, by the conductor's clock now.
    pub(super) fn claim(&mut self, nonce: [u8; 32], expires: i64, now: i64) -> Claim {
        if expires <= now {
            return Claim::Expired;
        }
        if expires > now + FURTHEST {
            return Claim::Future;
        }
        self.expiries.retain(|_, expires| *expires > now);
        if self.expiries.contains_key(&nonce) {
            return Claim::Duplicate;
        }
        self.expiries.insert(nonce, expires);
        Claim::Fresh { again: !self.ever.insert(nonce) }
    }
}
