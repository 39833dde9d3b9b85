//! A cell: its chain, its `init`, its grants.

use holo_hash::{ActionHash, AgentPubKey, DnaHash};
use holochain_zome_types::cell::CellId;

use crate::event::Cause;

/// The part of one cell that survives a crash.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    /// Its number in the life; a reinstalled cell is another one.
    pub(super) number: u32,
    pub(super) role: &'static str,
    /// The name of a clone.
    pub(super) clone: Option<String>,
    pub(super) id: CellId,
    pub(super) chain: Vec<Entry>,
    pub(super) initialized: bool,
}

/// An entry of a chain.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) cause: Cause,
    pub(super) grant: Option<Grant>,
    /// The grant that this entry deletes.
    pub(super) deletes: Option<ActionHash>,
}

/// A grant on a chain.
#[derive(Clone, Debug)]
pub(super) struct Grant {
    pub(super) tag: String,
    pub(super) secret: Option<Vec<u8>>,
    pub(super) assignees: Vec<AgentPubKey>,
    pub(super) hash: ActionHash,
    pub(super) revoked: bool,
}

/// How many entries the genesis writes.
const GENESIS: usize = 3;

impl Cell {
    pub(super) fn new(number: u32, role: &'static str, clone: Option<String>, agent: &AgentPubKey) -> Self {
        let dna = DnaHash::from_raw_32(bytes(b'd', number));
        let entry = Entry { cause: Cause::Genesis, grant: None, deletes: None };
        Self {
            number,
            role,
            clone,
            id: CellId::new(dna, agent.clone()),
            chain: vec![entry; GENESIS],
            initialized: false,
        }
    }

    /// Writes an entry, unless the chain is closed.
    pub(super) fn push(&mut self, cause: Cause) {
        if !self.is_closed() {
            self.chain.push(Entry { cause, grant: None, deletes: None });
        }
    }

    /// The hash of the entry at a position of the chain.
    pub(super) fn hash(&self, sequence: usize) -> ActionHash {
        let mut raw = bytes(b'a', self.number);
        raw[8..16].copy_from_slice(&(sequence as u64).to_be_bytes());
        ActionHash::from_raw_32(raw)
    }

    /// Writes a grant and returns its hash.
    pub(super) fn grant(
        &mut self,
        tag: String,
        secret: Option<Vec<u8>>,
        assignees: Vec<AgentPubKey>,
    ) -> ActionHash {
        let hash = self.hash(self.chain.len());
        let grant = Grant { tag, secret, assignees, hash: hash.clone(), revoked: false };
        self.chain.push(Entry { cause: Cause::Grant, grant: Some(grant), deletes: None });
        hash
    }

    /// Revokes every grant in force, unless the chain is closed.
    pub(super) fn revoke(&mut self) {
        if self.is_closed() {
            return;
        }
        let mut revoked = Vec::new();
        for grant in
            self.chain.iter_mut().filter_map(|entry| entry.grant.as_mut()).filter(|grant| !grant.revoked)
        {
            grant.revoked = true;
            revoked.push(grant.hash.clone());
        }
        for hash in revoked {
            self.chain.push(Entry { cause: Cause::Grant, grant: None, deletes: Some(hash) });
        }
    }

    /// Whether this agent may call with this secret; the author may without one.
    pub(super) fn admits(&self, provenance: &AgentPubKey, secret: Option<&[u8]>) -> bool {
        if provenance == self.id.agent_pubkey() {
            return true;
        }
        let grants = self.chain.iter().filter_map(|entry| entry.grant.as_ref());
        secret.is_some_and(|secret| {
            grants
                .filter(|grant| !grant.revoked && grant.secret.as_deref() == Some(secret))
                .any(|grant| grant.assignees.contains(provenance))
        })
    }

    pub(super) fn is_closed(&self) -> bool {
        self.chain.iter().any(|entry| entry.cause == Cause::Closed)
    }
}

/// 32 bytes that say what they stand for.
pub(super) fn bytes(kind: u8, number: u32) -> Vec<u8> {
    let mut raw = vec![kind; 32];
    raw[4..8].copy_from_slice(&number.to_be_bytes());
    raw
}
