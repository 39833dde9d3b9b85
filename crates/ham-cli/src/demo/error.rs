//! Why a demonstration could not be carried out. What it *found* is in the report.

use std::io;
use std::time::Duration;

use ham::{AdminError, CallError, ConnectError};

/// Why a demonstration could not be carried out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DemoError {
    /// The options contradict each other.
    #[error("these options cannot work: {0}")]
    Options(String),
    /// There is no conductor's binary and it cannot be built.
    #[error("no conductor to run")]
    Install(#[from] ham_launcher::InstallError),
    /// The probe's bundle cannot be read.
    #[error("no app to run")]
    Bundle(#[from] ham_launcher::BundleError),
    /// The conductor cannot be started, killed or restarted.
    #[error("the conductor's process failed")]
    Launch(#[from] ham_launcher::LaunchError),
    /// The app cannot be installed.
    #[error("setting up the app failed")]
    App(#[from] ham_launcher::AdminError),
    /// The connection cannot be made.
    #[error("connecting failed")]
    Connect(#[from] ConnectError),
    /// An admin request failed.
    #[error("reading the conductor's state failed")]
    Admin(#[from] AdminError),
    /// A call of the set-up or of the final reading failed. Calls of the load end up in the report instead.
    #[error("cannot {doing}")]
    Call {
        /// What the call was for.
        doing: &'static str,
        /// Why.
        #[source]
        source: CallError,
    },
    /// A call cannot be written to a journal or read back.
    #[error("the journal of a call failed")]
    Journal(#[source] io::Error),
    /// The fault proxy cannot be started.
    #[error("the fault proxy failed")]
    Proxy(#[source] io::Error),
    /// The proxy did something other than its script says.
    #[error("cut {cut} did not go by its script: {why}")]
    OffScript {
        /// Number of the cut, from 0.
        cut: u32,
        /// What happened instead.
        why: String,
    },
    /// Something that must happen did not.
    #[error("no {awaited} within {after:?}")]
    Stalled {
        /// What was waited for.
        awaited: &'static str,
        /// For how long.
        after: Duration,
    },
}

impl DemoError {
    /// Names what a failed call was for.
    pub(super) fn calling(doing: &'static str) -> impl FnOnce(CallError) -> Self {
        move |source| Self::Call { doing, source }
    }
}
