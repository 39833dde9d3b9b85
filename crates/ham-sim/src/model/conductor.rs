//! A conductor: its databases, its memory, how it dies and comes back.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use bytes::Bytes;
use ed25519_dalek::Signer as _;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::release::Release;
use super::store::Store;
use crate::clock::Clock;
use crate::net::{Cut, Severed};
use crate::time::spawn;
use crate::world::World;

/// Where its admin interface listens.
pub(crate) const ADMIN_PORT: u16 = 4444;
/// The first port that it chooses by itself.
const FIRST_PORT: u16 = 40_000;

/// A conductor.
pub(crate) struct Conductor {
    pub(super) world: Arc<World>,
    pub(crate) clock: Arc<Clock>,
    pub(super) me: Weak<Self>,
    state: Mutex<State>,
}

/// What it holds.
pub(super) struct State {
    pub(super) store: Store,
    /// What a restore goes back to.
    pub(super) snapshot: Option<Store>,
    pub(super) release: Release,
    pub(super) up: bool,
    /// When the cells will have started.
    pub(super) ready_at: Instant,
    /// Until when it answers nothing but pings.
    pub(super) frozen_until: Instant,
    /// Tokens and when they expire.
    pub(super) tokens: BTreeMap<Vec<u8>, Instant>,
    pub(super) inits: BTreeMap<u32, Arc<tokio::sync::Mutex<()>>>,
    pub(super) sockets: BTreeMap<u32, Socket>,
    /// Requests in process.
    tasks: Vec<AbortHandle>,
    /// What serves the sockets.
    pub(super) serving: Vec<AbortHandle>,
    pub(super) next_port: u16,
    /// How often the app was installed.
    pub(super) installs: u32,
    pub(super) roles: usize,
    pub(super) clones: usize,
}

/// A socket that is open.
pub(super) struct Socket {
    pub(super) cut: Cut,
    /// The most requests that its client has under way.
    pub(super) window: usize,
    /// How many of them are never answered.
    pub(super) withheld: usize,
    /// Where signals go, once it has authenticated.
    pub(super) signals: Option<mpsc::Sender<Bytes>>,
}

impl State {
    pub(super) fn stop(&mut self) {
        for task in self.tasks.drain(..).chain(self.serving.drain(..)) {
            task.abort();
        }
    }
}

impl Conductor {
    pub(crate) fn new(
        world: Arc<World>,
        clock: Arc<Clock>,
        release: Release,
        roles: usize,
        clones: usize,
    ) -> Arc<Self> {
        let now = Instant::now();
        let state = State {
            store: Store::new(roles, clones),
            snapshot: None,
            release,
            up: true,
            ready_at: now,
            frozen_until: now,
            tokens: BTreeMap::new(),
            inits: BTreeMap::new(),
            sockets: BTreeMap::new(),
            tasks: Vec::new(),
            serving: Vec::new(),
            next_port: FIRST_PORT,
            installs: 1,
            roles,
            clones,
        };
        Arc::new_cyclic(|me| Self { world, clock, me: me.clone(), state: Mutex::new(state) })
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts work that the next crash ends.
    pub(super) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let task = spawn(work).abort_handle();
        let mut state = self.lock();
        if state.tasks.len() > 64 {
            state.tasks.retain(|task| !task.is_finished());
        }
        state.tasks.push(task);
    }

    pub(super) fn subscribe(&self, socket: u32, signals: mpsc::Sender<Bytes>) {
        if let Some(socket) = self.lock().sockets.get_mut(&socket) {
            socket.signals = Some(signals);
        }
    }

    /// Sends a signal to every app socket.
    pub(super) fn emit(&self, frame: &Bytes) {
        for socket in self.lock().sockets.values() {
            if let Some(signals) = &socket.signals {
                // A socket that cannot take it misses it, as in a conductor.
                let _ = signals.try_send(frame.clone());
            }
        }
    }

    /// A request on this socket is never answered.
    pub(super) fn withhold(&self, socket: u32) {
        if let Some(socket) = self.lock().sockets.get_mut(&socket) {
            socket.withheld += 1;
        }
    }

    pub(super) fn cut(&self, socket: u32) {
        if let Some(socket) = self.lock().sockets.get(&socket) {
            socket.cut.sever(Severed::Reset);
        }
    }

    /// Ends a socket, as the network would.
    pub(crate) fn cut_one(&self, choice: u64, how: Severed) {
        let state = self.lock();
        let count = state.sockets.len();
        if count > 0
            && let Some((number, socket)) = state.sockets.iter().nth(choice as usize % count)
        {
            self.world.words("network", format!("socket {number} is cut: {how:?}"));
            socket.cut.sever(how);
        }
    }

    pub(super) fn port(&self) -> u16 {
        let mut state = self.lock();
        state.next_port += 1;
        state.next_port - 1
    }

    /// The signature of a message by an agent's key, which the keystore beside the conductor holds.
    pub(crate) fn sign(&self, public: &[u8; 32], message: &[u8]) -> Option<[u8; 64]> {
        let key = self.lock().store.key(public)?;
        Some(key.sign(message).to_bytes())
    }

    /// Whether the cell of a role has run its `init`.
    pub(crate) fn is_initialized(&self, role: &str) -> bool {
        let state = self.lock();
        let named = |cell: &&super::cell::Cell| cell.clone.as_deref().unwrap_or(cell.role) == role;
        state.store.cells.iter().find(named).is_some_and(|cell| cell.initialized)
    }

    /// How many sockets are open, not counting those whose client silently went away.
    pub(crate) fn sockets(&self) -> usize {
        self.lock().sockets.values().filter(|socket| !socket.cut.is_half_open()).count()
    }

    /// Whether any work is going on.
    pub(crate) fn is_busy(&self) -> bool {
        self.lock().tasks.iter().any(|task| !task.is_finished())
    }

    /// Ends everything that it does, for good.
    pub(crate) fn stop(&self) {
        let mut state = self.lock();
        state.up = false;
        state.stop();
    }
}
