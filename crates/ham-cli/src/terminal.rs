//! Standard error, which messages, log lines and the spinner share; and what a text may do to a terminal.

use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

use indicatif::ProgressBar;

use crate::hidden;

/// The spinner that is shown; other output makes room for itself above it.
static SPINNER: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// Writes to standard error. It may be closed; there is no third place to complain.
pub(crate) fn write(bytes: &[u8]) {
    let bytes = hidden::without(bytes);
    let write = || {
        let _ = io::stderr().lock().write_all(&bytes);
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

/// Where log lines go. Writing never fails: the logging code would take a failure for its own, and inside a
/// connection's task that would end the connection.
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

/// The text without characters that move the cursor or change the order in which letters are shown, except for line
/// feeds and tabs: the terminal shows it and does not obey it.
pub(crate) fn printable(text: &str) -> String {
    escaped(text, |character| is_obeyed(character) && !matches!(character, '\n' | '\t'))
}

/// The same for a text that has no reason to be longer than a line, so that no part of it passes for a line of this program.
pub(crate) fn one_line(text: &str) -> String {
    escaped(text, |character| is_obeyed(character) || matches!(character, '\u{2028}' | '\u{2029}'))
}

/// Control characters, and the marks and overrides that make a terminal write from the right.
fn is_obeyed(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn escaped(text: &str, escapes: impl Fn(char) -> bool) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if escapes(character) {
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
        assert_eq!(one_line("a\n\tb\u{2028}"), "a\\u{a}\\u{9}b\\u{2028}");
    }

    /// A text that is written from the right reads as something else.
    #[test]
    fn nothing_is_written_from_the_right() {
        assert_eq!(printable("paid 5\u{202e}001 to"), "paid 5\\u{202e}001 to");
        assert_eq!(printable("\u{2066}שלום\u{2069}"), "\\u{2066}שלום\\u{2069}");
    }
}
