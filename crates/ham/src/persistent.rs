//! A connection to one app that stays up, and on which every call gets a true outcome: the user's side.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ham_persistent::{AttemptError, WeakPersistent};
use ham_session::Link;
use holochain_zome_types::prelude::ExternIO;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::admin::Admin;
use crate::call::{CallOptions, CallPlan, SignedCall};
use crate::cell::CallTarget;
use crate::conductor::ConductorProtocol;
use crate::config::PersistentHamConfig;
use crate::connector::ConductorConnector;
use crate::deadline::deadline_after;
use crate::dialect::Release;
use crate::error::{CallError, ConnectError};
use crate::fence::Fenced;
use crate::shared::Shared;
use crate::signal::Signals;
use crate::start::Parts;
use crate::state::{CurrentLink, StateWatch};

/// A persistent connection to one app on one conductor. Cheap to clone; all clones share one link.
///
/// The link is dialled at once and again whenever it ends, by one task, until [`close`](Self::close) or until the last
/// clone is dropped. Calls wait for it within their deadline.
#[derive(Clone)]
pub struct PersistentHam {
    pub(crate) shared: Arc<Shared>,
}

impl fmt::Debug for PersistentHam {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PersistentHam")
            .field("config", &self.shared.config)
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
        Ok(builder.finish(persistent))
    }

    /// Starts the connection and resolves when the first link is live.
    ///
    /// # Errors
    /// As [`start`](Self::start), and why the first attempt failed; nothing is retried then.
    ///
    /// # Cancel safety
    /// Cancel-safe: dropping the future ends the attempt.
    pub async fn connect(config: PersistentHamConfig) -> Result<Self, ConnectError> {
        let builder = Parts::new(config)?;
        let persistent = builder.persistent().spawn_connected().await.map_err(|error| match error {
            AttemptError::FailedToConnect(error) => (*error).clone(),
            AttemptError::Closed(_) => ConnectError::Closed,
        })?;
        Ok(builder.finish(persistent))
    }

    /// The release of Holochain that the conductor is of. Found out once a link, by at most two requests that change
    /// nothing.
    ///
    /// # Errors
    /// See [`CallError`].
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub async fn release(&self) -> Result<Release, CallError> {
        self.shared.release(deadline_after(self.shared.config.deadline)).await
    }

    /// Calls a zome function with the connection's deadline and [`CallPolicy::Resume`](crate::CallPolicy::Resume).
    ///
    /// # Errors
    /// See [`CallError`]; ask it for [`outcome`](CallError::outcome), [`effect`](CallError::effect) and
    /// [`recovery`](CallError::recovery).
    ///
    /// # Cancel safety
    /// Dropping the future gives up the answer; a call that was sent may still run. To keep its fate in hand use
    /// [`prepare`](Self::prepare).
    pub async fn call_zome<I, O>(
        &self,
        target: impl Into<CallTarget>,
        zome: &str,
        function: &str,
        payload: I,
    ) -> Result<O, CallError>
    where
        I: Serialize + fmt::Debug,
        O: DeserializeOwned,
    {
        self.call_zome_with(target, zome, function, payload, CallOptions::default()).await
    }

    /// As [`call_zome`](Self::call_zome) with options.
    ///
    /// # Errors
    /// See [`CallError`].
    ///
    /// # Cancel safety
    /// As [`call_zome`](Self::call_zome).
    pub async fn call_zome_with<I, O>(
        &self,
        target: impl Into<CallTarget>,
        zome: &str,
        function: &str,
        payload: I,
        options: CallOptions,
    ) -> Result<O, CallError>
    where
        I: Serialize + fmt::Debug,
        O: DeserializeOwned,
    {
        let payload = Self::encode(payload)?;
        let output = self.call_zome_raw(target, zome, function, payload, options).await?;
        Self::decode(&output)
    }

    pub(crate) fn encode(input: impl Serialize + fmt::Debug) -> Result<ExternIO, CallError> {
        ExternIO::encode(input).map_err(|error| CallError::Encode(error.to_string()))
    }

    pub(crate) fn decode<O: DeserializeOwned>(output: &ExternIO) -> Result<O, CallError> {
        rmp_serde::from_slice(&output.0).map_err(|error| CallError::Decode(error.to_string()))
    }

    /// Calls a zome function with an encoded payload and returns the encoded output.
    ///
    /// # Errors
    /// See [`CallError`].
    ///
    /// # Cancel safety
    /// As [`call_zome`](Self::call_zome).
    pub async fn call_zome_raw(
        &self,
        target: impl Into<CallTarget>,
        zome: &str,
        function: &str,
        payload: ExternIO,
        options: CallOptions,
    ) -> Result<ExternIO, CallError> {
        self.shared.call(&plan(target, zome, function, payload), options).await
    }

    /// Signs a call without sending it, to be journalled first. Signing may take until `deadline`; the nonce lives for
    /// `deadline` and the skew margin, but never longer than [`MAX_NONCE_LIFE`](crate::MAX_NONCE_LIFE).
    ///
    /// # Errors
    /// See [`CallError`]; nothing was sent.
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub async fn prepare<I: Serialize + fmt::Debug>(
        &self,
        target: impl Into<CallTarget>,
        zome: &str,
        function: &str,
        payload: I,
        deadline: Duration,
    ) -> Result<SignedCall, CallError> {
        let payload = Self::encode(payload)?;
        self.shared.sign(&plan(target, zome, function, payload), deadline_after(deadline)).await
    }

    /// Sends a prepared call, or sends it again: after a lost link, after this process's own crash. The conductor runs
    /// it at most once.
    ///
    /// # Errors
    /// See [`CallError`]; [`CallError::Arrived`] when an earlier sending got through. A call that was read from a
    /// journal may have been sent by the process that wrote it, so its errors never claim [`Outcome::NotRun`](crate::Outcome::NotRun) unless the
    /// conductor's answer proves it.
    ///
    /// # Cancel safety
    /// Dropping the future gives up the answer; send it again to learn more.
    pub async fn send_signed(&self, call: &SignedCall, options: CallOptions) -> Result<ExternIO, CallError> {
        self.shared.send_signed(call, options).await
    }

    /// Settles a lost call: burns its nonce by a harmless request, or learns that the call had arrived.
    ///
    /// # Errors
    /// See [`CallError`]; the fence itself may be repeated.
    ///
    /// # Cancel safety
    /// Dropping the future leaves it open whether the nonce was burnt; fence again.
    pub async fn fence(&self, call: &SignedCall, within: Option<Duration>) -> Result<Fenced, CallError> {
        self.shared.fence(call, within).await
    }

    /// Resolves when there is a link.
    ///
    /// # Errors
    /// [`ConnectError::TimedOut`] with the last thing that went wrong; [`ConnectError::Closed`].
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub async fn connected(&self, within: Duration) -> Result<(), ConnectError> {
        match self.shared.link(deadline_after(within)).await {
            Ok(_) => Ok(()),
            Err(CallError::NoLink { after, last }) => Err(ConnectError::TimedOut { after, last }),
            Err(_) => Err(ConnectError::Closed),
        }
    }

    /// A subscription to the app's signals, from now on.
    pub fn signals(&self) -> Signals {
        self.shared.signals.subscribe()
    }

    /// Watches the state.
    pub fn state(&self) -> StateWatch {
        let link = Box::new(LinkOf(self.shared.persistent.downgrade()));
        StateWatch::new(self.shared.persistent.state(), link)
    }

    /// The last causes of lost links, the oldest first.
    pub fn causes(&self) -> Vec<ham_persistent::LostLink<Arc<ham_session::LinkEnd>>> {
        self.shared.persistent.causes()
    }

    /// The round-trip time of the live link, as measured by its pings.
    pub fn round_trip_time(&self) -> Option<Duration> {
        self.shared.persistent.current_connection()?.round_trip_time()
    }

    /// The admin interface, where one is configured.
    pub fn admin(&self) -> Option<&Admin> {
        self.shared.admin.as_ref()
    }

    /// The configuration.
    pub fn config(&self) -> &PersistentHamConfig {
        &self.shared.config
    }

    /// Who signs: `lair` or `client`.
    pub fn signing(&self) -> &'static str {
        self.shared.signer.label()
    }

    /// Does not redial when the current link ends.
    pub(crate) fn connect_once(&self) {
        self.shared.persistent.close_when_current_connection_is_closed();
    }

    /// Ends a pause between attempts.
    pub fn redial_now(&self) {
        self.shared.persistent.redial_now();
    }

    /// Closes the connection: outstanding calls get the session's drain time-out. Resolves when everything is released.
    ///
    /// # Cancel safety
    /// Closing goes on when the future is dropped.
    pub async fn close(&self) {
        self.shared.persistent.close().await;
        self.shared.signals.close();
        self.shared.signer.close().await;
    }
}

fn plan(target: impl Into<CallTarget>, zome: &str, function: &str, payload: ExternIO) -> CallPlan {
    CallPlan { target: target.into(), zome: zome.to_owned(), function: function.to_owned(), payload }
}

/// The current link of a handle that must not be kept alive by a watch.
#[derive(Debug)]
struct LinkOf(WeakPersistent<ConductorConnector>);

impl CurrentLink for LinkOf {
    fn current(&self) -> Option<Link<ConductorProtocol>> {
        self.0.upgrade()?.current_connection()
    }
}
