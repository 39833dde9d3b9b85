//! Stands in for a lair keystore in a build without the feature `lair`: refuses credentials for one, and says why.

use std::path::Path;
use std::sync::Arc;

use super::keystore::{Keystore, KeystoreFuture, KeystoreLink, KeystoreRefusal};
use super::node_error::NodeError;

/// Without the feature `lair`, nobody can make one.
#[derive(Clone, Debug)]
pub struct LairSigning(());

/// What anyone who asks for one is told.
const LEFT_OUT: &str = "ham is built without its feature `lair`";

impl LairSigning {
    /// Never returns one.
    ///
    /// # Errors
    /// Always: this build has no keystore client.
    pub fn new(_connection_url: &str, _passphrase: Vec<u8>) -> anyhow::Result<Self> {
        anyhow::bail!("{LEFT_OUT}")
    }
}

pub(crate) fn lair_from_node(
    _conductor_config: &Path,
    _passphrase_file: &Path,
) -> Result<LairSigning, NodeError> {
    Err(NodeError::Unusable(LEFT_OUT.to_owned()))
}

impl Keystore for LairSigning {
    fn url(&self) -> String {
        String::new()
    }

    fn connect(&self) -> KeystoreFuture<'_, Result<Arc<dyn KeystoreLink>, KeystoreRefusal>> {
        Box::pin(std::future::ready(Err(KeystoreRefusal::Unreachable(LEFT_OUT.to_owned()))))
    }
}

#[cfg(test)]
mod tests {
    use crate::{CapGrantOptIn, LairCredentials, SigningPolicy};

    #[test]
    fn credentials_are_refused_in_words_even_where_a_grant_is_permitted() {
        let (connection_url, passphrase) = (Some("unix:///tmp/s?k=abc".to_owned()), Some(b"pass".to_vec()));
        let values = LairCredentials::Values { connection_url, passphrase };
        let node = LairCredentials::Node { conductor_config: "c.yaml".into(), passphrase_file: "p".into() };
        for offered in [values, node] {
            let refused = SigningPolicy::resolve(offered, CapGrantOptIn::Permitted).unwrap_err().to_string();
            assert!(refused.contains("without its feature `lair`"), "{refused}");
        }
        let grant = SigningPolicy::resolve(LairCredentials::Absent, CapGrantOptIn::Permitted).unwrap();
        assert_eq!(grant.label(), "client");
    }
}
