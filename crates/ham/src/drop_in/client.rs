//! [`Ham`]: connect once, call, ping; the API that services use today.

use std::fmt::Debug;

use anyhow::Context;
use ham_session::LinkEnd;
use holochain_conductor_api::AppInfo;
use holochain_zome_types::cell::CellId;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::policy::SigningPolicy;
use crate::call::{CallOptions, CallPolicy, first, prove_signing};
use crate::deadline::deadline_after;
use crate::dialect::{RELEASE_VARIABLE, Release};
use crate::error::{CallError, ConnectError, SigningError};
use crate::events;
use crate::persistent::PersistentHam;

pub use super::config::{DEFAULT_REQUEST_TIMEOUT_SECS, HamConfig};
pub use super::policy::{CapGrantOptIn, LairCredentials};
pub use crate::signing::LairSigning;

/// A connection to an app that is made once: when it is lost, every call says so, and the owner makes a new one. [`PersistentHam`] is
/// the one that stays up.
///
/// Its errors are one line each: what was being done, why it failed, and every cause of that, in both `{e}` and `{e:#}`.
///
/// Dropping it, or replacing it by assignment, closes the socket.
#[derive(Debug)]
pub struct Ham {
    connection: PersistentHam,
    cell_id: CellId,
}

impl Ham {
    /// Connects to the app: admin interface, app interface, token, socket, app info, signing. Signing is proven: the
    /// keystore signs with the agent's key, or the capability grant is on the chain. [`RELEASE_VARIABLE`] names the
    /// conductor's release, for one whose release ham cannot find.
    ///
    /// # Errors
    /// Which step failed and why, for people; [`is_connection_error`](crate::is_connection_error) and
    /// [`is_signing_refusal`](crate::is_signing_refusal) for programs. `downcast_ref` finds a [`ConnectError`], for the
    /// app info a [`CallError`], and for a refusal [`SigningRefused`](crate::SigningRefused).
    ///
    /// # Cancel safety
    /// Cancel-safe, but a grant that was under way may have been written; the next connect finds and uses it.
    pub async fn connect(cfg: HamConfig) -> anyhow::Result<Self> {
        // Before any socket: a service that never asked to write to the chain must not get as far as being able to.
        let signing = SigningPolicy::of(&cfg)?.label();
        tracing::info!(
            event = events::CONNECTING,
            admin_port = cfg.admin_port,
            app_port = cfg.app_port,
            app_id = cfg.app_id,
            request_timeout_secs = cfg.request_timeout_secs,
            signing,
        );
        let named =
            Release::from_env().map_err(|error| ConnectError::Config(format!("{RELEASE_VARIABLE}: {error}")));
        let config = cfg.persistent().with_release(named.map_err(while_connecting)?);
        let connection = PersistentHam::connect(config).await.map_err(while_connecting)?;
        // Once means once.
        connection.connect_once();
        let info = connection.app_info().await;
        let info = info.map_err(|error| during(&connection, "Failed to get app info", error))?;
        let cell_id = first(&info).context("No cells found in app")?;
        prove(&connection, &cell_id).await?;
        let release = connection.release().await;
        let release = release
            .map_err(|error| during(&connection, "Failed to find out the conductor's release", error))?;
        tracing::info!(event = events::CONNECTED, signing, %release);
        Ok(Self { connection, cell_id })
    }

    /// Calls a zome function. A call that fails is never repeated.
    ///
    /// # Errors
    /// `error.downcast_ref::<CallError>()` has its [`outcome`](CallError::outcome), and
    /// [`inner`](CallError::inner) to match on.
    ///
    /// # Cancel safety
    /// Dropping the future gives up the answer; the call may still run.
    pub async fn call_zome<I, R>(
        &self,
        role_name: &str,
        zome_name: &str,
        fn_name: &str,
        payload: I,
    ) -> anyhow::Result<R>
    where
        I: Serialize + Debug,
        R: DeserializeOwned,
    {
        let options = CallOptions::default().with_policy(CallPolicy::FailFast);
        let answer = self.connection.call_zome_with(role_name, zome_name, fn_name, payload, options).await;
        self.told("Failed to call zome", answer)
    }

    /// A round trip to the conductor.
    ///
    /// # Errors
    /// As [`call_zome`](Self::call_zome).
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub async fn ping(&self) -> anyhow::Result<()> {
        let answer = self.connection.ping().await;
        self.told("Failed to probe app_info", answer).map(|_| ())
    }

    /// The app as the conductor describes it now.
    ///
    /// # Errors
    /// As [`call_zome`](Self::call_zome).
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub async fn app_info(&self) -> anyhow::Result<Option<AppInfo>> {
        let answer = self.connection.app_info().await;
        self.told("Failed to get app info", answer).map(Some)
    }

    /// The first provisioned cell of the app.
    pub fn cell_id(&self) -> &CellId {
        &self.cell_id
    }

    fn told<T>(&self, doing: &'static str, answer: Result<T, CallError>) -> anyhow::Result<T> {
        answer.map_err(|error| during(&self.connection, doing, error).into())
    }
}

/// The error of a request on a connection that is made once, where a closed connection is a lost one.
fn during(connection: &PersistentHam, doing: &'static str, error: CallError) -> CallError {
    let error = match error {
        CallError::Closed { sent } => {
            let end = connection.causes().pop().map(|lost| lost.cause);
            CallError::LinkLost { end: end.unwrap_or_else(|| LinkEnd::ClosedHere.into()), sent }
        }
        other => other,
    };
    CallError::During { doing, error: error.into() }
}

/// The error of an attempt to connect, with the step that failed.
fn while_connecting(error: ConnectError) -> ConnectError {
    let doing = match &error {
        ConnectError::Admin { .. } => "Failed to connect to admin interface",
        ConnectError::App { .. } => "Failed to connect to app interface",
        _ => "Failed to connect to the conductor",
    };
    ConnectError::During { doing, error: error.into() }
}

/// Proves that calls to the cell can be signed, and that the link is still there.
async fn prove(connection: &PersistentHam, cell_id: &CellId) -> anyhow::Result<()> {
    let caller = &connection.caller;
    let proven = async {
        prove_signing(caller, cell_id, deadline_after(caller.config.deadline)).await?;
        caller.link(deadline_after(caller.config.deadline)).await
    };
    match proven.await {
        Ok(_) => Ok(()),
        Err(CallError::Signing(error)) => {
            let doing = match connection.signing() {
                "lair" => "Failed to sign with the lair keystore",
                _ => "Failed to authorize signing credentials",
            };
            let error = match error {
                // While connecting, a lost admin link is a lost connection: everything is set up again.
                SigningError::Grant(source) => {
                    ConnectError::Setup { doing: "grant the signing capability", source }
                }
                other => other.into(),
            };
            Err(ConnectError::During { doing, error: error.into() }.into())
        }
        // The cell, its app or the link: signing is not at fault.
        Err(error) => Err(during(connection, "Failed to reach the cell", error).into()),
    }
}
