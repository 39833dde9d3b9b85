//! What one attempt does.

use std::sync::Arc;
use std::time::Duration;

use ham_persistent::Permanence;
use tokio::sync::watch;

use super::error::ScriptedError;

/// What one attempt does.
#[derive(Clone, Debug)]
pub struct Attempt {
    pub(super) address: Result<String, ScriptedError>,
    pub(super) takes: Duration,
    pub(super) close_takes: Duration,
    pub(super) ending: Ending,
}

#[derive(Clone, Debug)]
pub(super) enum Ending {
    Accepted,
    Gated(Gate),
    Hanging,
    Refused(ScriptedError),
}

impl Attempt {
    /// Connects at once.
    #[must_use]
    pub fn accepted() -> Self {
        Self::new(Ending::Accepted)
    }

    /// Connects when `gate` is opened.
    #[must_use]
    pub fn gated(gate: &Gate) -> Self {
        Self::new(Ending::Gated(gate.clone()))
    }

    /// Obtains its address and then never ends.
    #[must_use]
    pub fn hanging() -> Self {
        Self::new(Ending::Hanging)
    }

    /// Fails to connect at once.
    #[must_use]
    pub fn refused(text: &str) -> Self {
        Self::new(Ending::Refused(ScriptedError::new(text, Permanence::Transient)))
    }

    /// Fails to connect at once, in a way in which the same attempt would always fail.
    #[must_use]
    pub fn refused_for_good(text: &str) -> Self {
        Self::new(Ending::Refused(ScriptedError::new(text, Permanence::Permanent)))
    }

    /// Fails to obtain an address.
    #[must_use]
    pub fn without_address(text: &str) -> Self {
        let error = ScriptedError::new(text, Permanence::Transient);
        Self { address: Err(error), ..Self::new(Ending::Hanging) }
    }

    /// Dials here instead of at `a`.
    #[must_use]
    pub fn at(mut self, address: &str) -> Self {
        self.address = Ok(address.to_owned());
        self
    }

    /// Takes this long from the address to its end.
    #[must_use]
    pub fn taking(mut self, takes: Duration) -> Self {
        self.takes = takes;
        self
    }

    /// Closing its link takes this long.
    #[must_use]
    pub fn closing_in(mut self, takes: Duration) -> Self {
        self.close_takes = takes;
        self
    }

    fn new(ending: Ending) -> Self {
        Self { address: Ok("a".to_owned()), takes: Duration::ZERO, close_takes: Duration::ZERO, ending }
    }
}

/// Holds up an attempt until it is opened.
#[derive(Clone, Debug)]
pub struct Gate {
    open: Arc<watch::Sender<bool>>,
}

impl Gate {
    /// A closed gate.
    #[must_use]
    pub fn new() -> Self {
        Self { open: Arc::new(watch::Sender::new(false)) }
    }

    /// Lets the attempt through, and every later one.
    pub fn open(&self) {
        self.open.send_replace(true);
    }

    pub(super) async fn passed(&self) {
        // This very gate owns the sender.
        let _ = self.open.subscribe().wait_for(|open| *open).await;
    }
}

impl Default for Gate {
    fn default() -> Self {
        Self::new()
    }
}
