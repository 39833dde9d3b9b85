//! The decision how to sign, made once from what a service was given, before any socket is opened.

use std::path::PathBuf;

use anyhow::Context;

use crate::client::HamConfig;
use crate::redact::REDACTED;
use crate::signing::{LairSigning, lair_from_node};

/// Where a service has its keystore credentials from.
pub enum LairCredentials {
    /// Values it resolved itself; one without the other is a mistake, not a way of signing.
    Values {
        /// The keystore's IPC URL.
        connection_url: Option<String>,
        /// The passphrase that unlocks it.
        passphrase: Option<Vec<u8>>,
    },
    /// The node's own files.
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

/// Whether capability grants may be written to the agent's chain where there is no keystore.
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
            Some(other) => anyhow::bail!(
                "`{other}` is no answer to whether capability grants may be written: \
                 expected one of 1, true, yes, on, 0, false, no, off"
            ),
        }
    }

    /// Reads a flag.
    pub fn from_flag(permitted: bool) -> Self {
        if permitted { Self::Permitted } else { Self::Withheld }
    }
}

/// The policy leaves no way to sign that does not write to the agent's chain, and nobody allowed that.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "lair signing is required and unavailable: no keystore is configured, and capability grants on the agent's chain \
     were not permitted; configure the keystore, or permit grants"
)]
pub struct SigningRefused;

/// How to sign, decided.
#[derive(Clone, Debug)]
pub struct SigningPolicy {
    lair: Option<LairSigning>,
    opt_in: CapGrantOptIn,
}

impl SigningPolicy {
    /// Decides. A keystore wins over the opt-in.
    ///
    /// # Errors
    /// [`SigningRefused`] with neither; a plain error for credentials that were given and cannot be used.
    pub fn resolve(credentials: LairCredentials, opt_in: CapGrantOptIn) -> anyhow::Result<Self> {
        let lair = match credentials {
            LairCredentials::Values { connection_url: Some(url), passphrase: Some(passphrase) } => {
                Some(LairSigning::new(&url, passphrase)?)
            }
            LairCredentials::Values { connection_url: Some(_), passphrase: None } => {
                anyhow::bail!("the lair connection URL is set but its passphrase is not: set both")
            }
            LairCredentials::Values { connection_url: None, passphrase: Some(_) } => {
                anyhow::bail!("the lair passphrase is set but its connection URL is not: set both")
            }
            LairCredentials::Node { conductor_config, passphrase_file } => Some(
                lair_from_node(&conductor_config, &passphrase_file)
                    .context("lair signing is required, and this node cannot offer it")?,
            ),
            LairCredentials::Values { connection_url: None, passphrase: None } | LairCredentials::Absent => {
                None
            }
        };
        if lair.is_none() && opt_in == CapGrantOptIn::Withheld {
            return Err(SigningRefused.into());
        }
        Ok(Self { lair, opt_in })
    }

    /// Puts the decision into a configuration.
    #[must_use]
    pub fn apply(&self, mut config: HamConfig) -> HamConfig {
        config.lair.clone_from(&self.lair);
        config.allow_cap_grant_signing = self.opt_in == CapGrantOptIn::Permitted;
        config
    }

    /// `lair` or `cap_grant`, for logs.
    pub fn label(&self) -> &'static str {
        if self.lair.is_some() { "lair" } else { "cap_grant" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::errors::is_signing_refusal;

    fn values(url: Option<&str>, passphrase: Option<&str>) -> LairCredentials {
        LairCredentials::Values {
            connection_url: url.map(str::to_owned),
            passphrase: passphrase.map(|text| text.as_bytes().to_vec()),
        }
    }

    fn resolve(credentials: LairCredentials, opt_in: CapGrantOptIn) -> anyhow::Result<SigningPolicy> {
        SigningPolicy::resolve(credentials, opt_in)
    }

    #[test]
    fn nothing_given_and_nothing_allowed_is_refused() {
        for absent in [LairCredentials::Absent, values(None, None)] {
            let refused = resolve(absent, CapGrantOptIn::Withheld).unwrap_err().context("connecting");
            assert!(is_signing_refusal(&refused));
            assert!(format!("{refused:#}").contains("lair signing is required"));
        }
    }

    #[test]
    fn half_a_credential_is_a_mistake_even_with_the_opt_in() {
        let cases = [
            (values(Some("unix:///s?k=x"), None), "connection URL is set"),
            (values(None, Some("secret")), "passphrase is set"),
            (values(Some("not a url"), Some("secret")), "not a url"),
        ];
        for (credentials, words) in cases {
            let error = resolve(credentials, CapGrantOptIn::Permitted).unwrap_err();
            let text = format!("{error:#}");
            assert!(
                text.contains(words) && !text.contains("secret") && !is_signing_refusal(&error),
                "{text}"
            );
        }
    }

    #[test]
    fn a_keystore_wins_over_the_opt_in() {
        let policy = resolve(values(Some("unix:///s?k=x"), Some("p")), CapGrantOptIn::Permitted).unwrap();
        let config = policy.apply(HamConfig::new(1, 2, "app"));
        assert_eq!(
            (policy.label(), config.lair.is_some(), config.allow_cap_grant_signing),
            ("lair", true, true)
        );
        assert!(format!("{config:?}{policy:?}").contains("redacted"));
    }

    #[test]
    fn only_clear_words_opt_in() {
        for yes in ["1", "true", "YES", " on "] {
            assert_eq!(CapGrantOptIn::from_value(Some(yes)).unwrap(), CapGrantOptIn::Permitted);
        }
        for no in [None, Some(""), Some("0"), Some("off")] {
            assert_eq!(CapGrantOptIn::from_value(no).unwrap(), CapGrantOptIn::Withheld);
        }
        let typo = CapGrantOptIn::from_value(Some("ture")).unwrap_err().to_string();
        assert!(typo.contains("expected one of"), "{typo}");
        assert_eq!(CapGrantOptIn::from_flag(true), CapGrantOptIn::Permitted);
    }
}
