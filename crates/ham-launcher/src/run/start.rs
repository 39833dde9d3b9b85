//! A process that is ready: configured, started, awaited.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::boot;
use super::builder::ConductorBuilder;
use super::config::Config;
use super::data::DataDirectory;
use super::lair;
use super::logs::Logs;
use super::process::{Process, Program};
use super::settings::Passphrase;
use crate::error::LaunchError;
use crate::find::install::{Install, InstallSource};
use crate::find::release::Release;

/// Writes the configuration, starts the process and waits until it is ready; returns it with its admin port.
pub(super) async fn start(
    builder: &ConductorBuilder,
    install: &Install,
    data: &Arc<DataDirectory>,
    logs: &Logs,
    admin_port: u16,
) -> Result<(Process, u16), LaunchError> {
    let passphrase = builder.keystore.passphrase();
    if passphrase.is_some_and(|passphrase| passphrase.expose().contains(['\n', '\r'])) {
        return Err(LaunchError::PassphraseLineBreak);
    }
    let embedded = install.source == InstallSource::Embedded;
    // The embedded conductor reads only one form of the file.
    let release = if embedded { Release::default() } else { install.release() };
    lair::put_in(data.path())?;
    let config = write_config(builder, release, data.path(), admin_port).await?;
    let name = |release: Release| release.short().unwrap_or(release.version());
    let dev = ["dev".into(), "--release".into(), name(install.release()).into()];
    let as_holochain = ["--piped".into(), "--config-path".into(), config.into()];
    let program = Program {
        binary: &install.binary,
        arguments: dev.into_iter().filter(|_| embedded).chain(as_holochain).collect(),
        input: passphrase.map(Passphrase::expose),
        rust_log: &builder.rust_log,
        data: Arc::clone(data),
        keeps_temporary: false,
    };
    let booted = boot::boot(program, install.tool, logs, builder.ready_timeout).await;
    booted.map_err(|error| name_taken_port(error, admin_port))
}

/// Recognises a taken port by the last words of a conductor that ended before it was ready.
fn name_taken_port(error: LaunchError, admin_port: u16) -> LaunchError {
    match error {
        LaunchError::Exited { logs, .. } if logs.contains("AddrInUse") => {
            LaunchError::AddressInUse { admin_port, logs }
        }
        other => other,
    }
}

async fn write_config(
    builder: &ConductorBuilder,
    release: Release,
    data: &Path,
    admin_port: u16,
) -> Result<PathBuf, LaunchError> {
    let config = Config {
        data,
        keystore: &builder.keystore,
        network: &builder.network,
        request_timeout: builder.request_timeout,
        admin_port,
        allowed_origins: &builder.admin_origins,
        db_sync_level: builder.db_sync_level,
        release,
    };
    let path = data.join("conductor-config.yaml");
    let written = tokio::fs::write(&path, config.render()?).await;
    written.map(|()| path.clone()).map_err(|source| LaunchError::Data { path, source })
}

#[cfg(test)]
mod tests {
    use std::process::ExitStatus;

    use super::*;
    use crate::find::tool::Tool;

    #[test]
    fn a_taken_port_is_told_apart_and_the_last_words_are_kept() {
        let exited = |logs: &str| LaunchError::Exited {
            tool: Tool::default(),
            status: ExitStatus::default(),
            logs: logs.to_owned(),
        };
        let error = name_taken_port(exited("  something broke"), 4444);
        assert!(matches!(error, LaunchError::Exited { .. }), "{error}");
        assert!(error.to_string().ends_with("  something broke"), "{error}");

        let words =
            "InterfaceError(IoError(Os { code: 98, kind: AddrInUse, message: \"Address already in use\" }))";
        let error = name_taken_port(exited(words), 4444);
        assert!(matches!(error, LaunchError::AddressInUse { admin_port: 4444, .. }), "{error}");
    }
}
