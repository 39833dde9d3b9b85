//! Whether the peer is still there: a pure rule over instants, no clock and no socket.

use std::time::Duration;

use tokio::time::Instant;

use crate::clock::after;
use crate::config::SessionConfig;

/// How well a live link works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Health {
    /// Requests are answered, or nothing says otherwise.
    Healthy,
    /// Requests are outstanding for long, and the probe is not answered either. The link is not closed for it.
    Degraded {
        /// When the unanswered probe was sent.
        since: Instant,
    },
}

/// What a tick asks for, in this order of weight.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Due {
    /// The peer is gone.
    pub(crate) dead: Option<Duration>,
    /// Send a ping now.
    pub(crate) ping: bool,
    /// Send a probe now; an older unanswered one is forgotten.
    pub(crate) probe: bool,
    /// The health changed to this.
    pub(crate) health: Option<Health>,
}

/// The rule. It knows nothing of keys: the pump says when a ping or a probe was answered.
#[derive(Debug)]
pub(crate) struct Liveness {
    ping_interval: Duration,
    ping_timeout: Duration,
    silence_bound: Option<Duration>,
    degraded_after: Option<Duration>,
    /// The last byte from the peer, of whatever kind.
    heard: Instant,
    /// The last time bytes of a message moved: see [`Liveness::progressed`].
    progress: Instant,
    next_ping: Instant,
    /// When the unanswered ping was sent.
    ping: Option<Instant>,
    next_check: Instant,
    /// When the unanswered probe was sent.
    probe: Option<Instant>,
    health: Health,
}

impl Liveness {
    pub(crate) fn new(config: &SessionConfig, probes: bool, now: Instant) -> Self {
        let degraded_after = config.degraded_after.filter(|_| probes);
        Self {
            ping_interval: config.ping_interval,
            ping_timeout: config.ping_timeout,
            silence_bound: config.silence_bound,
            degraded_after,
            heard: now,
            progress: now,
            next_ping: after(now, config.ping_interval),
            ping: None,
            next_check: degraded_after.map_or(now, |wait| after(now, wait)),
            probe: None,
            health: Health::Healthy,
        }
    }

    /// Bytes came from the peer.
    pub(crate) fn heard(&mut self, now: Instant) {
        self.heard = now;
    }

    /// Bytes of a message moved: a message came, or a part of one, or the socket took bytes and more are waiting.
    ///
    /// It extends a pong's deadline, because a pong queues behind the messages before it: a large message on a slow
    /// path is not a dead peer. Control frames do not count, so a peer that only pings is not taken for a live one.
    pub(crate) fn progressed(&mut self, now: Instant) {
        self.progress = now;
    }

    /// The ping was answered; how long it took.
    pub(crate) fn pong(&mut self, now: Instant) -> Option<Duration> {
        self.ping.take().map(|sent| now.saturating_duration_since(sent))
    }

    /// The probe or any request was answered; the new health if it changed.
    pub(crate) fn answered(&mut self) -> Option<Health> {
        self.probe = None;
        self.turn(Health::Healthy)
    }

    /// Whether [`Liveness::answered`] would change anything: spares the common case the call.
    pub(crate) fn in_doubt(&self) -> bool {
        self.probe.is_some() || self.health != Health::Healthy
    }

    /// When [`Liveness::tick`] has something to say at the latest.
    pub(crate) fn deadline(&self) -> Instant {
        let mut deadline = self.ping_deadline().unwrap_or(self.next_ping);
        if let Some(bound) = self.silence_bound {
            deadline = deadline.min(after(self.heard, bound));
        }
        if self.degraded_after.is_some() {
            deadline = deadline.min(self.next_check);
            if self.health == Health::Healthy
                && let Some(sent) = self.probe
            {
                deadline = deadline.min(after(sent, self.ping_timeout));
            }
        }
        deadline
    }

    /// Applies the rule at `now`; `oldest` is when the oldest request that is with the peer was submitted.
    pub(crate) fn tick(&mut self, now: Instant, oldest: Option<Instant>) -> Due {
        let mut due = Due::default();
        let silence = now.saturating_duration_since(self.heard);
        let unheard = self.silence_bound.is_some_and(|bound| silence >= bound);
        let unanswered = self.ping_deadline().is_some_and(|deadline| now >= deadline);
        if unheard || unanswered {
            let waited = self.ping.map_or(Duration::ZERO, |sent| now.saturating_duration_since(sent));
            due.dead = Some(if unheard { silence } else { waited });
            return due;
        }
        if self.ping.is_none() && now >= self.next_ping {
            self.ping = Some(now);
            self.next_ping = after(now, self.ping_interval);
            due.ping = true;
        }
        if let Some(patience) = self.degraded_after {
            self.check(now, oldest, patience, &mut due);
        }
        due
    }

    fn check(&mut self, now: Instant, oldest: Option<Instant>, patience: Duration, due: &mut Due) {
        if let Some(sent) = self.probe
            && now >= after(sent, self.ping_timeout)
        {
            due.health = match self.health {
                Health::Healthy => self.turn(Health::Degraded { since: sent }),
                Health::Degraded { .. } => None,
            };
        }
        if now < self.next_check {
            return;
        }
        let ripe = oldest.is_some_and(|oldest| now >= after(oldest, patience));
        let slot_free = self.probe.is_none_or(|sent| now >= after(sent, self.ping_timeout));
        if ripe && slot_free {
            self.probe = Some(now);
            due.probe = true;
        }
        self.next_check = match oldest {
            Some(oldest) if !ripe => after(oldest, patience),
            _ => after(now, patience),
        };
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
