//! Finds the keystore from a node's own files.

use std::io::{ErrorKind, Read as _};
use std::path::Path;

use ham_session::masked_path;
use lair_keystore_api::dependencies::serde_yaml;
use url::Url;

use super::keystore::LairSigning;
use super::passphrase::lock_passphrase;
use crate::events;
use crate::signing::node_error::NodeError;
use crate::signing::secret_file::{how_to_close, open_to_others};

/// The keystore types of a conductor that no other process can reach.
const IN_PROCESS: [&str; 2] = ["lair_server_in_proc", "danger_test_keystore"];

/// Reads the keystore URL from a conductor configuration and the passphrase from its file. Blocks briefly. Only the keystore's
/// section is looked at, so the configuration may be of any release.
pub(crate) fn lair_from_node(
    conductor_config: &Path,
    passphrase_file: &Path,
) -> Result<LairSigning, NodeError> {
    let config = std::fs::read_to_string(conductor_config).map_err(|error| {
        let why = format!("reading conductor config {}: {error}", conductor_config.display());
        // One file without the other means a mistyped path.
        let neither =
            error.kind() == ErrorKind::NotFound && matches!(passphrase_file.try_exists(), Ok(false));
        if neither { NodeError::NoKeystore(why) } else { NodeError::Unusable(why) }
    })?;
    let connection_url = connection_url(&config)?;
    let passphrase = read_secret(passphrase_file).map_err(|error| {
        NodeError::Unusable(format!("reading lair passphrase {}: {error}", masked_path(passphrase_file)))
    })?;
    Ok(LairSigning { connection_url, passphrase: lock_passphrase(passphrase) })
}

/// The bytes of a file that the owner keeps. Whoever runs a node decides who reads its files, so a file that others can open is used, with a warning.
fn read_secret(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut file = std::fs::File::open(path)?;
    if let Some(mode) = open_to_others(&file.metadata()?) {
        tracing::warn!(
            event = events::SECRET_EXPOSED,
            path = %path.display(),
            mode = format!("{mode:o}"),
            "others can read or write this file: {}",
            how_to_close(path)
        );
    }
    let mut content = Vec::new();
    file.read_to_end(&mut content)?;
    Ok(content)
}

/// The URL of an external keystore in a conductor configuration. Errors show nothing of the file but the values they are about: the
/// path may be that of the passphrase.
fn connection_url(config: &str) -> Result<Url, NodeError> {
    let unusable = |why: &str| NodeError::Unusable(why.to_owned());
    let document: serde_yaml::Value =
        serde_yaml::from_str(config).map_err(|_| unusable("the conductor config is not YAML"))?;
    let keystore =
        document.get("keystore").ok_or_else(|| unusable("the conductor config has no `keystore` section"))?;
    let text = |name: &str| {
        keystore
            .get(name)
            .and_then(|value| value.as_str())
            .ok_or_else(|| NodeError::Unusable(format!("the conductor config's keystore has no `{name}`")))
    };
    match text("type")? {
        "lair_server" => {}
        kind if IN_PROCESS.contains(&kind) => {
            return Err(NodeError::NoKeystore(format!(
                "the conductor's keystore type is `{kind}`, not `lair_server`: there is no external keystore to \
                 connect to; give the URL in its lair-keystore-config.yaml explicitly"
            )));
        }
        kind => {
            return Err(NodeError::Unusable(format!("no conductor has a keystore of type `{kind}`")));
        }
    }
    let url = text("connection_url")?;
    Url::parse(url).map_err(|error| NodeError::Unusable(format!("Invalid lair connection URL: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_comes_from_an_external_keystore_only() {
        let url = connection_url("keystore:\n  type: lair_server\n  connection_url: unix:///tmp/s?k=abc\n")
            .unwrap();
        assert_eq!(url.as_str(), "unix:///tmp/s?k=abc");
        for kind in IN_PROCESS {
            let none = connection_url(&format!("keystore:\n  type: {kind}\n")).unwrap_err();
            assert!(matches!(&none, NodeError::NoKeystore(why) if why.contains(kind)), "{none}");
        }
    }

    #[test]
    fn a_file_that_is_no_conductor_config_is_a_mistake_and_is_not_shown() {
        let files = [
            "s3cr3t\n",
            "s3cr3t: 1\ns3cr3t: 2\n",
            "\"s3cr3t",
            "keystore:\n  type: lair_server\n",
            "keystore:\n  type: lair_server\n  connection_url: 5\n",
            "keystore: s3cr3t\n",
            "keystore:\n  type: lair_sever\n",
        ];
        for file in files {
            let wrong = connection_url(file).unwrap_err();
            assert!(matches!(&wrong, NodeError::Unusable(why) if !why.contains("s3cr3t")), "{wrong}");
        }
    }
}
