//! What happens to a conductor: death and return, and what its administrators do.

use std::time::Duration;

use tokio::time::Instant;

use super::conductor::Conductor;
use super::release::Release;
use super::store::Status;
use crate::dice::Stream;
use crate::event::{Cause, Happened};
use crate::net::Severed;
use crate::time::{pause, spawn};
use crate::world::Count;

/// How it comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Boot {
    /// Milliseconds until its ports accept again.
    pub(crate) down: u64,
    /// Milliseconds from then until its cells have started.
    pub(crate) starts: u64,
    /// Whether nobody is told that the sockets ended.
    pub(crate) silent: bool,
    /// Whether it comes back with an older store, if there is one.
    pub(crate) restored: bool,
    /// Whether the ports that it chooses are other ones.
    pub(crate) moved: bool,
    /// The release that it comes back as, if another one.
    pub(crate) release: Option<Release>,
}

impl Boot {
    /// A typical restart.
    pub(crate) fn drawn(dice: &mut Stream) -> Self {
        Self {
            down: dice.between(1, 6_000),
            starts: dice.skewed_millis(3_000).as_millis() as u64,
            silent: dice.percent(25),
            restored: dice.percent(5),
            moved: dice.percent(40),
            release: dice.percent(10).then(|| dice.pick(&Release::LATER)),
        }
    }
}

impl Conductor {
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
            self.world.note(Happened::Restored { store: state.store.number });
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
        state.release = boot.release.filter(|_| !state.release.is_0_6()).unwrap_or(state.release);
        state.ready_at = Instant::now() + Duration::from_millis(boot.starts);
        state.up = true;
        drop(state);
        self.world.words("conductor", "accepts again");
    }

    /// Whether the app was reinstalled, or an older store came back.
    pub(crate) fn was_replaced(&self) -> bool {
        let state = self.lock();
        state.store.number > 0 || state.installs > 1
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

    /// Reinstalls the app: other cells, of another agent.
    pub(crate) fn reinstall(&self) {
        self.world.words("conductor", "the app is installed again");
        let mut state = self.lock();
        let (roles, clones) = (state.roles, state.clones);
        // What was on the chains is gone with them.
        state.store.install(roles, clones);
        state.installs += 1;
        for socket in state.sockets.values_mut() {
            socket.signals = None;
        }
    }

    pub(crate) fn revoke(&self) {
        self.world.words("conductor", "all grants are revoked");
        self.lock().store.cells.iter_mut().for_each(super::cell::Cell::revoke);
    }

    /// Closes the chain of the first cell.
    pub(crate) fn close_chain(&self) {
        self.world.words("conductor", "a chain is closed");
        if let Some(cell) = self.lock().store.cells.first_mut() {
            cell.push(Cause::Closed);
        }
    }

    pub(crate) fn freeze(&self, time: Duration) {
        self.world.words("conductor", format!("answers nothing for {time:?}"));
        self.lock().frozen_until = Instant::now() + time;
    }

    /// Makes everything well from here on.
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
        // Nothing more can be asked on a socket whose every place waits for an answer that will not come.
        for socket in state.sockets.values().filter(|socket| socket.withheld >= socket.window) {
            socket.cut.sever(Severed::Reset);
        }
    }
}
