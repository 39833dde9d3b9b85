//! Why a gateway does not start, and what to do.

use ham_gateway::StartError;

use crate::exit::Exit;
use crate::failure::Failure;

/// In words.
pub(super) fn failed(error: StartError) -> Failure {
    let (exit, advice) = match &error {
        StartError::Config(_) => {
            (Exit::Usage, "`ham gateway check --config FILE` names each fault on a line")
        }
        StartError::Keys(_) => {
            (Exit::Usage, "`ham gateway key new --name NAME` prints what belongs into the file")
        }
        StartError::Tls(_) => (Exit::Usage, "name PEM files: the certificate with its chain, and its key"),
        StartError::Listen { .. } => (Exit::Local, "stop whatever listens there, or name another address"),
        StartError::StateDirectory { .. } | StartError::File { .. } => {
            (Exit::Local, "check the path and its permissions")
        }
        _ => (Exit::Usage, "correct the configuration"),
    };
    Failure::new(exit, error, advice)
}
