//! The only task: does what the machine asks for and tells it what came of it.

use std::future::pending;
use std::pin::pin;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::time::Instant;

use crate::clock::WallClock;
use crate::command::{Command, Inbox};
use crate::connector::{Connection, Connector};
use crate::error::Failure;
use crate::event::Event;
use crate::machine::{Activity, Announcement, Effect, Input, Machine, Next};
use crate::shared::{CauseOf, LostLink, Shared};
use crate::state::State;
use crate::trace;

/// The `on_event` callback.
pub(crate) type Callback<C> = Box<dyn FnMut(Event<C>) -> BoxFuture<'static, ()> + Send>;

/// The task of one persistent connection. Ends after close; the handles are its owner: dropping the last one closes.
pub(crate) struct Driver<C: Connector> {
    pub(crate) machine: Machine<C::Address>,
    pub(crate) inbox: Inbox,
    pub(crate) hands: Hands<C>,
    pub(crate) desk: Desk<C>,
}

/// What an activity works with.
pub(crate) struct Hands<C: Connector> {
    pub(crate) connector: C,
    pub(crate) on_event: Option<Callback<C>>,
}

/// What effects work on: the connection and errors the machine knows nothing of, and the side the handles see.
pub(crate) struct Desk<C: Connector> {
    shared: Arc<Shared<C>>,
    wall_clock: Arc<dyn WallClock>,
    link: Option<C::Connection>,
    link_end: Option<BoxFuture<'static, CauseOf<C>>>,
    live_since: Option<Instant>,
    end_cause: Option<CauseOf<C>>,
    error: Option<Arc<C::Error>>,
}

/// An [`Activity`] with everything it needs.
enum Work<C: Connector> {
    Announce(Option<Event<C>>),
    AnnounceLast(Option<Event<C>>),
    CloseLink(Option<C::Connection>),
    Connect(C::Address),
    ObtainAddress,
    Wait(Instant),
    WatchLink,
}

/// What came of an activity.
enum Done<C: Connector> {
    Address(Result<C::Address, C::Error>),
    Announced,
    Dialed(Result<C::Connection, C::Error>),
    LinkClosed,
    Waited,
}

impl<C: Connector> Driver<C> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one task of a persistent connection; its handles own it"
    )]
    pub(crate) fn spawn(self) {
        tokio::spawn(self.run());
    }

    async fn run(mut self) {
        let mut activity = Some(Machine::first_activity());
        while let Some(next) = activity {
            activity = self.pursue(next).await;
        }
    }

    /// Pursues one activity until the machine wants another one, or none.
    async fn pursue(&mut self, activity: Activity<C::Address>) -> Option<Activity<C::Address>> {
        let Self { machine, inbox, hands, desk } = self;
        let dialing = matches!(activity, Activity::Connect(_));
        let shared = Arc::clone(&desk.shared);
        let mut work = pin!(perform(desk.prepare(activity), hands, &shared).fuse());
        loop {
            // Commands first: closing waits for nothing. They are flags, each told once, so they cannot starve the rest;
            // the activity ends once; the link's end comes last and is not lost, since it stays ended.
            let input = tokio::select! {
                biased;
                command = inbox.next() => {
                    if dialing && matches!(command, Command::Close(_)) {
                        // The dial may have completed in this very moment: then there is a link to close.
                        desk.link = completed(work.as_mut().now_or_never());
                    }
                    Input::Command(command)
                }
                done = &mut work => desk.note(done),
                cause = link_end(&mut desk.link_end) => desk.note_end(cause),
            };
            let step = machine.handle(Instant::now(), input);
            for effect in step.effects {
                desk.apply(effect);
            }
            match step.next {
                Next::End => return None,
                Next::Keep => {}
                Next::Start(next) => return Some(next),
            }
        }
    }
}

async fn perform<C: Connector>(work: Work<C>, hands: &mut Hands<C>, shared: &Shared<C>) -> Done<C> {
    let closes = matches!(work, Work::AnnounceLast(_) | Work::CloseLink(_));
    if !closes && shared.mailbox.close_cause().is_some() {
        // Nothing new is begun after close; the command is about to arrive.
        return pending().await;
    }
    match work {
        Work::Announce(event) => {
            if let Some(callback) = hands.publish(event, shared) {
                callback.await;
            }
            Done::Announced
        }
        Work::AnnounceLast(event) => {
            if let Some(callback) = hands.publish(event, shared) {
                let _ = callback.now_or_never();
            }
            Done::Announced
        }
        Work::CloseLink(link) => {
            if let Some(link) = link {
                link.close().await;
            }
            Done::LinkClosed
        }
        Work::Connect(address) => Done::Dialed(hands.connector.connect(&address).await),
        Work::ObtainAddress => Done::Address(hands.connector.address().await),
        Work::Wait(until) => {
            tokio::time::sleep_until(until).await;
            Done::Waited
        }
        Work::WatchLink => pending().await,
    }
}

