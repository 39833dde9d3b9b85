//! Finds the keystore from a node's own files.

use std::path::Path;

use anyhow::Context;
use lair_keystore_api::dependencies::serde_yaml;
use lair_keystore_api::types::SharedLockedArray;
use url::Url;

use super::{LairSigning, locked};

/// Reads the keystore URL from a conductor configuration and the passphrase from its file. Blocking, and short.
pub(crate) fn lair_from_node(conductor_config: &Path, passphrase_file: &Path) -> anyhow::Result<LairSigning> {
    let config = std::fs::read_to_string(conductor_config)
        .with_context(|| format!("reading conductor config {}", conductor_config.display()))?;
    let connection_url = connection_url(&config)?;
    let passphrase = std::fs::read(passphrase_file)
        .with_context(|| format!("reading lair passphrase {}", passphrase_file.display()))?;
    Ok(LairSigning { connection_url, passphrase: lock_passphrase(passphrase) })
}

/// Moves a passphrase into locked memory without its trailing line feeds: `holochain --piped` reads it the same way.
pub(crate) fn lock_passphrase(mut passphrase: Vec<u8>) -> SharedLockedArray {
    while passphrase.last() == Some(&b'\n') {
        passphrase.pop();
    }
    locked(passphrase)
}

/// The URL of an external keystore in a conductor configuration.
fn connection_url(config: &str) -> anyhow::Result<Url> {
    let document: serde_yaml::Value = serde_yaml::from_str(config).context("parsing the conductor config")?;
    let keystore = document.get("keystore").context("the conductor config has no `keystore` section")?;
    let kind = keystore
        .get("type")
        .and_then(|kind| kind.as_str())
        .context("the conductor config's keystore has no `type`")?;
    anyhow::ensure!(
        kind == "lair_server",
        "the conductor's keystore type is `{kind}`, not `lair_server`: there is no external keystore to connect to; \
         give the URL in its lair-keystore-config.yaml explicitly"
    );
    let url = keystore
        .get("connection_url")
        .and_then(|url| url.as_str())
        .context("the conductor config's keystore has no `connection_url`")?;
    Url::parse(url).with_context(|| format!("Invalid lair connection URL: {url}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_comes_from_an_external_keystore_only() {
        let url = connection_url("keystore:\n  type: lair_server\n  connection_url: unix:///tmp/s?k=abc\n")
            .unwrap();
        assert_eq!(url.as_str(), "unix:///tmp/s?k=abc");
        let refused = connection_url("keystore:\n  type: lair_server_in_proc\n").unwrap_err().to_string();
        assert!(refused.contains("`lair_server_in_proc`, not `lair_server`"), "{refused}");
    }

    #[test]
    fn only_line_feeds_are_stripped() {
        let read = |bytes: &[u8]| lock_passphrase(bytes.to_vec()).lock().unwrap().lock().to_vec();
        assert_eq!(read(b"pass\n\n"), b"pass");
        assert_eq!(read(b"pass\r\n"), b"pass\r");
    }
}
