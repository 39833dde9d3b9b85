//! Standard error, which messages, log lines and the spinner share.

use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

use indicatif::ProgressBar;

/// The spinner that is shown; what is written makes room for itself above it.
static SPINNER: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// Writes to standard error. It may be closed; there is no third place to complain.
pub(crate) fn write(bytes: &[u8]) {
    let write = || {
        let _ = io::stderr().lock().write_all(bytes);
    };
    let shown = SPINNER.lock().unwrap_or_else(PoisonError::into_inner).clone();
    match shown {
        Some(spinner) => spinner.suspend(write),
        None => write(),
    }
}

/// From now on this spinner is the one that is shown, or none is.
pub(crate) fn show(spinner: Option<ProgressBar>) {
    *SPINNER.lock().unwrap_or_else(PoisonError::into_inner) = spinner;
}

/// Where log lines go. Writing never fails: whoever logs would take a failure for its own, and inside a connection's task that
/// is the end of the connection.
#[derive(Debug)]
pub(crate) struct Lines;

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        write(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
