//! What the actors of a life share: the script, the handles, and who waits for what.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ham_persistent::{Persistent, State, WeakPersistent};
use tokio::sync::{oneshot, watch};

use super::connector::{SimConnector, SimLink};
use super::event::{By, Call, Happened, Shown};
use super::life::{Attempt, Callback, LinkPlan, OwnClose, PersistentLife, Trigger};
use crate::history::Recorder;

/// What the actors of a life share. Clones are the same one.
#[derive(Clone)]
pub(super) struct Stage {
    pub(super) recorder: Recorder<Happened>,
    pub(super) life: Arc<PersistentLife>,
    props: Arc<Mutex<Props>>,
}

struct Props {
    healed: bool,
    /// One for each handle that a step can use.
    handles: Vec<Persistent<SimConnector>>,
    /// How many handles there are, those of waiters included.
    count: usize,
    weak: Option<WeakPersistent<SimConnector>>,
    state: Option<watch::Receiver<State>>,
    links: Vec<SimLink>,
    published: u64,
    numbers: u64,
    waiting: Vec<(Trigger, oneshot::Sender<()>)>,
    reached: Vec<Trigger>,
}

impl Stage {
    pub(super) fn new(life: PersistentLife, recorder: Recorder<Happened>) -> Self {
        let props = Props {
            healed: false,
            handles: Vec::new(),
            count: 0,
            weak: None,
            state: None,
            links: Vec::new(),
            published: 0,
            numbers: 0,
            waiting: Vec::new(),
            reached: Vec::new(),
        };
        Self { recorder, life: Arc::new(life), props: Arc::new(Mutex::new(props)) }
    }

    pub(super) fn note(&self, event: Happened) {
        self.recorder.note(event);
    }

    /// A number that nobody else has: of a waiter or subscriber.
    pub(super) fn number(&self) -> u64 {
        let mut props = self.props();
        props.numbers += 1;
        props.numbers
    }

    // The script.

    pub(super) fn heal(&self) {
        self.props().healed = true;
        self.note(Happened::Healed);
    }

    pub(super) fn attempt(&self, nth: u64) -> Attempt {
        let scripted = self.life.attempts.iter().find(|attempt| attempt.what.nth == nth);
        match scripted {
            Some(attempt) if !self.props().healed => attempt.what,
            Some(_) | None => ORDINARY,
        }
    }

    pub(super) fn callback(&self, nth: u64) -> Option<Callback> {
        let scripted = self.life.callbacks.iter().find(|callback| callback.what.nth == nth)?.what;
        (!self.props().healed).then_some(scripted)
    }

    // The handles.

    /// The first handle is there.
    pub(super) fn open(&self, handle: Persistent<SimConnector>) {
        let mut props = self.props();
        props.weak = Some(handle.downgrade());
        props.state = Some(handle.state());
        props.count = 1;
        props.handles.push(handle);
    }

    /// A handle for a step, if one is left. Whoever takes it gives it back by [`Stage::drop_handle`].
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

    /// Lets go of one of the steps' handles.
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
        // One that is closed already is not closed by this, and who is woken first by that is nobody's choice.
        if left == 0 && !handle.is_closed() {
            self.note(Happened::LastHandleDropped);
        }
        drop(handle);
    }

    /// A handle for a call that takes no time, as callbacks and connectors have one.
    pub(super) fn weak(&self) -> Option<WeakPersistent<SimConnector>> {
        self.props().weak.clone()
    }

    /// Calls something by the weak handle; nothing if there is no handle any more.
    pub(super) fn call(&self, by: By, deed: Call) {
        let Some(handle) = self.weak().and_then(|weak| weak.upgrade()) else { return };
        self.note(Happened::Called { by, deed });
        match deed {
            Call::Close => drop(handle.close()),
            Call::CloseAfterLink => handle.close_when_current_connection_is_closed(),
            Call::Redial => handle.redial_now(),
        }
    }

    pub(super) fn shown(&self) -> Shown {
        self.props().state.as_ref().map_or(Shown::Unknown, |state| Shown::of(&state.borrow()))
    }

    // The links.

    pub(super) fn add_link(&self, make: impl FnOnce(u64) -> SimLink) -> SimLink {
        let mut props = self.props();
        let link = make(props.links.len() as u64 + 1);
        props.links.push(link.clone());
        link
    }

    pub(super) fn last_link(&self) -> Option<SimLink> {
        self.props().links.last().cloned()
    }

    // The moments.

    pub(super) fn next_event(&self) -> u64 {
        let mut props = self.props();
        props.published += 1;
        props.published
    }

    /// A moment has come: those who wait for it go on, in the order in which they came.
    pub(super) fn reach(&self, moment: Trigger) {
        let mut props = self.props();
        props.reached.push(moment);
        let waiting = std::mem::take(&mut props.waiting);
        for (trigger, waiter) in waiting {
            if trigger == moment {
                let _ = waiter.send(());
            } else {
                props.waiting.push((trigger, waiter));
            }
        }
    }

    /// Resolves when the moment has come; with false when it will not.
    pub(super) async fn moment(&self, moment: Trigger) -> bool {
        let waiter = {
            let mut props = self.props();
            if moment == Trigger::Start || props.reached.contains(&moment) {
                return true;
            }
            if props.healed {
                return false;
            }
            let (sender, waiter) = oneshot::channel();
            props.waiting.push((moment, sender));
            waiter
        };
        waiter.await.is_ok()
    }

    /// Whoever waits for a moment waits no longer.
    pub(super) fn call_off(&self) {
        self.props().waiting.clear();
    }

    fn props(&self) -> MutexGuard<'_, Props> {
        self.props.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What an attempt does that is not an element of the life.
const ORDINARY: Attempt = Attempt {
    nth: 0,
    address: Ok(0),
    address_takes: std::time::Duration::ZERO,
    dial_takes: std::time::Duration::ZERO,
    yields: 0,
    dial: Ok(LinkPlan { lives: None, close_takes: std::time::Duration::ZERO }),
    closes: OwnClose::No,
};
