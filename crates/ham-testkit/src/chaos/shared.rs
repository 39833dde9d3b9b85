//! What all tasks of a proxy share: the faults to come, the commands in force, what has happened.

use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;

use super::event::{Counters, Event};
use super::fault::Faults;
use crate::events::{EventLog, Events};

/// What all tasks of a proxy share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) faults: Faults,
    pub(super) control: watch::Sender<Control>,
    log: EventLog<Event>,
    counters: Mutex<Counters>,
}

impl Shared {
    pub(super) fn new(faults: Faults, upstream: SocketAddr) -> Self {
        Self {
            faults,
            control: watch::Sender::new(Control::new(upstream)),
            log: EventLog::new(),
            counters: Mutex::default(),
        }
    }

    pub(super) fn events(&self) -> Events<Event> {
        self.log.events()
    }

    pub(super) fn counters(&self) -> Counters {
        *self.counters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn record(&self, event: Event) {
        self.counters.lock().unwrap_or_else(PoisonError::into_inner).count(&event);
        self.log.record(event);
    }

    pub(super) fn count_bytes(&self, bytes: usize) {
        self.counters.lock().unwrap_or_else(PoisonError::into_inner).bytes += bytes as u64;
    }
}

/// The commands in force. Cuts and resets are counts, so that one issued between two checks is not missed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Control {
    pub(super) upstream: SocketAddr,
    pub(super) refusing: bool,
    pub(super) held: bool,
    pub(super) cuts: u64,
    pub(super) resets: u64,
    pub(super) stopped: bool,
}

impl Control {
    fn new(upstream: SocketAddr) -> Self {
        Self { upstream, refusing: false, held: false, cuts: 0, resets: 0, stopped: false }
    }
}
