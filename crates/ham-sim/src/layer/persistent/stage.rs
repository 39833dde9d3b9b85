//! What the actors of a life share: the script, the handles, the links.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ham_persistent::{Persistent, State};
use tokio::sync::watch;

use super::connector::{Engine, SimConnector};
use super::event::{EngineState, Happened};
use super::link::Links;
use super::script::Script;

/// What the actors of a life share. Clones share the same state.
#[derive(Clone)]
pub(super) struct Stage {
    pub(super) script: Script,
    pub(super) engine: Engine,
    pub(super) links: Links,
    props: Arc<Mutex<Props>>,
}

#[derive(Default)]
struct Props {
    /// One for each handle that a step can use.
    handles: Vec<Persistent<SimConnector>>,
    /// How many handles there are, including those of waiters.
    count: usize,
    state: Option<watch::Receiver<State>>,
}

impl Stage {
    pub(super) fn new(script: Script) -> Self {
        let engine = Engine::new(script.clone());
        Self { script, engine, links: Links::default(), props: Arc::default() }
    }

    /// The connector of the life.
    pub(super) fn connector(&self) -> SimConnector {
        SimConnector::new(self.script.clone(), self.engine.clone(), self.links.clone())
    }

    /// Notes the first handle.
    pub(super) fn open(&self, handle: Persistent<SimConnector>) {
        self.engine.is_there(&handle);
        let mut props = self.props();
        props.state = Some(handle.state());
        props.count = 1;
        props.handles.push(handle);
    }

    /// A handle for a step, if one is left. It must be given back with [`Stage::drop_handle`].
    pub(super) fn take_handle(&self, which: usize) -> Option<Persistent<SimConnector>> {
        let mut props = self.props();
        let among = props.handles.len();
        let handle = props.handles.get(which.checked_rem(among)?)?.clone();
        props.count += 1;
        Some(handle)
    }

    pub(super) fn keep_handle(&self, handle: Persistent<SimConnector>) {
        self.props().handles.push(handle);
    }

    /// Drops one of the steps' handles.
    pub(super) fn drop_one(&self, which: usize) {
        let mut props = self.props();
        let Some(which) = which.checked_rem(props.handles.len()) else { return };
        let handle = props.handles.swap_remove(which);
        drop(props);
        self.drop_handle(handle);
    }

    pub(super) fn drop_handle(&self, handle: Persistent<SimConnector>) {
        let left = {
            let mut props = self.props();
            props.count -= 1;
            props.count
        };
        // This does not close a connection that is already closed, and nothing determines who is then woken first.
        if left == 0 && !handle.is_closed() {
            self.script.note(Happened::LastHandleDropped);
        }
        drop(handle);
    }

    pub(super) fn engine_state(&self) -> EngineState {
        self.props().state.as_ref().map_or(EngineState::Unknown, |state| EngineState::of(&state.borrow()))
    }

    fn props(&self) -> MutexGuard<'_, Props> {
        self.props.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
