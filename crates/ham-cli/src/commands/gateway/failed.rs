//! Why a gateway does not start, and what to do.

use ham_gateway::StartError;
use ham_gateway::outbox::StoreError;

use crate::exit::Exit;
use crate::failure::Failure;

/// In words.
pub(super) fn failed(error: StartError) -> Failure {
    let (exit, advice) = match &error {
        StartError::Config(_) => {
            (Exit::Usage, "`ham gateway check --config FILE` lists every fault, one per line")
        }
        StartError::Keys(_) => (
            Exit::Usage,
            "the file must be accessible to its owner only, and have one stanza per key, as `ham gateway key new` prints it",
        ),
        StartError::Tls(_) => (Exit::Usage, "name PEM files: the certificate with its chain, and its key"),
        StartError::Listen { .. } => (
            Exit::Local,
            "stop whatever listens there, or choose another address: `listen` or `operations_listen` in the file",
        ),
        StartError::Outbox { source: StoreError::OpenToOthers { .. }, path } => {
            (Exit::Local, ham::how_to_close(path))
        }
        StartError::Outbox { source, .. } => (Exit::Local, outbox(source)),
        StartError::Keystore(_) => {
            (Exit::Local, "check lair_url_file and lair_passphrase_file, and that the keystore runs")
        }
        StartError::StateDirectory { .. } => (Exit::Local, "check the path and its permissions"),
        StartError::StateDirectoryOpen { path, .. } => (Exit::Usage, ham::how_to_close(path)),
        _ => (Exit::Usage, "correct the configuration"),
    };
    Failure::new(exit, error, advice)
}

/// The same for a gateway with --dev, which has no file.
pub(super) fn failed_in_dev(error: StartError) -> Failure {
    match error {
        StartError::Listen { .. } => {
            let advice = "stop whatever listens there, or choose another address with --listen; its port 0 picks a free one";
            Failure::new(Exit::Local, error, advice)
        }
        error => failed(error),
    }
}

fn outbox(why: &StoreError) -> &'static str {
    match why {
        StoreError::Taken => "stop the gateway that uses it, or name another state_dir",
        StoreError::Empty => {
            "restore the file from a backup; remove it only if the calls in it no longer matter"
        }
        StoreError::Format(_) => "start the version of ham that wrote it, or a later one",
        _ => "check the disk, its free space, and the permissions of the state directory",
    }
}
