//! Starts embedded conductors.

use std::io::ErrorKind;
use std::os::unix::net::SocketAddr;
use std::path::Path;

use ham::{Admin, Release};
use ham_devconductor::{AttachError, Config, DataDirectory, DevConductor, InstallError, StartError};

use crate::advice;
use crate::app;
use crate::built_with;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::progress;

/// Starts an embedded conductor.
pub(crate) async fn start(output: Output, config: Config) -> Result<DevConductor, Failure> {
    if let DataDirectory::Kept(directory) = &config.data {
        check_path(directory)?;
    }
    let starting = DevConductor::start_with(config);
    progress::during(output, "starting the conductor", starting).await.map_err(failure)
}

/// Installs and enables an app in it, unless there is an app with this id. Returns the id. Warns if the app waits for
/// membrane proofs.
pub(crate) async fn install(
    output: Output,
    conductor: &DevConductor,
    bundle: Vec<u8>,
    id: Option<String>,
) -> Result<String, Failure> {
    if let Some(told) = built_with::for_another_release(&bundle, Release::V0_7_1).await {
        output.warning(&told);
    }
    let installed = progress::during(output, "installing the app", conductor.install(bundle, id)).await;
    match installed {
        Err(InstallError::NotEnabled { id, source }) => {
            let apps = Admin::local(conductor.admin_port()).list_apps(None).await?;
            let awaits = apps.iter().find(|app| app.installed_app_id == id).and_then(app::awaits_proofs);
            let Some(awaits) = awaits else {
                let error = InstallError::NotEnabled { id, source };
                return Err(Failure::new(Exit::Refused, error, advice::INSTALL));
            };
            output.warning(&awaits);
            Ok(id)
        }
        installed => installed.map_err(|error| Failure::new(Exit::Refused, error, advice::INSTALL)),
    }
}

/// Attaches an app interface on the given port; 0 means any free one. Returns the port.
pub(crate) async fn attach(conductor: &DevConductor, port: u16) -> Result<u16, Failure> {
    conductor.attach_app_interface(port).await.map_err(|error| {
        let advice = match &error {
            AttachError::Port { port: 0, .. } => NO_FREE_PORT,
            AttachError::Port { .. } => {
                "stop whatever is using the port, or pass another --app-port; 0 picks a free one"
            }
            _ => "try again; with another --data it starts from scratch",
        };
        Failure::new(Exit::Local, error, advice)
    })
}

fn failure(error: StartError) -> Failure {
    let advice = match &error {
        StartError::Directory { .. } => "pass another --data",
        StartError::InUse(_) => "stop the other one, or pass another --data",
        StartError::Passphrase { .. } => {
            "pass the passphrase that the directory was made with (--piped); if it was made without one, pass none, and restore \
             `ks/passphrase`, which holds it"
        }
        StartError::KeystoreFile { source, .. }
            if matches!(source.kind(), ErrorKind::NotFound | ErrorKind::InvalidData) =>
        {
            "restore the file, for example from a copy of the directory: without it the keys are lost. If the keystore was made \
             with a passphrase, no file holds it: pass it with --piped"
        }
        StartError::KeystoreFile { .. } => "let this user read and write the file",
        StartError::Keystore { .. } => {
            "stop whatever else has this keystore open, such as `lair-keystore` or `holochain`; if nothing has, restore its \
             directory `ks` from a copy"
        }
        StartError::Port { port: 0, .. } => NO_FREE_PORT,
        StartError::Port { .. } => "stop whatever is using the port, or pass another --admin-port",
        StartError::AppPort { .. } => {
            "give this machine back the address that it listened on, or start with another --data"
        }
        _ => "if the directory was written by another version, start with another --data",
    };
    Failure::new(Exit::Local, error, advice)
}

/// Several ports in a row were free in only one of IPv4 and IPv6.
const NO_FREE_PORT: &str =
    "try again: other programs took every port that was tried, or there is no loopback address";

/// The keystore's socket is in the data directory, and a socket's path must be short.
fn check_path(directory: &Path) -> Result<(), Failure> {
    // An existing one may be given by a symlink.
    let fits = directory
        .canonicalize()
        .or_else(|_| std::path::absolute(directory))
        .and_then(|directory| SocketAddr::from_pathname(directory.join("ks").join("socket")));
    fits.map(drop).map_err(|_| Failure::path_too_long(directory))
}
