//! A connection to one app that stays up, and on which every call gets a true outcome: the user's side.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ham_persistent::{AttemptError, WeakPersistent};
use ham_session::Link;

use crate::admin::Admin;
use crate::call::{self, Caller};
use crate::config::PersistentHamConfig;
use crate::deadline::deadline_after;
use crate::dialect::Release;
use crate::error::{CallError, ConnectError};
use crate::link::ConductorConnector;
use crate::link::Parts;
use crate::link::Signals;
use crate::link::{CurrentLink, StateWatch};
use crate::wire::ConductorProtocol;

/// A persistent connection to one app on one conductor. Cheap to clone; all clones share one link.
///
/// One task dials the link at once, and again whenever it ends, until [`close`](Self::close) or until the last clone is dropped.
/// Calls wait for the link within their deadline.
#[derive(Clone)]
pub struct PersistentHam {
    pub(crate) caller: Arc<Caller>,
}

impl fmt::Debug for PersistentHam {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PersistentHam")
            .field("config", &self.caller.config)
            .field("state", &self.state().get())
            .finish_non_exhaustive()
    }
}

impl PersistentHam {
    /// Starts the connection and returns at once; calls wait for the link.
    ///
    /// # Errors
    /// [`ConnectError::Config`] and [`ConnectError::NoInterface`] when the configuration cannot work.
    pub fn start(config: PersistentHamConfig) -> Result<Self, ConnectError> {
        let builder = Parts::new(config)?;
        let persistent = builder.persistent().spawn();
        Ok(Self { caller: builder.finish(persistent) })
    }

    /// Starts the connection and resolves when the first link is live.
    ///
    /// # Errors
    /// As [`start`](Self::start), and the reason why the first attempt failed; it is not retried.
    ///
    /// # Cancel safety
    /// Cancel-safe: dropping the future ends the attempt.
    pub async fn connect(config: PersistentHamConfig) -> Result<Self, ConnectError> {
        let builder = Parts::new(config)?;
        let persistent = builder.persistent().spawn_connected().await.map_err(|error| match error {
            AttemptError::FailedToConnect(error) => (*error).clone(),
            AttemptError::Closed(_) => ConnectError::Closed,
        })?;
        Ok(Self { caller: builder.finish(persistent) })
    }

    /// The conductor's release of Holochain. Found out once per link, with at most two requests that change nothing.
    ///
    /// # Errors
    /// See [`CallError`].
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub async fn release(&self) -> Result<Release, CallError> {
        call::release(&self.caller, deadline_after(self.caller.config.deadline)).await
    }

    /// Resolves when there is a link.
    ///
    /// # Errors
    /// [`ConnectError::TimedOut`] with the last thing that went wrong; [`ConnectError::Closed`].
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub async fn connected(&self, within: Duration) -> Result<(), ConnectError> {
        match self.caller.link(deadline_after(within)).await {
            Ok(_) => Ok(()),
            Err(CallError::NoLink { after, last, .. }) => Err(ConnectError::TimedOut { after, last }),
            Err(_) => Err(ConnectError::Closed),
        }
    }

    /// A subscription to the app's signals, starting now.
    pub fn signals(&self) -> Signals {
        self.caller.signals.subscribe()
    }

    /// Watches the state.
    pub fn state(&self) -> StateWatch {
        let link = Box::new(LinkOf(self.caller.persistent.downgrade()));
        StateWatch::new(self.caller.persistent.state(), link)
    }

    /// The most recent causes of lost links, oldest first.
    pub fn causes(&self) -> Vec<ham_persistent::LostLink<Arc<ham_session::LinkEnd>>> {
        self.caller.persistent.causes()
    }

    /// The round-trip time of the live link, as measured by its pings.
    pub fn round_trip_time(&self) -> Option<Duration> {
        self.caller.persistent.current_connection()?.round_trip_time()
    }

    /// The admin interface, where one is configured.
    pub fn admin(&self) -> Option<&Admin> {
        self.caller.admin.as_ref()
    }

    /// The configuration.
    pub fn config(&self) -> &PersistentHamConfig {
        &self.caller.config
    }

    /// Who signs: `lair` or `client`.
    pub fn signing(&self) -> &'static str {
        self.caller.signer.label()
    }

    /// Does not redial when the current link ends.
    pub(crate) fn connect_once(&self) {
        self.caller.persistent.close_when_current_connection_is_closed();
    }

    /// Ends a pause between attempts.
    pub fn redial_now(&self) {
        self.caller.persistent.redial_now();
    }

    /// Closes the connection, and also its admin interface, for all clones, unless that is a [shared
    /// one](crate::PersistentHamConfig::with_admin): outstanding calls get the session's drain time-out. Resolves when everything is
    /// released, both sockets included.
    ///
    /// # Cancel safety
    /// Closing continues if the future is dropped.
    pub async fn close(&self) {
        let admin = async {
            if let (Some(admin), None) = (&self.caller.admin, &self.config().admin_client) {
                admin.close().await;
            }
        };
        let ended = Ended(&self.caller);
        tokio::join!(self.caller.persistent.close(), admin);
        drop(ended);
        self.caller.signer.close().await;
    }
}

/// Ends what depends on a link that is closed, or whose close nobody waits for any more: the signals, and the keystore's link.
struct Ended<'a>(&'a Caller);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.signals.close();
        self.0.signer.begin_close();
    }
}

/// The current link of a handle that a watch must not keep alive.
#[derive(Debug)]
struct LinkOf(WeakPersistent<ConductorConnector>);

impl CurrentLink for LinkOf {
    fn current(&self) -> Option<Link<ConductorProtocol>> {
        self.0.upgrade()?.current_connection()
    }
}
