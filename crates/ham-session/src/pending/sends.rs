//! The frames of a link that expect no answer: sends and replies.

use std::collections::VecDeque;

use tokio::time::Instant;

use super::callers::{Caller, Ended, Waiter};
use crate::error::Phase;
use crate::frame::Frame;

/// Frames that expect no answer.
#[derive(Debug, Default)]
pub(super) struct Sends {
    /// Those that wait for the pump, in the order of their serial numbers.
    queue: VecDeque<Queued>,
    waiting_bytes: usize,
    /// The callers of those that the pump took, until the socket has taken them.
    unflushed: Vec<Notice>,
}

#[derive(Debug)]
struct Queued {
    serial: u64,
    frame: Frame,
    notice: Option<Notice>,
}

/// A caller that waits until its send has been written.
type Notice = (Caller, Waiter<()>);

impl Sends {
    pub(super) fn push(&mut self, serial: u64, frame: Frame, notice: Option<Notice>) {
        self.waiting_bytes += frame.len();
        self.queue.push_back(Queued { serial, frame, notice });
    }

    /// The serial number of the next frame.
    pub(super) fn next(&self) -> Option<u64> {
        self.queue.front().map(|queued| queued.serial)
    }

    pub(super) fn take(&mut self) -> Option<Frame> {
        let Queued { frame, notice, .. } = self.queue.pop_front()?;
        self.waiting_bytes -= frame.len();
        self.unflushed.extend(notice);
        Some(frame)
    }

    pub(super) fn flushed(&mut self) {
        for (_, waiter) in self.unflushed.drain(..) {
            // A caller that went away is not told.
            let _ = waiter.send(Ok(()));
        }
    }

    pub(super) fn withdraw(&mut self, serial: u64) {
        if let Ok(at) = self.queue.binary_search_by_key(&serial, |queued| queued.serial)
            && let Some(queued) = self.queue.remove(at)
        {
            self.waiting_bytes -= queued.frame.len();
        }
    }

    pub(super) fn expire<In>(&mut self, now: Instant, ended: &mut Vec<Ended<In>>) {
        self.queue.retain_mut(|queued| {
            match queued.notice.take_if(|(caller, _)| caller.times.deadline <= now) {
                Some((caller, waiter)) => {
                    self.waiting_bytes -= queued.frame.len();
                    ended.push(Ended::Send(caller, Phase::Queued, waiter));
                    false
                }
                None => true,
            }
        });
        let late = self.unflushed.extract_if(.., |(caller, _)| caller.times.deadline <= now);
        ended.extend(late.map(|(caller, waiter)| Ended::Send(caller, Phase::Sent, waiter)));
    }

    pub(super) fn end<In>(&mut self, ended: &mut Vec<Ended<In>>) {
        self.waiting_bytes = 0;
        let queued = self.queue.drain(..).filter_map(|queued| queued.notice);
        ended.extend(queued.map(|(caller, waiter)| Ended::Send(caller, Phase::Queued, waiter)));
        ended.extend(
            self.unflushed.drain(..).map(|(caller, waiter)| Ended::Send(caller, Phase::Sent, waiter)),
        );
    }

    pub(super) fn waiting(&self) -> usize {
        self.queue.len()
    }

    pub(super) fn waiting_bytes(&self) -> usize {
        self.waiting_bytes
    }

    pub(super) fn awaits_flush(&self) -> bool {
        !self.unflushed.is_empty()
    }

    pub(super) fn is_idle(&self) -> bool {
        self.queue.is_empty() && self.unflushed.is_empty()
    }

    pub(super) fn deadlines(&self) -> impl Iterator<Item = Instant> {
        let queued = self.queue.iter().filter_map(|queued| queued.notice.as_ref());
        queued.chain(&self.unflushed).map(|(caller, _)| caller.times.deadline)
    }
}
