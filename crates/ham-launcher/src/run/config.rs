//! The conductor's configuration file.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use super::settings::{DbSyncLevel, Keystore, Network};
use crate::error::LaunchError;
use crate::find::release::Release;

/// Asks the bootstrap server every second (by default after 5 s, then less and less often) and gossips every second (by default every
/// two minutes). An agent is asked for data only once its conductor has announced that it holds the whole DHT, which takes two rounds
/// of gossip and another request: by default half a minute.
const HASTE: &str = "    \
coreBootstrap:
      backoffMinMs: 1000
      backoffMaxMs: 1000
    k2Gossip:
      initialInitiateIntervalMs: 500
      initiateIntervalMs: 1000
      initiateJitterMs: 100
      minInitiateIntervalMs: 500
";

/// A signal server where nothing listens: 0.6 must be given one, but its transport does not use it.
const NO_SIGNAL_SERVER: &str = "  signal_url: \"ws://127.0.0.1:1\"\n";

/// Everything in the file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Config<'a> {
    pub(crate) data: &'a Path,
    pub(crate) keystore: &'a Keystore,
    pub(crate) network: &'a Network,
    pub(crate) request_timeout: Duration,
    pub(crate) admin_port: u16,
    pub(crate) allowed_origins: &'a str,
    pub(crate) db_sync_level: DbSyncLevel,
    /// The release that the file is for.
    pub(crate) release: Release,
}

impl Config<'_> {
    /// The file's text.
    pub(crate) fn render(&self) -> Result<String, LaunchError> {
        let (release, level) = (self.release, self.db_sync_level);
        let (sync_key, sync_value) =
            release.db_sync(level).ok_or(LaunchError::NoSuchSyncLevel { release, level })?;
        let keystore = match self.keystore {
            Keystore::DangerTest => "danger_test_keystore",
            Keystore::Lair { .. } => "lair_server_in_proc",
        };
        // Nothing ever listens on port 1, so the refusal is immediate and no packet leaves the machine.
        let (bootstrap, relay) = match self.network {
            Network::Offline => ("http://127.0.0.1:1", "http://127.0.0.1:1"),
            Network::Servers { bootstrap_url, relay_url } => (bootstrap_url.as_str(), relay_url.as_str()),
        };
        Ok(format!(
            "data_root_path: {data}\n\
             keystore:\n  type: {keystore}\n\
             admin_interfaces:\n  - driver:\n      type: websocket\n      port: {port}\n      \
             allowed_origins: {origins}\n\
             network:\n  bootstrap_url: {bootstrap}\n{signal}  relay_url: {relay}\n  \
             request_timeout_s: {timeout}\n  \
             advanced:\n    irohTransport:\n      relayAllowPlainText: true\n{haste}\
             {sync_key}: {sync_value}\n",
            data = quoted(&self.data.to_string_lossy()),
            port = self.admin_port,
            origins = quoted(self.allowed_origins),
            bootstrap = quoted(bootstrap),
            relay = quoted(relay),
            haste = match self.network {
                Network::Offline => "",
                Network::Servers { .. } => HASTE,
            },
            timeout = self.request_timeout.as_secs().max(1),
            signal = if release.has_signal_url() { NO_SIGNAL_SERVER } else { "" },
        ))
    }
}

/// A YAML double-quoted scalar.
fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            control if control.is_control() => {
                // Writing to a string cannot fail.
                let _ = write!(quoted, "\\u{:04x}", u32::from(control));
            }
            plain => quoted.push(plain),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::settings::Passphrase;

    #[test]
    fn an_offline_conductor_with_lair() {
        let config = Config {
            data: Path::new("/tmp/a \"b\""),
            keystore: &Keystore::default(),
            network: &Network::Offline,
            request_timeout: Duration::from_secs(60),
            admin_port: 0,
            allowed_origins: "*",
            db_sync_level: DbSyncLevel::default(),
            release: Release::default(),
        };
        let expected = r#"data_root_path: "/tmp/a \"b\""
keystore:
  type: lair_server_in_proc
admin_interfaces:
  - driver:
      type: websocket
      port: 0
      allowed_origins: "*"
network:
  bootstrap_url: "http://127.0.0.1:1"
  relay_url: "http://127.0.0.1:1"
  request_timeout_s: 60
  advanced:
    irohTransport:
      relayAllowPlainText: true
db_sync_level: Normal
"#;
        assert_eq!(config.render().unwrap(), expected);
        let same = |release| Config { release, ..config }.render().unwrap();
        assert_eq!(same(Release::V0_7_0), expected);
        assert_eq!(same(Release::V0_8_0Dev14), expected);
        let older = expected
            .replace("  relay_url", "  signal_url: \"ws://127.0.0.1:1\"\n  relay_url")
            .replace("db_sync_level: Normal", "db_sync_strategy: Resilient");
        assert_eq!(same(Release::V0_6_3), older);
    }

    #[test]
    fn a_level_that_the_release_does_not_have_is_refused() {
        let config = Config {
            data: Path::new("/d"),
            keystore: &Keystore::DangerTest,
            network: &Network::Offline,
            request_timeout: Duration::from_secs(60),
            admin_port: 0,
            allowed_origins: "*",
            db_sync_level: DbSyncLevel::Full,
            release: Release::V0_6_3,
        };
        let refused = config.render().unwrap_err().to_string();
        assert!(refused.starts_with("Holochain 0.6.3 has no Full for its databases"), "{refused}");
    }

    #[test]
    fn the_passphrase_is_neither_in_the_file_nor_in_debug_output() {
        let keystore = Keystore::Lair { passphrase: Passphrase::new("s3cret") };
        let network = Network::Servers { bootstrap_url: "http://b:1".into(), relay_url: "http://r:2".into() };
        let config = Config {
            data: Path::new("/d"),
            keystore: &keystore,
            network: &network,
            request_timeout: Duration::from_millis(1),
            admin_port: 4,
            allowed_origins: "ham",
            db_sync_level: DbSyncLevel::Full,
            release: Release::default(),
        };
        let text = config.render().unwrap();
        assert!(text.contains("request_timeout_s: 1\n"));
        assert!(
            text.contains("      relayAllowPlainText: true\n    coreBootstrap:\n      backoffMinMs: 1000\n")
        );
        assert!(text.contains("\"http://b:1\"") && text.contains("\"http://r:2\"") && text.contains("Full"));
        assert!(!format!("{text}{config:?}").contains("s3cret"));
    }
}
