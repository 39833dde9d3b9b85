//! Starts a persistent connection.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use tokio::time::Instant;

use crate::backoff::Randomness;
use crate::clock::{SystemWallClock, WallClock};
use crate::config::Config;
use crate::connector::Connector;
use crate::driver::{Callback, Driver, EffectHandler, Hooks};
use crate::error::AttemptError;
use crate::event::Event;
use crate::handle::Persistent;
use crate::machine::Machine;
use crate::shared::Shared;

/// Starts a [`Persistent`]; made by [`Persistent::builder`].
///
/// # Defaults
/// [`Config::default`], no callback, [`Randomness::Entropy`], [`SystemWallClock`].
#[must_use = "a builder starts nothing until `spawn`"]
pub struct Builder<C: Connector> {
    server_name: Arc<str>,
    connector: C,
    config: Config,
    on_event: Option<Callback<C>>,
    randomness: Randomness,
    wall_clock: Arc<dyn WallClock>,
}

impl<C: Connector> Persistent<C> {
    /// Starts a connection to a peer that logs and people call `server_name`, without a callback.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    #[must_use = "dropping the only handle closes the connection"]
    pub fn spawn(server_name: impl Into<String>, connector: C, config: Config) -> Self {
        Self::builder(server_name, connector).config(config).spawn()
    }

    /// Starts to configure a connection that needs more than a [`Config`].
    pub fn builder(server_name: impl Into<String>, connector: C) -> Builder<C> {
        Builder::new(server_name.into(), connector)
    }
}

impl<C: Connector> Builder<C> {
    fn new(server_name: String, connector: C) -> Self {
        Self {
            server_name: server_name.into(),
            connector,
            config: Config::default(),
            on_event: None,
            randomness: Randomness::default(),
            wall_clock: Arc::new(SystemWallClock),
        }
    }

    /// How the connection behaves.
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Calls `callback` for every event and waits for it before the next step, so `Disconnected` comes only after the callback of
    /// `Connected` has finished.
    ///
    /// Closing does not wait: a callback that is running then is dropped, and that of the last event runs only up to its first await.
    /// The callback may therefore call and await `close`. A callback that owns a [`Persistent`] keeps it open; let it own a
    /// [`WeakPersistent`](crate::WeakPersistent).
    pub fn on_event<F, Fut>(mut self, mut callback: F) -> Self
    where
        F: FnMut(Event<C>) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        self.on_event = Some(Box::new(move |event| Box::pin(callback(event))));
        self
    }

    /// Where the jitter's randomness comes from.
    pub fn randomness(mut self, randomness: Randomness) -> Self {
        self.randomness = randomness;
        self
    }

    /// The clock for times that people read; waits use tokio's.
    pub fn wall_clock(mut self, clock: impl WallClock) -> Self {
        self.wall_clock = Arc::new(clock);
        self
    }

    /// Starts the connection: its task begins the first attempt.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn spawn(self) -> Persistent<C> {
        self.start(false)
    }

    /// Starts the connection and resolves when its first attempt has ended; if that failed, nothing is left running. Only the first
    /// attempt is treated this way: every later outage is retried, even one that has already begun.
    ///
    /// # Errors
    /// [`AttemptError::FailedToConnect`] if the first attempt failed; [`AttemptError::Closed`] if the callback or the
    /// connector closed the connection before.
    ///
    /// # Cancel safety
    /// Dropping the future drops its only handle, which closes the connection.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub async fn spawn_connected(self) -> Result<Persistent<C>, AttemptError<C::Error>> {
        let persistent = self.start(true);
        persistent.first_outcome().await?;
        Ok(persistent)
    }

    fn start(self, fail_first: bool) -> Persistent<C> {
        let shared = Arc::new(Shared::new(self.server_name, &self.config));
        Driver {
            machine: Machine::new(self.config, self.randomness, fail_first, Instant::now()),
            inbox: shared.mailbox.inbox(),
            hooks: Hooks { connector: self.connector, on_event: self.on_event },
            effects: EffectHandler::new(Arc::clone(&shared), self.wall_clock),
        }
        .spawn();
        Persistent::new(shared)
    }
}

impl<C: Connector> fmt::Debug for Builder<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("server_name", &self.server_name)
            .field("config", &self.config)
            .field("randomness", &self.randomness)
            .finish_non_exhaustive()
    }
}
