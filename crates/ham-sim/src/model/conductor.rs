//! A conductor: its databases, its memory, how it dies and comes back.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::release::Release;
use super::socket;
use super::store::{Status, Store};
use crate::clock::Clock;
use crate::net::{Cut, Dialled, Severed};
use crate::time::{pause, spawn};
use crate::world::{Count, World};

/// Where its admin interface listens.
pub(crate) const ADMIN_PORT: u16 = 4444;
/// The first port that it chooses by itself.
const FIRST_PORT: u16 = 40_000;

/// A conductor.
pub(crate) struct Conductor {
    pub(super) world: Arc<World>,
    pub(crate) clock: Arc<Clock>,
    me: Weak<Self>,
    state: Mutex<State>,
}

/// What it holds.
pub(super) struct State {
    pub(super) store: Store,
    /// What a restore goes back to.
    snapshot: Option<Store>,
    pub(super) release: Release,
    up: bool,
    /// When the cells have started.
    pub(super) ready_at: Instant,
    /// Until when it answers nothing but pings.
    pub(super) frozen_until: Instant,
    /// Tokens and when they expire.
    pub(super) tokens: BTreeMap<Vec<u8>, Instant>,
    pub(super) inits: BTreeMap<u32, Arc<tokio::sync::Mutex<()>>>,
    sockets: BTreeMap<u32, Socket>,
    /// Requests in process.
    tasks: Vec<AbortHandle>,
    /// What serves the sockets.
    serving: Vec<AbortHandle>,
    next_port: u16,
    pub(super) roles: usize,
    pub(super) clones: usize,
}

/// A socket that is open.
struct Socket {
    cut: Cut,
    /// How many requests its client has under way at most.
    window: usize,
    /// How many of them are never answered.
    withheld: usize,
    /// Where signals go, once it has authenticated.
    signals: Option<mpsc::Sender<Bytes>>,
}

/// How it comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Boot {
    /// Milliseconds until its ports accept again.
    pub(crate) down: u64,
    /// Milliseconds from there until its cells have started.
    pub(crate) starts: u64,
    /// Nobody is told that the sockets ended.
    pub(crate) silent: bool,
    /// With an older store, if there is one.
    pub(crate) restored: bool,
    /// The ports that it chose are other ones.
    pub(crate) moved: bool,
    /// It is of this release then.
    pub(crate) release: Option<Release>,
}

