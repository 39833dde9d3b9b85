//! A configuration of `holochain`, read for the embedded conductor.

use std::path::Path;

use ham_devconductor::{Config, Release};
use holochain_conductor_api::conductor::{ConductorConfig, KeystoreConfig};
use holochain_conductor_api::{AdminInterfaceConfig, InterfaceDriver};

use crate::failure::Failure;

/// The parts of a `holochain` configuration that matter here: network settings do not.
pub(super) async fn read(path: &Path, release: Release) -> Result<Config, Failure> {
    let wrong = |error: anyhow::Error| {
        let why = ham::without_quoted(&format!("{error:#}"));
        Failure::usage(format!("{}: {why}", ham::masked_path(path)), "correct the file")
    };
    let file = path.to_owned();
    let read = tokio::task::spawn_blocking(move || match release {
        Release::V0_6 => load_0_6(&file),
        _ => ConductorConfig::load_yaml(&file).map_err(|error| anyhow::anyhow!("{error}")),
    });
    let read = read.await.map_err(|error| wrong(error.into()))?.map_err(wrong)?;
    let mut config = Config::default();
    if let Some(directory) = &read.data_root_path {
        config = config.with_data(directory.as_path());
    }
    match &read.keystore {
        KeystoreConfig::DangerTestKeystore | KeystoreConfig::LairServerInProc { .. } => {}
        KeystoreConfig::LairServer { .. } => {
            return Err(wrong(anyhow::anyhow!(
                "an embedded conductor has its own keystore: use lair_server_in_proc"
            )));
        }
    }
    let first = read.admin_interfaces.unwrap_or_default().into_iter().next();
    if let Some(AdminInterfaceConfig { driver }) = first {
        let InterfaceDriver::Websocket { port, allowed_origins, .. } = driver;
        config = config.with_admin_port(port).with_allowed_origins(allowed_origins);
    }
    Ok(config)
}

/// A configuration of 0.6 has more settings for its network and its databases than 0.7.1 knows, and none of them
/// matters here.
fn load_0_6(path: &Path) -> anyhow::Result<ConductorConfig> {
    let mut file: yaml_serde::Mapping = yaml_serde::from_str(&std::fs::read_to_string(path)?)?;
    for key in ["chc_url", "db_sync_strategy", "network"] {
        file.remove(key);
    }
    Ok(yaml_serde::from_value(file.into())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of another kind was repeated as a whole, with the keys in it.
    #[tokio::test]
    async fn what_is_wrong_is_told_without_what_stands_there() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("config.yaml");
        for (text, told) in [
            ("admin_url = \"ws://bob:hush@localhost/\"\nkey = \"ham_PQ9ZQD_gKhm\"", "expected"),
            ("keystore: {type: lair_server, connection_url: \"hush unix?k=hush\"}", "URL"),
        ] {
            std::fs::write(&path, text).unwrap();
            for release in [Release::V0_6, Release::V0_7_1] {
                let told_of = read(&path, release).await.unwrap_err().causes().join(": ");
                assert!(told_of.contains(told), "{told_of}");
                assert!(!told_of.contains("hush") && !told_of.contains("gKhm"), "{told_of}");
            }
        }
    }
}
