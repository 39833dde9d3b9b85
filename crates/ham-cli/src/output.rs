//! Everything that goes to standard output and standard error.

use std::io::{self, Write};

use serde_json::{Value, json};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::terminal::{self, printable};

/// Where results go: for people, or for programs as one JSON object per line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    pub(crate) json: bool,
}

impl Output {
    /// One result: `text` for people, `value` for programs.
    pub(crate) fn result(self, text: impl FnOnce() -> String, value: &Value) -> Result<(), Failure> {
        if self.json { self.bytes(format!("{value}\n").as_bytes()) } else { self.text(&text()) }
    }

    /// A text for people, whatever the mode. A conductor's words in it cannot move the cursor or recolour the terminal.
    pub(crate) fn text(self, text: &str) -> Result<(), Failure> {
        let text = printable(text);
        self.bytes(format!("{}\n", text.trim_end_matches('\n')).as_bytes())
    }

    /// Raw bytes. Written at once: a reader of a pipe sees each line when it is made.
    pub(crate) fn bytes(self, bytes: &[u8]) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        out.write_all(bytes).and_then(|()| out.flush()).map_err(|error| match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::nobody_reads(),
            _ => Failure::new(
                Exit::Local,
                anyhow::Error::new(error).context("cannot write to standard output"),
                "check where the output goes",
            ),
        })
    }

    /// A failure, on standard error.
    pub(crate) fn failure(self, failure: &Failure) {
        let text = match (self.json, failure.json()) {
            (true, Some(value)) => format!("{value}\n"),
            (true, None) => return,
            (false, _) => failure.text(),
        };
        terminal::write(text.as_bytes());
    }

    /// A note besides the result, on standard error.
    pub(crate) fn note(self, text: &str) {
        let text = printable(text);
        self.aside(if self.json { json!({ "note": text }).to_string() } else { text });
    }

    /// The same, for something that needs attention.
    pub(crate) fn warning(self, text: &str) {
        let text = printable(text);
        self.aside(if self.json {
            json!({ "warning": text }).to_string()
        } else {
            format!("warning: {text}")
        });
    }

    fn aside(self, line: String) {
        terminal::write(format!("{line}\n").as_bytes());
    }
}
