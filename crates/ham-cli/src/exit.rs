//! The exit codes: one table, shown by `ham --help` and in the README.

use std::fmt::Write as _;
use std::process::ExitCode;

/// How the process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Ok,
    Refused,
    Usage,
    NoConnection,
    Unknown,
    Arrived,
    NotRun,
    Disagrees,
    Local,
    HungUp,
    Interrupted,
    Terminated,
}

/// Every exit code and its meaning.
pub(crate) const TABLE: [(Exit, u8, &str); 12] = [
    (Exit::Ok, 0, "success, also when the reader of the output has gone away"),
    (
        Exit::Refused,
        1,
        "the conductor or server answered with an error, a check failed, or the answer cannot be shown as JSON",
    ),
    (Exit::Usage, 2, "the command line, the environment or the configuration file is wrong"),
    (Exit::NoConnection, 3, "no connection to the conductor or server; no request was sent"),
    (Exit::Unknown, 4, "the request was sent, but its outcome is unknown"),
    (Exit::Arrived, 5, "the call arrived and runs at most once, but its answer was lost"),
    (Exit::NotRun, 6, "the call did not run, and never will"),
    (Exit::Disagrees, 7, "the demonstration found a chain that disagrees with its record"),
    (Exit::Local, 8, "something on this machine failed: a file, the keystore, the conductor's build"),
    (Exit::HungUp, 129, "ended by SIGHUP (the terminal closed)"),
    (Exit::Interrupted, 130, "ended by SIGINT (Ctrl-C)"),
    (Exit::Terminated, 143, "ended by SIGTERM"),
];

impl Exit {
    /// The number.
    pub(crate) fn code(self) -> u8 {
        TABLE.iter().find(|(exit, ..)| *exit == self).map_or(1, |(_, code, _)| *code)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// The table as text, for `--help`.
pub(crate) fn help() -> String {
    let mut text = String::from("Exit codes:\n");
    for (_, code, meaning) in TABLE {
        let mut room = WIDTH;
        // Writing to a string cannot fail.
        let _ = write!(text, "  {code:>3} ");
        for word in meaning.split(' ') {
            if word.len() > room {
                text.push_str("\n      ");
                room = WIDTH;
            }
            let _ = write!(text, " {word}");
            room = room.saturating_sub(word.len() + 1);
        }
        text.push('\n');
    }
    text
}

/// The width of the text beside the codes: together they fit into a manual page on a terminal of 80 columns.
const WIDTH: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    /// They were wrapped at the edge of the terminal, and continued below the codes.
    #[test]
    fn the_text_fits_into_a_manual_page() {
        for line in help().lines().skip(1) {
            assert!(
                line.len() <= 72 && (line.starts_with("       ") || line[..5].trim().parse::<u8>().is_ok()),
                "{line}"
            );
        }
    }

    #[test]
    fn the_readme_has_this_table() {
        let readme = include_str!("../README.md");
        let rows: Vec<String> =
            TABLE.iter().map(|(_, code, meaning)| format!("| {code} | {meaning} |")).collect();
        let shown: Vec<&str> = readme
            .lines()
            .skip_while(|line| *line != "| code | meaning |")
            .skip(2)
            .take_while(|line| line.starts_with('|'))
            .collect();
        assert_eq!(shown, rows);
    }

    #[test]
    fn codes_are_unique_and_found() {
        for (exit, code, _) in TABLE {
            assert_eq!(exit.code(), code);
            assert_eq!(TABLE.iter().filter(|(_, other, _)| *other == code).count(), 1);
        }
    }
}