fn completed<C: Connector>(done: Option<Done<C>>) -> Option<C::Connection> {
    match done {
        Some(Done::Dialed(Ok(link))) => Some(link),
        Some(_) | None => None,
    }
}

async fn link_end<K>(end: &mut Option<BoxFuture<'static, K>>) -> K {
    match end {
        Some(end) => end.await,
        None => pending().await,
    }
}

impl<C: Connector> Hands<C> {
    fn publish(&mut self, event: Option<Event<C>>, shared: &Shared<C>) -> Option<BoxFuture<'static, ()>> {
        let event = event?;
        trace::announced(&shared.server_name, shared.is_quiet(), &event);
        shared.bus.publish(event.clone());
        Some(self.on_event.as_mut()?(event))
    }
}

impl<C: Connector> Desk<C> {
    pub(crate) fn new(shared: Arc<Shared<C>>, wall_clock: Arc<dyn WallClock>) -> Self {
        Self {
            shared,
            wall_clock,
            link: None,
            link_end: None,
            live_since: None,
            end_cause: None,
            error: None,
        }
    }

    fn prepare(&mut self, activity: Activity<C::Address>) -> Work<C> {
        match activity {
            Activity::Announce(announcement) => Work::Announce(self.event(announcement)),
            Activity::AnnounceLast(announcement) => Work::AnnounceLast(self.event(announcement)),
            Activity::CloseLink => Work::CloseLink(self.link.take()),
            Activity::Connect(address) => Work::Connect(address),
            Activity::ObtainAddress => Work::ObtainAddress,
            Activity::Wait(until) => Work::Wait(until),
            Activity::WatchLink => Work::WatchLink,
        }
    }

    /// None only if the machine announced what never happened.
    fn event(&self, announcement: Announcement<C::Address>) -> Option<Event<C>> {
        Some(match announcement {
            Announcement::AttemptingToConnect => Event::AttemptingToConnect,
            Announcement::ObtainedAddress(address) => Event::ObtainedAddress(address),
            Announcement::FailedToConnect => Event::FailedToConnect(self.error.clone()?),
            Announcement::Connected => Event::Connected(self.link.clone()?),
            Announcement::Disconnected => Event::Disconnected,
        })
    }

    fn note(&mut self, done: Done<C>) -> Input<C::Address> {
        match done {
            Done::Address(Ok(address)) => Input::Address(address),
            Done::Address(Err(error)) | Done::Dialed(Err(error)) => {
                let error = Arc::new(error);
                self.error = Some(Arc::clone(&error));
                Input::AttemptFailed(Failure::new(error))
            }
            Done::Announced => Input::Announced,
            Done::Dialed(Ok(link)) => {
                self.link = Some(link);
                Input::Dialed
            }
            Done::LinkClosed => Input::LinkClosed,
            Done::Waited => Input::WaitOver,
        }
    }

    fn note_end(&mut self, cause: CauseOf<C>) -> Input<C::Address> {
        self.link_end = None;
        let text = cause.to_string().into();
        self.end_cause = Some(cause);
        Input::LinkLost(text)
    }

    fn apply(&mut self, effect: Effect) {
        match effect {
            Effect::DropLink => self.drop_link(),
            Effect::RetireLink => {
                self.link_end = None;
                self.shared.drop_link();
            }
            Effect::ReportFailure { attempt, severity } => {
                if let Some(error) = &self.error {
                    let failure = Failure::new(Arc::clone(error));
                    trace::attempt_failed(&self.shared.server_name, attempt, severity, &failure);
                    self.shared.add_outcome(Err(Arc::clone(error)));
                }
            }
            Effect::SetState(state) => {
                if let State::Closed { cause } = &state {
                    trace::closed(&self.shared.server_name, self.shared.is_quiet(), cause);
                }
                self.shared.set_state(state);
            }
            Effect::TakeLink { failures } => self.take_link(failures),
        }
    }

    fn take_link(&mut self, failures: u32) {
        let Some(link) = self.link.clone() else { return };
        let watched = link.clone();
        self.link_end = Some(Box::pin(async move { watched.closed().await }));
        self.live_since = Some(Instant::now());
        trace::connected(&self.shared.server_name, self.shared.is_quiet(), failures);
        self.shared.add_outcome(Ok(link));
    }

    fn drop_link(&mut self) {
        self.link = None;
        self.shared.drop_link();
        let (Some(cause), Some(since)) = (self.end_cause.take(), self.live_since.take()) else { return };
        let lived = since.elapsed();
        trace::link_lost(&self.shared.server_name, self.shared.is_quiet(), &cause, lived);
        self.shared.add_lost(LostLink { cause, lived, at: self.wall_clock.now() });
    }
}

impl<C: Connector> Drop for Desk<C> {
    fn drop(&mut self) {
        self.shared.finish();
    }
}
