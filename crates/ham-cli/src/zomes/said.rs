//! What a compiler says while it runs: handed on as it comes, and its errors kept.

use std::io::IsTerminal as _;

use super::errors::Errors;
use crate::terminal::{self, printable};

/// What is shown of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// All, as it comes: on a terminal as Cargo shows it there, with its colours and its progress.
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

/// Takes what is said in pieces.
#[derive(Debug)]
pub(super) struct Said {
    shown: Shown,
    is_raw: bool,
    /// Of the line that is not over.
    line: Vec<u8>,
    /// A carriage return came last: the line is over, or is written anew.
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
                // What was shown of the line is written over: it was progress.
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
        let line = plain(&String::from_utf8_lossy(&std::mem::take(&mut self.line)));
        if self.shown == Shown::Everything && !self.is_raw {
            terminal::write(format!("{}\n", printable(&line)).as_bytes());
        }
        self.errors.read(&line);
    }

    /// The errors that were said.
    pub(super) fn errors(&self) -> String {
        self.errors.text()
    }
}

impl Drop for Said {
    /// What is written next does not stand behind the progress of one that was killed.
    fn drop(&mut self) {
        if self.is_raw && (self.returned || !self.line.is_empty()) {
            terminal::write(b"\r\x1b[K");
        }
    }
}

/// The text without colours, links and what else terminals are told between the letters.
fn plain(text: &str) -> String {
    let (mut plain, mut rest) = (String::new(), text.chars());
    while let Some(next) = rest.next() {
        if next != '\u{1b}' {
            plain.push(next);
            continue;
        }
        match rest.next() {
            Some('[') => drop(rest.by_ref().find(|end| ('@'..='~').contains(end))),
            Some(']') => {
                let end = rest.by_ref().find(|end| matches!(end, '\u{7}' | '\u{1b}'));
                // A bell, or an escape and a backslash.
                if end == Some('\u{1b}') {
                    rest.next();
                }
            }
            _ => {}
        }
    }
    plain
}

/// Of a line, in bytes.
const LONGEST: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    /// As Cargo says it on a terminal, in pieces that end anywhere.
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
