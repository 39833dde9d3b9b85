//! Whether the peer is still there: a pure rule over instants, no clock and no socket.

use std::time::Duration;

use tokio::time::Instant;

use crate::clock::after;
use crate::config::SessionConfig;
use crate::pending::Load;
use crate::stall::StallDetector;

mod due;
mod health;

pub(crate) use due::{Death, Due};
pub use health::Health;

/// The rule. It knows nothing about keys: the pump says when a ping or a probe was answered.
#[derive(Debug)]
pub(crate) struct Liveness {
    ping_interval: Duration,
    ping_timeout: Duration,
    silence_bound: Option<Duration>,
    /// Without a probe, it says only when a stuck link counts as degraded.
    degraded_after: Option<Duration>,
    probes: bool,
    stuck_timeout: Option<Duration>,
    /// When the last byte of any kind came from the peer.
    heard: Instant,
    /// When bytes of a message last moved: see [`Liveness::read`].
    progress: Instant,
    /// How much of an incomplete message has come, and whether it stalls.
    partial: u64,
    reading: StallDetector,
    /// Whether what the socket has not taken yet stalls.
    writing: StallDetector,
    next_ping: Instant,
    /// When the unanswered ping was sent.
    ping: Option<Instant>,
    next_check: Instant,
    /// When the unanswered probe was sent.
    probe: Option<Instant>,
    /// Since when every place has been taken by requests that nobody waits for.
    stuck: Option<Instant>,
    health: Health,
}

impl Liveness {
    pub(crate) fn new(config: &SessionConfig, probes: bool, now: Instant) -> Self {
        let next_check = config.degraded_after.map_or(now, |wait| after(now, wait));
        let stall_timeout = config.ping_interval.saturating_add(config.ping_timeout);
        let detector = |largest: usize| StallDetector::new(config.least_rate, stall_timeout, largest as u64);
        Self {
            ping_interval: config.ping_interval,
            ping_timeout: config.ping_timeout,
            silence_bound: config.silence_bound,
            degraded_after: config.degraded_after,
            probes,
            stuck_timeout: config.stuck_timeout,
            heard: now,
            progress: now,
            partial: 0,
            reading: detector(config.max_message_size),
            // Many messages may follow each other.
            writing: detector(usize::MAX),
            next_ping: after(now, config.ping_interval),
            ping: None,
            next_check,
            probe: None,
            stuck: None,
            health: Health::Healthy,
        }
    }

    /// Bytes came from the peer.
    pub(crate) fn heard(&mut self, now: Instant) {
        self.heard = now;
    }

    /// Bytes came: whether they end a message, and how many bytes (`partial`) there are of an incomplete one.
    ///
    /// It extends a pong's deadline, because a pong queues behind the messages before it: a large message on a slow path does not
    /// mean a dead peer. Control frames do not count, so a peer that only pings is not taken for a live one.
    pub(crate) fn read(&mut self, now: Instant, message: bool, partial: u64) {
        let before = if message { 0 } else { self.partial };
        self.partial = partial;
        if message || partial == 0 {
            self.reading.done();
        }
        if message || partial > before {
            self.progress = now;
        }
        if partial > before {
            self.reading.moved(now, partial - before);
        }
    }

    /// We are not reading, by our own choice: the peer must not be judged by its silence until now.
    pub(crate) fn held(&mut self, now: Instant) {
        self.heard = now;
        self.progress = now;
        self.stuck = None;
        self.reading.excuse(now);
    }

    /// Whether a pong or the answer to a probe is awaited.
    pub(crate) fn awaits(&self) -> bool {
        self.ping.is_some() || self.probe.is_some()
    }

    /// The socket took this many bytes, but not everything. This also extends a pong's deadline, as long as it is fast enough to
    /// count: the ping itself queues behind what is written.
    pub(crate) fn wrote(&mut self, now: Instant, bytes: u64) {
        if self.writing.moved(now, bytes) {
            self.progress = now;
        }
    }

    /// The socket took everything.
    pub(crate) fn wrote_all(&mut self) {
        self.writing.done();
    }

    /// The ping was answered; returns how long it took.
    pub(crate) fn pong(&mut self, now: Instant) -> Option<Duration> {
        self.ping.take().map(|sent| now.saturating_duration_since(sent))
    }

    /// A request was answered, late or not, so a place is free; returns the new health if it changed.
    pub(crate) fn answered(&mut self) -> Option<Health> {
        self.stuck = None;
        self.probe_answered()
    }

