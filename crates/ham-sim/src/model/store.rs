//! What survives a crash of the conductor.

use ed25519_dalek::SigningKey;
use holo_hash::AgentPubKey;
use holochain_types::prelude::{AppStatus, DisabledAppReason};
use holochain_zome_types::cell::CellId;

use super::cell::{Cell, bytes};
use super::nonce::Nonces;

/// The app's id.
pub(crate) const APP: &str = "app";
/// The app's roles.
pub(crate) const ROLES: [&str; 3] = ["a", "b", "c"];
/// The only clone.
pub(crate) const CLONE: &str = "a.0";

/// The databases.
#[derive(Clone, Debug)]
pub(super) struct Store {
    /// Which store this is: a restored one is another one.
    pub(super) number: u32,
    pub(super) status: Status,
    pub(super) agent: AgentPubKey,
    pub(super) cells: Vec<Cell>,
    pub(super) nonces: Nonces,
    pub(super) interfaces: Vec<Interface>,
    /// How many cells there have ever been.
    next_cell: u32,
}

/// The app's status.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
pub(crate) enum Status {
    Enabled,
    Disabled,
    /// Not installed.
    Gone,
}

/// An app interface as it is remembered.
#[derive(Clone, Debug)]
pub(super) struct Interface {
    /// The requested port: 0 for any.
    pub(super) asked: u16,
    /// Where it listens now.
    pub(super) port: u16,
    pub(super) app: Option<String>,
    pub(super) origins: String,
}

impl Store {
    pub(super) fn new(roles: usize, clones: usize) -> Self {
        let mut store = Self {
            number: 0,
            status: Status::Enabled,
            agent: agent(0),
            cells: Vec::new(),
            nonces: Nonces::default(),
            interfaces: Vec::new(),
            next_cell: 0,
        };
        store.install(roles, clones);
        store
    }

    /// Installs the app: new cells, of a new agent.
    pub(super) fn install(&mut self, roles: usize, clones: usize) {
        self.agent = agent(self.next_cell);
        self.status = Status::Enabled;
        self.cells.clear();
        for role in ROLES.iter().take(roles) {
            self.add(role, None);
        }
        for clone in 0..clones {
            self.add(ROLES[0], Some(format!("{}.{clone}", ROLES[0])));
        }
    }

    fn add(&mut self, role: &'static str, clone: Option<String>) {
        self.cells.push(Cell::new(self.next_cell, role, clone, &self.agent));
        self.next_cell += 1;
    }

    pub(super) fn cell(&mut self, id: &CellId) -> Option<&mut Cell> {
        self.cells.iter_mut().find(|cell| cell.id == *id)
    }

    /// The key of any agent that there has ever been.
    pub(super) fn key(&self, public: &[u8; 32]) -> Option<SigningKey> {
        (0..=self.next_cell).map(agent_key).find(|key| key.verifying_key().as_bytes() == public)
    }

    /// Two stores of one life number their cells consecutively.
    pub(super) fn keep_counting(&mut self, other: &Self) {
        self.next_cell = self.next_cell.max(other.next_cell);
    }
}

impl Status {
    pub(super) fn in_words(self) -> AppStatus {
        match self {
            Self::Enabled => AppStatus::Enabled,
            Self::Disabled | Self::Gone => AppStatus::Disabled(DisabledAppReason::User),
        }
    }
}

/// The key of an agent, by the number of its first cell.
pub(super) fn agent_key(number: u32) -> SigningKey {
    let mut seed = [0; 32];
    seed.copy_from_slice(&bytes(b'k', number));
    SigningKey::from_bytes(&seed)
}

fn agent(number: u32) -> AgentPubKey {
    AgentPubKey::from_raw_32(agent_key(number).verifying_key().to_bytes().to_vec())
}
