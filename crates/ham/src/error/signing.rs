//! Why a call could not be signed.

use std::fmt;
use std::time::Duration;

use ham_session::Recovery;

use super::admin::AdminError;
use crate::wire::Refusal;

/// The advice while the keystore is away: its link redials by itself.
pub const KEYSTORE_COOLDOWN: Duration = Duration::from_secs(1);

/// Why a call could not be signed. Nothing was sent.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SigningError {
    /// The keystore cannot be reached.
    #[error("cannot reach the keystore at {url}: {why}")]
    KeystoreUnreachable {
        /// Where ham looked for it, without its query.
        url: String,
        /// Why.
        why: String,
    },
    /// The keystore refused the passphrase.
    #[error("the keystore at {url} refused the passphrase")]
    BadPassphrase {
        /// Where it is, without its query.
        url: String,
    },
    /// One step of signing did not finish within the deadline.
    #[error("signing timed out after {after:.1?}: {step} did not end")]
    TimedOut {
        /// The step that was under way.
        step: SigningStep,
        /// How long all steps took together, this one being the last.
        after: Duration,
    },
    /// The keystore does not hold the key.
    #[error("the keystore cannot sign for this agent: {0}")]
    NoKey(String),
    /// The capability grant that signing needs cannot be made.
    #[error("cannot grant the signing capability")]
    Grant(#[source] AdminError),
    /// The agent's chain is closed; a grant after it would get the agent warranted.
    #[error("the source chain of this cell is closed; nothing can be granted on it any more")]
    ChainClosed,
    /// The cell's grant is in force, but an earlier release of Holochain wrote it in a form that this one cannot read. The conductor
    /// refuses every call that is signed with a client key on that chain: another grant would change nothing.
    #[error(
        "the grant of this cell was written by an earlier Holochain and cannot be read by this one, which therefore refuses every \
         call signed with a client key; sign through the keystore, or reinstall the app"
    )]
    GrantUnreadable,
    /// Granting was forbidden: by the budget, or because the grant was revoked.
    #[error("signing needs a capability grant, and ham may not write another one: {0}")]
    GrantForbidden(String),
    /// The credential file cannot be read or written.
    #[error("the credential file {path}: {why}")]
    Store {
        /// Its path.
        path: String,
        /// Why.
        why: String,
    },
    /// The credential file was locked by someone else until the deadline: while one holder writes a grant, nobody else may look for a
    /// key in the file.
    #[error(
        "the credential file {path} was locked for {after:.1?}: another process that signs with it is getting a grant, or hangs; \
         it is the one that holds `{path}.lock` open"
    )]
    StoreLocked {
        /// Its path.
        path: String,
        /// How long all steps took together, this one being the last.
        after: Duration,
    },
    /// The call cannot be encoded for signing.
    #[error("the call cannot be encoded: {0}")]
    Encode(String),
    /// The owner closed the connection.
    #[error("the connection was closed by its owner")]
    Closed,
}

impl SigningError {
    /// Whether it says that the called cell does not exist.
    pub(crate) fn tells_of_a_missing_cell(&self) -> bool {
        match self {
            Self::Grant(error) => error.refusal().is_some_and(Refusal::tells_of_a_missing_cell),
            _ => false,
        }
    }

    /// Whether the app may no longer be installed: the conductor answered, and signing is refused.
    pub(crate) fn may_be_of_a_missing_app(&self) -> bool {
        match self {
            Self::Grant(error) => matches!(error, AdminError::Answer { .. }),
            Self::ChainClosed | Self::GrantForbidden(_) => true,
            _ => false,
        }
    }

    /// What the owner can do about it.
    pub fn recovery(&self) -> Recovery {
        match self {
            // Not `Reconnect`: the conductor's link is fine, and the keystore link redials by itself.
            Self::KeystoreUnreachable { .. } | Self::TimedOut { .. } | Self::StoreLocked { .. } => {
                Recovery::CoolDown { after: KEYSTORE_COOLDOWN }
            }
            Self::Grant(error) => match error.recovery() {
                Recovery::Reconnect => Recovery::CoolDown { after: KEYSTORE_COOLDOWN },
                other => other,
            },
            Self::BadPassphrase { .. }
            | Self::NoKey(_)
            | Self::ChainClosed
            | Self::GrantUnreadable
            | Self::GrantForbidden(_)
            | Self::Store { .. }
            | Self::Encode(_) => Recovery::FixCaller,
            Self::Closed => Recovery::GiveUp,
        }
    }
}

/// A step of signing that can take long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SigningStep {
    /// Dialling and unlocking the keystore.
    KeystoreDial,
    /// The keystore's signature.
    Keystore,
    /// Waiting while another call of the same app gets its grant.
    Turn,
    /// Reading or writing the credential file.
    CredentialFile,
    /// Waiting for the lock of the credential file; reported as [`SigningError::StoreLocked`].
    CredentialLock,
    /// Dialling the admin interface.
    AdminDial,
    /// Looking for the grant on the chain.
    GrantLookUp,
    /// Reading whether the chain is closed.
    ClosedChainCheck,
    /// The request that writes the grant.
    Grant,
}

impl fmt::Display for SigningStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::KeystoreDial => "the dial of the keystore",
            Self::Keystore => "the keystore's signature",
            Self::Turn => "the grant of another call of this app",
            Self::CredentialFile => "the access to the credential file",
            Self::CredentialLock => "the wait for the lock of the credential file",
            Self::AdminDial => "the dial of the admin interface",
            Self::GrantLookUp => "the look-up of the capability grant",
            Self::ClosedChainCheck => "the check whether the chain is closed",
            Self::Grant => "the request for the capability grant",
        })
    }
}
