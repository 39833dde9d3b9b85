//! Carries out the machine's effects, on what the driver keeps between activities and on what the handles see.

use std::future::pending;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::time::Instant;

use super::work::Done;
use crate::clock::WallClock;
use crate::connector::{Connection, Connector};
use crate::error::Failure;
use crate::event::Event;
use crate::machine::{Announcement, Effect, Input, Next, Step};
use crate::shared::{CauseOf, LostLink, Shared};
use crate::state::State;
use crate::trace;

/// Carries out effects. It keeps the connection and errors, of which the machine knows nothing, and updates the handles' view.
pub(crate) struct EffectHandler<C: Connector> {
    shared: Arc<Shared<C>>,
    wall_clock: Arc<dyn WallClock>,
    link: Option<C::Connection>,
    link_end: Option<BoxFuture<'static, CauseOf<C>>>,
    live_since: Option<Instant>,
    end_cause: Option<CauseOf<C>>,
    error: Option<Arc<C::Error>>,
}

impl<C: Connector> EffectHandler<C> {
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

    pub(super) fn shared(&self) -> &Shared<C> {
        &self.shared
    }

    /// Keeps a link that is to be closed.
    pub(super) fn hold(&mut self, link: Option<C::Connection>) {
        self.link = link;
    }

    /// Hands out the link that is to be closed.
    pub(super) fn release(&mut self) -> Option<C::Connection> {
        self.link.take()
    }

    /// Resolves when the current link has ended; never if there is none. Cancel-safe.
    pub(super) async fn link_end(&mut self) -> CauseOf<C> {
        match &mut self.link_end {
            Some(end) => end.await,
            None => pending().await,
        }
    }

    /// `None` only if the machine announced something that never happened.
    pub(super) fn event(&self, announcement: Announcement<C::Address>) -> Option<Event<C>> {
        Some(match announcement {
            Announcement::AttemptingToConnect => Event::AttemptingToConnect,
            Announcement::ObtainedAddress(address) => Event::ObtainedAddress(address),
            Announcement::FailedToConnect => Event::FailedToConnect(self.error.clone()?),
            Announcement::Connected => Event::Connected(self.link.clone()?),
            Announcement::Disconnected => Event::Disconnected,
        })
    }

    pub(super) fn note(&mut self, done: Done<C>) -> Input<C::Address> {
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

    pub(super) fn note_end(&mut self, cause: CauseOf<C>) -> Input<C::Address> {
        self.link_end = None;
        let text = cause.to_string().into();
        self.end_cause = Some(cause);
        Input::LinkLost(text)
    }

    /// Carries out what the step asks for at once, and wakes those who wait for a turn.
    pub(super) fn follow(&mut self, step: Step<C::Address>) -> Next<C::Address> {
        let turned = !step.effects.is_empty();
        for effect in step.effects {
            self.apply(effect);
        }
        if turned {
            self.shared.turn();
        }
        step.next
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
                if let State::Closed { cause } = self.shared.set_state(state) {
                    trace::closed(&self.shared.server_name, self.shared.is_quiet(), &cause);
                }
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

impl<C: Connector> Drop for EffectHandler<C> {
    fn drop(&mut self) {
        self.shared.finish();
    }
}
