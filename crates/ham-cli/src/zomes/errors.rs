//! The errors in Cargo's output.

/// Each from the line that begins with the word to the next empty line. For its own errors, Cargo prints the causes
/// after an empty line.
#[derive(Debug, Default)]
pub(super) struct Errors {
    lines: Vec<String>,
    reads: Reads,
    /// Some of them are missing.
    is_cut: bool,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Reads {
    /// Something else.
    #[default]
    Other,
    /// An error, or the cause of one.
    Error,
    /// The empty line after one.
    After,
}

impl Errors {
    pub(super) fn read(&mut self, line: &str) {
        let begins =
            line.starts_with("error") || (self.reads == Reads::After && line.starts_with("Caused by:"));
        self.reads = match self.reads {
            _ if begins => Reads::Error,
            Reads::Error if line.trim().is_empty() => Reads::After,
            Reads::Error => Reads::Error,
            Reads::Other | Reads::After => Reads::Other,
        };
        if self.reads != Reads::Error {
            return;
        }
        if self.lines.len() == MOST_LINES {
            self.is_cut = true;
        } else {
            self.lines.push(line.to_owned());
        }
    }

    pub(super) fn text(&self) -> String {
        if self.lines.is_empty() {
            return "Cargo does not say why".to_owned();
        }
        let cut = if self.is_cut { "\n…" } else { "" };
        format!("{}{cut}", self.lines.join("\n"))
    }
}

/// Of all errors together.
const MOST_LINES: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    fn of(said: &str) -> String {
        let mut errors = Errors::default();
        said.lines().for_each(|line| errors.read(line));
        errors.text()
    }

    /// Only the first was shown, and only forty lines of it.
    #[test]
    fn all_errors_are_found_between_warnings() {
        let said = "   Compiling a v0.1.0\nwarning: unused\n  --> a.rs\n\nerror[E0308]: mismatched types\n --> b.rs:7:5\n  \
                    |\n\nwarning: more\n\nerror: could not compile `a`";
        assert_eq!(
            of(said),
            "error[E0308]: mismatched types\n --> b.rs:7:5\n  |\nerror: could not compile `a`"
        );
        let manifest = "error: failed to parse manifest at `a`\n\nCaused by:\n  expected `=`\n\nafter";
        assert_eq!(of(manifest), "error: failed to parse manifest at `a`\nCaused by:\n  expected `=`");
        assert_eq!(of("warning: x"), "Cargo does not say why");
        let endless = of(&"error: x\n".repeat(5000));
        assert_eq!((endless.lines().count(), endless.ends_with("\n…")), (MOST_LINES + 1, true));
    }
}
