//! Standard error, which messages, log lines and the spinner share; and what a text may do to a terminal.

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

/// The text without control characters, except for line feeds and tabs: they are shown, not obeyed.
pub(crate) fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() && !matches!(character, '\n' | '\t') {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conductor_cannot_drive_the_terminal() {
        assert_eq!(printable("a\u{1b}[31mb\r\u{9b}c\n"), "a\\u{1b}[31mb\\u{d}\\u{9b}c\n");
    }
}
