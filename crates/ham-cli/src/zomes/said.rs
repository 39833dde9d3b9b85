//! The compiler's output while it runs: passed on as it comes, with its errors kept.

use std::io::IsTerminal as _;

use super::errors::Errors;
use crate::terminal::{self, printable};

/// How much of it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// Everything, as it comes: on a terminal as Cargo shows it there, with its colours and its progress.
    Everything,
    /// Its errors, in the failure.
    Errors,
}

impl Shown {
    /// Whether it goes to a terminal as it is.
    pub(super) fn is_raw(self) -> bool {
        self == Self::Everything && std::io::stderr().is_terminal() && !is_dumb()
    }
}

fn is_dumb() -> bool {
    std::env::var_os("TERM").is_none_or(|terminal| terminal == "dumb")
}

/// Takes the output in pieces.
#[derive(Debug)]
pub(super) struct Said {
    shown: Shown,
    is_raw: bool,
    /// Of the line that is not complete.
    line: Vec<u8>,
    /// A carriage return came last: the line is complete, or is about to be overwritten.
    returned: bool,
    errors: Errors,
}

impl Said {
    pub(super) fn new(shown: Shown) -> Self {
        Self { shown, is_raw: shown.is_raw(), line: Vec::new(), returned: false, errors: Errors::default() }
    }

    pub(super) fn read(&mut self, piece: &[u8]) {
        if self.is_raw {
            terminal::write(piece);
        }
        for byte in piece {
            match byte {
                b'\n' => self.end_line(),
                // The shown text of the line is overwritten: it was progress.
                _ if self.returned => self.line.clear(),
                _ => {}
            }
            self.returned = *byte == b'\r';
            if !matches!(byte, b'\n' | b'\r') && self.line.len() < LONGEST {
                self.line.push(*byte);
            }
        }
    }

    fn end_line(&mut self) {
        let line = String::from_utf8_lossy(&self.line);
        // Without colours, links and anything else that terminals are sent between the letters.
        let line = anstream::adapter::strip_str(&line).to_string();
        self.line.clear();
        if self.shown == Shown::Everything && !self.is_raw {
            terminal::write(format!("{}\n", printable(&line)).as_bytes());
        }
        self.errors.read(&line);
    }

    /// The errors in the output.
    pub(super) fn errors(&self) -> String {
        self.errors.text()
    }
}

impl Drop for Said {
    /// Keeps the next output from continuing a progress line of a killed compiler.
    fn drop(&mut self) {
        if self.is_raw && (self.returned || !self.line.is_empty()) {
            terminal::write(b"\r\x1b[K");
        }
    }
}

/// Of a line, in bytes.
const LONGEST: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    /// As Cargo prints it on a terminal, in pieces that end anywhere.
    #[test]
    fn errors_are_found_among_colours_and_progress() {
        let said = "   \u{1b}[1m\u{1b}[32mCompiling\u{1b}[0m a v0.1.0\n    Building [==>  ] 1/2: a\r\u{1b}[K\u{1b}[1m\u{1b}[91merror[E0308]\u{1b}[0m: \
                    mismatched\r\n  \u{1b}]8;;https://a.b\u{1b}\\--> b.rs\u{1b}]8;;\u{1b}\\\n\n    Building [==> ] 2/2: b";
        for length in [1, 3, said.len()] {
            let mut read = Said::new(Shown::Errors);
            said.as_bytes().chunks(length).for_each(|piece| read.read(piece));
            assert_eq!(read.errors(), "error[E0308]: mismatched\n  --> b.rs", "in pieces of {length}");
        }
        let mut endless = Said::new(Shown::Errors);
        (0..100).for_each(|_| endless.read(&[b'x'; 4096]));
        assert!(endless.line.len() <= LONGEST);
    }
}
