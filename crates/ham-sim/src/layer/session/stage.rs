//! What the two sides of a life share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ham_session::Link;
use tokio::task::AbortHandle;

use super::event::Happened;
use super::life::{SessionLife, What};
use super::protocol::SimProtocol;
use crate::history::Recorder;

/// What the two sides of a life share. Clones share the same state.
#[derive(Clone)]
pub(super) struct Stage {
    pub(super) recorder: Recorder<Happened>,
    pub(super) life: Arc<SessionLife>,
    props: Arc<Mutex<Props>>,
}

#[derive(Default)]
struct Props {
    link: Option<Link<SimProtocol>>,
    peers: Vec<AbortHandle>,
}

impl Stage {
    pub(super) fn new(life: SessionLife, recorder: Recorder<Happened>) -> Self {
        Self { recorder, life: Arc::new(life), props: Arc::default() }
    }

    pub(super) fn note(&self, event: Happened) {
        self.recorder.note(event);
    }

    pub(super) fn now(&self) -> Duration {
        self.recorder.now()
    }

    pub(super) fn open(&self, link: Link<SimProtocol>) {
        self.props().link = Some(link);
    }

    /// A handle of the link, unless it was released.
    pub(super) fn link(&self) -> Option<Link<SimProtocol>> {
        self.props().link.clone()
    }

    pub(super) fn let_go(&self) {
        let link = self.props().link.take();
        drop(link);
    }

    pub(super) fn add_peer(&self, peer: AbortHandle) {
        self.props().peers.push(peer);
    }

    /// Ends the peer's tasks, whether they saw the end or not.
    pub(super) fn end_peers(&self) {
        for peer in self.props().peers.drain(..) {
            peer.abort();
        }
    }

    /// Until when the peer is frozen, if it is. `whole`: including its writing.
    pub(super) fn frozen_until(&self, whole: bool) -> Option<Duration> {
        let now = self.now();
        let until =
            self.freezes(whole).filter(|(from, until)| *from <= now && now < *until).map(|(_, until)| until);
        until.max()
    }

    /// When the peer's next freeze begins.
    pub(super) fn next_freeze(&self) -> Option<Duration> {
        let now = self.now();
        self.freezes(false).map(|(from, _)| from).filter(|from| *from > now).min()
    }

    fn freezes(&self, whole: bool) -> impl Iterator<Item = (Duration, Duration)> {
        self.life.peer_actions().filter_map(move |action| match action.what {
            What::Freeze { lasts, whole: all } if all || !whole => Some((action.at, action.at + lasts)),
            _ => None,
        })
    }

    fn props(&self) -> MutexGuard<'_, Props> {
        self.props.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
