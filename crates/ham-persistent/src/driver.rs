//! The only task: does what the machine asks for and tells it the outcome.

mod effects;
mod work;

use std::pin::pin;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::time::Instant;

pub(crate) use self::effects::EffectHandler;
use self::work::{Work, completed, perform};
use crate::command::Inbox;
use crate::connector::Connector;
use crate::event::Event;
use crate::machine::{Activity, Input, Machine, Next};
use crate::shared::Shared;
use crate::trace;

/// The `on_event` callback.
pub(crate) type Callback<C> = Box<dyn FnMut(Event<C>) -> BoxFuture<'static, ()> + Send>;

/// The task of one persistent connection. Ends after close; the handles own it: dropping the last one closes the connection.
pub(crate) struct Driver<C: Connector> {
    pub(crate) machine: Machine<C::Address>,
    pub(crate) inbox: Inbox,
    pub(crate) hooks: Hooks<C>,
    pub(crate) effects: EffectHandler<C>,
}

/// What the owner of the connection supplies and activities call.
pub(crate) struct Hooks<C: Connector> {
    pub(crate) connector: C,
    pub(crate) on_event: Option<Callback<C>>,
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
        let Self { machine, inbox, hooks, effects } = self;
        if let Some(next) = obey(machine, inbox, effects, false) {
            return next.activity();
        }
        let dialing = matches!(activity, Activity::Connect(_));
        let work = begin(activity, hooks, effects);
        let mut work = pin!(perform(work, &mut hooks.connector).fuse());
        loop {
            // Commands first: closing waits for nothing. They are flags, each reported once, so they cannot starve the rest. The
            // activity ends once. The link's end comes last and is not lost, since it stays ended.
            let input = tokio::select! {
                biased;
                () = inbox.filled() => None,
                done = &mut work => Some(effects.note(done)),
                cause = effects.link_end() => Some(effects.note_end(cause)),
            };
            // Also before the activity's outcome: a command that came at its last moment is older.
            if let Some(next) = obey(machine, inbox, effects, true) {
                if dialing && input.is_none() {
                    // The dial may have completed just now: then there is a link to close.
                    effects.hold(completed(work.as_mut().now_or_never()));
                }
                return next.activity();
            }
            let Some(input) = input else { continue };
            match effects.follow(machine.handle(Instant::now(), input)) {
                Next::Keep => {}
                next => return next.activity(),
            }
        }
    }
}

/// Tells the machine the pending commands, until it wants another activity, or none. The outcome of the activity under way is then no
/// longer an input.
fn obey<C: Connector>(
    machine: &mut Machine<C::Address>,
    inbox: &mut Inbox,
    effects: &mut EffectHandler<C>,
    begun: bool,
) -> Option<Next<C::Address>> {
    while let Some(command) = inbox.take() {
        match effects.follow(machine.handle(Instant::now(), Input::Command { command, begun })) {
            Next::Keep => {}
            next => return Some(next),
        }
    }
    None
}

/// Takes what the activity needs, and publishes what it announces: from here on that counts as having happened.
fn begin<C: Connector>(
    activity: Activity<C::Address>,
    hooks: &mut Hooks<C>,
    effects: &mut EffectHandler<C>,
) -> Work<C> {
    match activity {
        Activity::Announce(announcement) => {
            Work::Announce(hooks.publish(effects.event(announcement), effects.shared()))
        }
        Activity::AnnounceLast(announcement) => {
            let callback = hooks.publish(effects.event(announcement), effects.shared());
            let _ = callback.and_then(FutureExt::now_or_never);
            Work::Announce(None)
        }
        Activity::CloseLink => Work::CloseLink(effects.release()),
        Activity::Connect(address) => Work::Connect(address),
        Activity::ObtainAddress => Work::ObtainAddress,
        Activity::Wait(until) => Work::Wait(until),
        Activity::WatchLink => Work::WatchLink,
    }
}

impl<C: Connector> Hooks<C> {
    fn publish(&mut self, event: Option<Event<C>>, shared: &Shared<C>) -> Option<BoxFuture<'static, ()>> {
        let event = event?;
        trace::announced(&shared.server_name, shared.is_quiet(), &event);
        shared.bus.publish(event.clone());
        Some(self.on_event.as_mut()?(event))
    }
}
