//! The decision on how to sign, made once from what a service was given, before any socket is opened.

use std::path::PathBuf;

use crate::events;
use crate::redact::REDACTED;
use crate::signing::{LairSigning, NodeError, lair_from_node};

/// Where a service gets its keystore credentials.
pub enum LairCredentials {
    /// Values that the service resolved itself; one without the other is a mistake, not a way of signing.
    Values {
        /// The keystore's IPC URL.
        connection_url: Option<String>,
        /// The passphrase that unlocks it.
        passphrase: Option<Vec<u8>>,
    },
    /// The node's own files, read when the policy is resolved.
    Node {
        /// The conductor configuration that names an external keystore.
        conductor_config: PathBuf,
        /// The file that holds the passphrase.
        passphrase_file: PathBuf,
    },
    /// There is no keystore.
    Absent,
}

impl std::fmt::Debug for LairCredentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Values { connection_url, passphrase } => f
                .debug_struct("Values")
                .field("connection_url", connection_url)
                .field("passphrase", &passphrase.as_ref().map(|_| REDACTED))
                .finish(),
            Self::Node { conductor_config, passphrase_file } => f
                .debug_struct("Node")
                .field("conductor_config", conductor_config)
                .field("passphrase_file", passphrase_file)
                .finish(),
            Self::Absent => f.write_str("Absent"),
        }
    }
}

/// Whether capability grants may be written to the agent's chain if there is no keystore.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CapGrantOptIn {
    /// They may not.
    Withheld,
    /// They may.
    Permitted,
}

impl CapGrantOptIn {
    /// Reads an environment variable's value: absent or empty means withheld.
    ///
    /// # Errors
    /// When the value is neither an affirmative nor a negative word: a typo must not become a grant.
    pub fn from_value(value: Option<&str>) -> anyhow::Result<Self> {
        match value.map(|value| value.trim().to_ascii_lowercase()).as_deref() {
            None | Some("" | "0" | "false" | "no" | "off") => Ok(Self::Withheld),
            Some("1" | "true" | "yes" | "on") => Ok(Self::Permitted),
            Some(other) => {
                anyhow::bail!("expected one of 1/true/yes/on or 0/false/no/off, got `{other}`")
            }
        }
    }

    /// Reads a flag.
    pub fn from_flag(permitted: bool) -> Self {
        if permitted { Self::Permitted } else { Self::Withheld }
    }
}

/// What every refusal says first.
const LAIR_REQUIRED: &str = "lair signing is required and unavailable";

/// The service offered nothing that signs without writing to the agent's chain, and nobody allowed such a write. No retry helps.
/// Credentials that were offered but cannot be used are a plain error instead, which names what to fix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningRefused {
    pub(super) app_id: Option<String>,
}

impl std::fmt::Display for SigningRefused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(app_id) = &self.app_id {
            write!(f, "app `{app_id}`: ")?;
        }
        write!(
            f,
            "refusing to connect: {LAIR_REQUIRED}: no keystore is configured, and nobody permitted a capability grant \
             on the agent's chain; configure the keystore, or permit grants (CapGrantOptIn::Permitted)"
        )
    }
}

impl std::error::Error for SigningRefused {}

/// What came of the credentials.
enum Offered {
    Keystore(LairSigning),
    /// There is no keystore to reach, and nobody made a mistake. Says why if there is more to say.
    None(Option<String>),
    /// Something was given and is wrong: a typo must not become a grant.
    Unusable(String),
}

impl LairCredentials {
    fn offered(self) -> Offered {
        match self {
            Self::Values { connection_url: Some(url), passphrase: Some(passphrase) } => {
                match LairSigning::new(&url, passphrase) {
                    Ok(lair) => Offered::Keystore(lair),
                    Err(error) => Offered::Unusable(error.to_string()),
                }
            }
            Self::Values { connection_url: Some(_), passphrase: None } => {
                Offered::Unusable("the lair connection URL is set and its passphrase is not".into())
            }
            Self::Values { connection_url: None, passphrase: Some(_) } => {
                Offered::Unusable("the lair passphrase is set and its connection URL is not".into())
            }
            Self::Node { conductor_config, passphrase_file } => {
                match lair_from_node(&conductor_config, &passphrase_file) {
                    Ok(lair) => Offered::Keystore(lair),
                    Err(NodeError::NoKeystore(why)) => Offered::None(Some(why)),
                    Err(NodeError::Unusable(why)) => Offered::Unusable(why),
                }
            }
            Self::Values { connection_url: None, passphrase: None } | Self::Absent => Offered::None(None),
        }
    }
}

/// A decision on how to sign.
#[derive(Clone, Debug)]
pub struct SigningPolicy {
    /// The keystore; without one, a grant.
    pub(super) lair: Option<LairSigning>,
}

impl SigningPolicy {
    /// Decides. A keystore wins over the opt-in; the opt-in is for a service that has none to reach: none was named, the node's
    /// conductor runs its keystore in its own process, or neither of the node's files exists. Reads files for
    /// [`LairCredentials::Node`].
    ///
    /// # Errors
    /// [`SigningRefused`] if nothing was offered and nothing is permitted; a plain error for a node that has no keystore to reach if
    /// nothing is permitted, and for credentials that were given but cannot be used, whatever is permitted.
    pub fn resolve(credentials: LairCredentials, opt_in: CapGrantOptIn) -> anyhow::Result<Self> {
        match (credentials.offered(), opt_in) {
            (Offered::Keystore(lair), _) => {
                if opt_in == CapGrantOptIn::Permitted {
                    tracing::info!(
                        event = events::CAP_GRANT_UNUSED,
                        "lair signs; the permitted grant is not needed"
                    );
                }
                Ok(Self { lair: Some(lair) })
            }
            (Offered::None(Some(why)), CapGrantOptIn::Withheld) | (Offered::Unusable(why), _) => {
                anyhow::bail!("{LAIR_REQUIRED}: {why}")
            }
            (Offered::None(None), CapGrantOptIn::Withheld) => Err(SigningRefused { app_id: None }.into()),
            (Offered::None(why), CapGrantOptIn::Permitted) => {
                if let Some(why) = why {
                    tracing::warn!(
                        event = events::LAIR_UNAVAILABLE,
                        error = why,
                        "no keystore to reach; a capability grant is permitted and will sign"
                    );
                }
                Ok(Self { lair: None })
            }
        }
    }

    /// `lair` or `client`, as in the events [`CONNECTING`](crate::events::CONNECTING) and
    /// [`CONNECTED`](crate::events::CONNECTED).
    pub fn label(&self) -> &'static str {
        if self.lair.is_some() { "lair" } else { "client" }
    }
}

#[cfg(all(test, feature = "lair"))]
mod tests;
