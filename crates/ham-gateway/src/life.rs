//! The life of a gateway.

use tokio::sync::watch;

/// How far a gateway has come with its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Life {
    Running,
    /// It does everything, and says that it is not ready.
    Leaving,
    /// No new calls; those under way end.
    Draining,
    /// What is left is cut off.
    Stopped,
}

impl Life {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Leaving => "leaving",
            Self::Draining => "draining",
            Self::Stopped => "stopped",
        }
    }
}

/// Watches it.
#[derive(Clone, Debug)]
pub(crate) struct LifeWatch(pub(crate) watch::Receiver<Life>);

impl LifeWatch {
    /// Resolves once it has come so far, or the gateway is gone.
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub(crate) async fn reaches(&mut self, part: Life) {
        // Where nobody can send any more, it is over.
        let _ = self.0.wait_for(|life| *life >= part).await;
    }
}
