//! How a connection ends.

use super::Machine;
use super::phase::Phase;
use super::step::{Activity, Announcement, Effect, Input, Next, Step};
use crate::error::Cause;
use crate::state::State;

impl<A: PartialEq + Clone> Machine<A> {
    pub(super) fn close_after_link(&mut self, begun: bool) -> Step<A> {
        if matches!(self.phase, Phase::Greeting | Phase::LostWhileGreeting(_) | Phase::Live) {
            self.close_after_link = true;
            return Step::keep();
        }
        self.close(Cause::CloseCalled, begun)
    }

    /// `begun` says whether this phase's activity has begun: an announcement that has not was heard by nobody.
    pub(super) fn close(&mut self, cause: Cause, begun: bool) -> Step<A> {
        let owed = match self.phase {
            Phase::LostWhileGreeting(_) | Phase::Live => true,
            Phase::Greeting => begun,
            Phase::AnnouncingLoss(_) => !begun,
            _ => false,
        };
        self.begin_closing(cause, owed.then_some(Announcement::Disconnected)).after([Effect::RetireLink])
    }

    pub(super) fn begin_closing(&mut self, cause: Cause, last_words: Option<Announcement<A>>) -> Step<A> {
        self.start(Phase::Closing(last_words), Activity::CloseLink)
            .after([Effect::SetState(State::Closed { cause })])
    }

    /// Nothing can change the course any more.
    pub(super) fn closing(&mut self, input: &Input<A>) -> Step<A> {
        match (&mut self.phase, input) {
            (Phase::Closing(last_words), Input::LinkClosed) => match last_words.take() {
                Some(announcement) => self.start(Phase::LastWords, Activity::AnnounceLast(announcement)),
                None => Step { effects: Vec::new(), next: Next::End },
            },
            (Phase::LastWords, Input::Announced) => Step { effects: Vec::new(), next: Next::End },
            _ => Step::keep(),
        }
    }
}
