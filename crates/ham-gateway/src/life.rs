//! The life of a gateway.

use tokio::sync::watch;

/// The stages of a gateway's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Life {
    Running,
    /// It still does everything, but says that it is not ready.
    Leaving,
    /// No new calls; those under way end.
    Draining,
    /// Whatever is left is cut off.
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
    /// Resolves once it has reached this stage, or the gateway is gone.
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub(crate) async fn reaches(&mut self, part: Life) {
        // If nobody can send any more, the gateway is gone.
        let _ = self.0.wait_for(|life| *life >= part).await;
    }
}