impl State {
    fn stop(&mut self) {
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
            roles,
            clones,
        };
        Arc::new_cyclic(|me| Self { world, clock, me: me.clone(), state: Mutex::new(state) })
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts work that ends with the next crash.
    pub(super) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let task = spawn(work).abort_handle();
        let mut state = self.lock();
        if state.tasks.len() > 64 {
            state.tasks.retain(|task| !task.is_finished());
        }
        state.tasks.push(task);
    }

    /// Takes a stream to one of its ports; `false` when none listens there.
    pub(super) fn accept(&self, port: u16, dialled: Dialled) -> bool {
        let Some(me) = self.me.upgrade() else { return false };
        let number = u32::try_from(self.world.next(Count::Sockets)).unwrap_or(u32::MAX);
        let mut state = self.lock();
        let listens =
            port == ADMIN_PORT || state.store.interfaces.iter().any(|interface| interface.port == port);
        if !state.up || !listens {
            return false;
        }
        state
            .sockets
            .insert(number, Socket { cut: dialled.cut, window: dialled.window, withheld: 0, signals: None });
        drop(state);
        let window = (port != ADMIN_PORT).then_some(dialled.window);
        let serving = spawn(async move {
            socket::serve(&me, number, window, dialled.end).await;
            me.lock().sockets.remove(&number);
        });
        self.lock().serving.push(serving.abort_handle());
        true
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
                // One that cannot take it misses it, as in a conductor.
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

    /// Dies in the middle of everything, and comes back.
    pub(crate) fn crash(&self, boot: Boot) {
        let mut state = self.lock();
        if !state.up {
            return;
        }
        self.world.words("conductor", format!("dies: {boot:?}"));
        state.up = false;
        state.stop();
        let how = if boot.silent { Severed::Silent } else { Severed::Reset };
        for (_, socket) in std::mem::take(&mut state.sockets) {
            socket.cut.sever(how);
        }
        state.tokens.clear();
        state.inits.clear();
        drop(state);
        if let Some(me) = self.me.upgrade() {
            spawn(async move {
                pause(Duration::from_millis(boot.down)).await;
                me.boot(boot);
            });
        }
    }

    fn boot(&self, boot: Boot) {
        self.world.next(Count::Boots);
        let mut state = self.lock();
        if boot.restored
            && let Some(mut older) = state.snapshot.clone()
        {
            older.number = state.store.number + 1;
            older.keep_counting(&state.store);
            state.store = older;
            self.world.words("conductor", format!("store {} is an older one", state.store.number));
        }
        let first = state.next_port;
        let mut next = first;
        for interface in
            state.store.interfaces.iter_mut().filter(|interface| interface.asked == 0 && boot.moved)
        {
            interface.port = next;
            next += 1;
        }
        state.next_port = next;
        state.release = boot.release.unwrap_or(state.release);
        state.ready_at = Instant::now() + Duration::from_millis(boot.starts);
        state.up = true;
        drop(state);
        self.world.words("conductor", "accepts again");
    }

    /// Remembers the store, for a later restore.
    pub(crate) fn back_up(&self) {
        let mut state = self.lock();
        state.snapshot = Some(state.store.clone());
    }

    pub(crate) fn set_status(&self, status: Status) {
        self.world.words("conductor", format!("the app is {status:?}"));
        self.lock().store.status = status;
    }

    /// Disables the app for a while.
    pub(crate) fn disable_for(&self, time: Duration) {
        if self.lock().store.status != Status::Enabled {
            return;
        }
        self.set_status(Status::Disabled);
        if let Some(me) = self.me.upgrade() {
            spawn(async move {
                pause(time).await;
                if me.lock().store.status == Status::Disabled {
                    me.set_status(Status::Enabled);
                }
            });
        }
    }

    /// Installs the app again: other cells, of another agent.
    pub(crate) fn reinstall(&self) {
        self.world.words("conductor", "the app is installed again");
        let mut state = self.lock();
        let (roles, clones) = (state.roles, state.clones);
        // What stood on the chains is gone with them.
        state.store.install(roles, clones);
        for socket in state.sockets.values_mut() {
            socket.signals = None;
        }
    }

    pub(crate) fn revoke(&self) {
        self.world.words("conductor", "all grants are revoked");
        self.lock().store.cells.iter_mut().for_each(super::cell::Cell::revoke);
    }

    pub(crate) fn freeze(&self, time: Duration) {
        self.world.words("conductor", format!("answers nothing for {time:?}"));
        self.lock().frozen_until = Instant::now() + time;
    }

    /// Everything is well from here on.
    pub(crate) async fn heal(&self) {
        while !self.lock().up {
            pause(Duration::from_millis(10)).await;
        }
        self.clock.correct();
        let mut state = self.lock();
        let now = Instant::now();
        state.frozen_until = now;
        state.ready_at = state.ready_at.min(now);
        state.store.status = Status::Enabled;
        state.sockets.values().for_each(|socket| socket.cut.heal());
        // Nothing more can be asked on a socket whose every place waits for an answer that does not come.
        for socket in state.sockets.values().filter(|socket| socket.withheld >= socket.window) {
            socket.cut.sever(Severed::Reset);
        }
    }

    pub(super) fn port(&self) -> u16 {
        let mut state = self.lock();
        state.next_port += 1;
        state.next_port - 1
    }

    /// How many sockets are open, those left out whose client went away without a word.
    pub(crate) fn sockets(&self) -> usize {
        self.lock().sockets.values().filter(|socket| !socket.cut.is_half_open()).count()
    }

    /// Whether any work is going on.
    pub(crate) fn is_busy(&self) -> bool {
        self.lock().tasks.iter().any(|task| !task.is_finished())
    }

    /// Ends everything that it does, and for good.
    pub(crate) fn stop(&self) {
        let mut state = self.lock();
        state.up = false;
        state.stop();
    }
}
