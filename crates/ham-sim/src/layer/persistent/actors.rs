//! The users of the connection: the callback, subscribers, waiters and steps.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use ham_persistent::{AttemptError, BusItem, Event, Events, Persistent};
use tokio::time::timeout;

use super::connector::SimConnector;
use super::event::{Answer, Call, Caller, CloseCause, EngineEvent, EngineState, Happened, Wait};
use super::life::{Action, CallbackAction, Reads, Step};
use super::stage::Stage;
use crate::time::{pause, spawn, yields};

impl EngineEvent {
    pub(super) fn of(event: &Event<SimConnector>) -> Self {
        match event {
            Event::AttemptingToConnect => Self::Attempting,
            Event::ObtainedAddress(place) => Self::Address(*place),
            Event::FailedToConnect(error) => Self::Failed(error.0),
            Event::Connected(link) => Self::Connected(link.number),
            Event::Disconnected => Self::Disconnected,
        }
    }
}

/// The callback of one event.
pub(super) fn callback(
    stage: &Stage,
    event: &Event<SimConnector>,
) -> impl Future<Output = ()> + Send + use<> {
    let nth = stage.script.next_event();
    stage.script.note(Happened::Published {
        nth,
        event: EngineEvent::of(event),
        state: stage.engine_state(),
    });
    stage.script.reach(super::life::Trigger::Published(nth));
    let guard = Guard { stage: Some(stage.clone()), nth };
    let (stage, script) = (stage.clone(), stage.script.callback(nth));
    async move {
        if let Some(script) = script {
            yields(script.yields).await;
            if !script.takes.is_zero() {
                pause(script.takes).await;
            }
            match script.then {
                CallbackAction::Nothing => {}
                CallbackAction::Close => stage.engine.call(Caller::Callback, Call::Close),
                CallbackAction::Redial => stage.engine.call(Caller::Callback, Call::Redial),
                CallbackAction::CloseAfterLink => stage.engine.call(Caller::Callback, Call::CloseAfterLink),
                CallbackAction::AwaitClose => {
                    stage.engine.call(Caller::Callback, Call::Close);
                    let closed = stage.engine.handle().map(|handle| handle.close());
                    if let Some(closed) = closed {
                        closed.await;
                    }
                }
            }
        }
        guard.over();
    }
}

/// Notes how a callback ended.
struct Guard {
    stage: Option<Stage>,
    nth: u64,
}

impl Guard {
    fn over(mut self) {
        if let Some(stage) = self.stage.take() {
            stage.script.note(Happened::CallbackEnded { nth: self.nth });
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(stage) = self.stage.take() {
            stage.script.note(Happened::CallbackDropped { nth: self.nth });
        }
    }
}

/// Reads the bus until it ends, or the subscriber has had enough.
pub(super) async fn subscriber(stage: Stage, number: u64, mut events: Events<SimConnector>, reads: Reads) {
    let mut heard = 0;
    loop {
        if let Reads::Some(enough) = reads
            && heard >= enough
        {
            stage.script.note(Happened::Unsubscribed { subscriber: number });
            return;
        }
        match events.next().await {
            None => {
                stage.script.note(Happened::BusEnded { subscriber: number });
                return;
            }
            Some(BusItem::Event(event)) => {
                heard += 1;
                stage.script.note(Happened::Heard { subscriber: number, event: EngineEvent::of(&event) });
            }
            Some(BusItem::Missed(count)) => stage.script.note(Happened::Missed { subscriber: number, count }),
        }
        if let Reads::Slowly(time) = reads {
            pause(time).await;
        }
    }
}

pub(super) fn subscribe(
    stage: &Stage,
    handle: &Persistent<SimConnector>,
    reads: Reads,
) -> tokio::task::JoinHandle<()> {
    let number = stage.script.number();
    stage.script.note(Happened::Subscribed { subscriber: number });
    spawn(subscriber(stage.clone(), number, handle.event_bus(), reads))
}

/// Watches the state until it is closed, or until nobody changes it any more.
pub(super) async fn watcher(stage: Stage, mut state: tokio::sync::watch::Receiver<ham_persistent::State>) {
    loop {
        let seen = EngineState::of(&state.borrow_and_update());
        stage.script.note(Happened::Watched { state: seen });
        if state.changed().await.is_err() {
            return;
        }
    }
}

/// Takes a step once its moment has come. Returns the subscriber that it started, if any.
pub(super) async fn step(stage: Stage, step: Step) -> Option<tokio::task::JoinHandle<()>> {
    if !stage.script.moment(step.when).await {
        return None;
    }
    if !step.after.is_zero() {
        pause(step.after).await;
    }
    yields(step.yields).await;
    let by = Caller::Step;
    match step.action {
        Action::Close => stage.engine.call(by, Call::Close),
        Action::Redial => stage.engine.call(by, Call::Redial),
        Action::CloseAfterLink => stage.engine.call(by, Call::CloseAfterLink),
        Action::Drop => stage.drop_one(step.handle),
        Action::Clone => {
            if let Some(handle) = stage.take_handle(step.handle) {
                stage.keep_handle(handle);
            }
        }
        Action::LoseLink => {
            if let Some(link) = stage.links.last() {
                link.lose();
            }
        }
        Action::Subscribe(reads) => {
            let handle = stage.take_handle(step.handle)?;
            let subscriber = subscribe(&stage, &handle, reads);
            stage.drop_handle(handle);
            return Some(subscriber);
        }
        Action::Connected { patience } => {
            wait(&stage, step.handle, patience, Wait::Connected, |handle| async move {
                match handle.connected().await {
                    Ok(link) => Answer::Link(link.number),
                    Err(closed) => Answer::Closed(CloseCause::of(&closed.cause)),
                }
            })
            .await;
        }
        Action::Outcome { patience } => {
            wait(&stage, step.handle, patience, Wait::Outcome, |handle| async move {
                answer(handle.connected_or_failed_to_connect().await.map(|link| link.number))
            })
            .await;
        }
        Action::CloseAndWait => {
            let noting = stage.clone();
            wait(&stage, step.handle, LONG, Wait::Close, |handle| async move {
                noting.script.note(Happened::Called { by, call: Call::Close });
                handle.close().await;
                Answer::Done
            })
            .await;
        }
    }
    None
}

pub(super) fn answer(outcome: Result<u64, AttemptError<super::connector::Refused>>) -> Answer {
    match outcome {
        Ok(link) => Answer::Link(link),
        Err(AttemptError::FailedToConnect(error)) => Answer::Failed(error.0),
        Err(AttemptError::Closed(closed)) => Answer::Closed(CloseCause::of(&closed.cause)),
    }
}

/// Waits on a handle of its own, with limited patience, and records what it was told.
pub(super) async fn wait<F, Fut>(stage: &Stage, which: usize, patience: Duration, call: Wait, f: F)
where
    F: FnOnce(Arc<Persistent<SimConnector>>) -> Fut,
    Fut: Future<Output = Answer>,
{
    let Some(handle) = stage.take_handle(which).map(Arc::new) else { return };
    let waiter = stage.script.number();
    stage.script.note(Happened::Waits { waiter, call });
    let what = timeout(patience, f(Arc::clone(&handle))).await.unwrap_or(Answer::GaveUp);
    stage.script.note(Happened::Told { waiter, what });
    if let Ok(handle) = Arc::try_unwrap(handle) {
        stage.drop_handle(handle);
    }
}

/// Longer than any close of a life takes.
const LONG: Duration = Duration::from_secs(600);
