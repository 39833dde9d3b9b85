//! Starts embedded conductors.

use std::os::unix::net::SocketAddr;
use std::path::Path;

use ham_devconductor::{Config, DataDirectory, DevConductor, StartError};

use crate::advice;
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

/// Installs and enables an app in it, unless an app of this id is there. Answers the id.
pub(crate) async fn install(
    output: Output,
    conductor: &DevConductor,
    bundle: Vec<u8>,
    id: Option<String>,
) -> Result<String, Failure> {
    let refused = |error| Failure::new(Exit::Refused, error, advice::INSTALL);
    progress::during(output, "installing the app", conductor.install(bundle, id)).await.map_err(refused)
}

fn failure(error: StartError) -> Failure {
    let advice = match &error {
        StartError::Directory { .. } => "pass another --data",
        StartError::InUse(_) => "stop the other one, or pass another --data",
        StartError::Keystore { .. } => {
            "was it created with another passphrase? Another --data starts from scratch"
        }
        StartError::Port { .. } => "stop whatever is using the port, or pass another --admin-port",
        _ => "if the directory was written by another version, start with another --data",
    };
    Failure::new(Exit::Local, error, advice)
}

/// The keystore's socket lies in the data directory, and a socket's path is short.
fn check_path(directory: &Path) -> Result<(), Failure> {
    let fits = std::path::absolute(directory)
        .and_then(|directory| SocketAddr::from_pathname(directory.join("ks").join("socket")));
    fits.map(drop).map_err(|_| Failure::path_too_long(directory))
}