    /// The probe was answered; returns the new health if it changed.
    pub(crate) fn probe_answered(&mut self) -> Option<Health> {
        self.probe = None;
        if self.stuck.is_some() { None } else { self.turn(Health::Healthy) }
    }

    /// Whether [`Liveness::answered`] would change anything: spares the common case the call.
    pub(crate) fn in_doubt(&self) -> bool {
        self.probe.is_some() || self.stuck.is_some() || self.health != Health::Healthy
    }

    /// The latest moment when [`Liveness::tick`] has something to say.
    pub(crate) fn deadline(&self) -> Instant {
        let mut deadline = self.ping_deadline().unwrap_or(self.next_ping);
        if let Some(bound) = self.silence_bound {
            deadline = deadline.min(after(self.heard, bound));
        }
        if let Some(by) = self.reading.deadline() {
            deadline = deadline.min(by);
        }
        if let (Some(since), Some(timeout)) = (self.stuck, self.stuck_timeout) {
            deadline = deadline.min(after(since, timeout));
        }
        if self.degraded_after.is_some() && self.probes {
            deadline = deadline.min(self.next_check);
        }
        if self.degraded_after.is_some()
            && self.health == Health::Healthy
            && let Some((_, by)) = self.doubt()
        {
            deadline = deadline.min(by);
        }
        deadline
    }

    /// Applies the rule at `now`, given how the requests stand.
    pub(crate) fn tick(&mut self, now: Instant, load: Load) -> Due {
        self.stuck = if load.stuck { self.stuck.or(Some(now)) } else { None };
        let mut due = Due { death: self.death(now), ..Due::default() };
        if due.death.is_some() {
            return due;
        }
        if self.ping.is_none() && now >= self.next_ping {
            self.ping = Some(now);
            self.next_ping = after(now, self.ping_interval);
            due.ping = true;
        }
        if let Some(degraded_after) = self.degraded_after {
            due.health = self.judge(now);
            due.probe = self.check(now, load.oldest, degraded_after);
        }
        due
    }

    fn death(&self, now: Instant) -> Option<Death> {
        let since = |moment| now.saturating_duration_since(moment);
        if self.silence_bound.is_some_and(|bound| since(self.heard) >= bound) {
            return Some(Death::Silent { after: since(self.heard) });
        }
        if self.ping_deadline().is_some_and(|deadline| now >= deadline) {
            return Some(Death::Silent { after: self.ping.map_or(Duration::ZERO, since) });
        }
        if let Some(slow) = self.reading.lost(now) {
            return Some(Death::TooSlow(slow));
        }
        let stuck =
            self.stuck.filter(|since| self.stuck_timeout.is_some_and(|wait| now >= after(*since, wait)))?;
        Some(Death::Stuck { after: since(stuck) })
    }

    /// Since when there is doubt, and when it is too old to keep quiet about: the earlier one of the probe's and the places'.
    fn doubt(&self) -> Option<(Instant, Instant)> {
        let probe = self.probe.map(|sent| (sent, after(sent, self.ping_timeout)));
        let stuck = self.stuck.zip(self.degraded_after).map(|(since, wait)| (since, after(since, wait)));
        probe.into_iter().chain(stuck).min_by_key(|(_, by)| *by)
    }

    fn judge(&mut self, now: Instant) -> Option<Health> {
        match (self.doubt(), self.health) {
            (Some((since, by)), Health::Healthy) if now >= by => self.turn(Health::Degraded { since }),
            (None, Health::Degraded { .. }) => self.turn(Health::Healthy),
            _ => None,
        }
    }

    /// Whether a probe is due.
    fn check(&mut self, now: Instant, oldest: Option<Instant>, degraded_after: Duration) -> bool {
        if now < self.next_check {
            return false;
        }
        let ripe = oldest.is_some_and(|oldest| now >= after(oldest, degraded_after));
        let due = self.probes && ripe && self.probe.is_none();
        if due {
            self.probe = Some(now);
        }
        self.next_check = match oldest {
            Some(oldest) if !ripe => after(oldest, degraded_after),
            _ => after(now, degraded_after),
        };
        due
    }

    fn ping_deadline(&self) -> Option<Instant> {
        self.ping.map(|sent| after(sent.max(self.progress), self.ping_timeout))
    }

    fn turn(&mut self, to: Health) -> Option<Health> {
        let changed = self.health != to;
        self.health = to;
        changed.then_some(to)
    }
}

#[cfg(test)]
mod tests;
