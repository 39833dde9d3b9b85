//! From sources to a bundle.

use ham_bundle::{PackOptions, Packed};

use super::compiler::Compiler;
use super::project::Project;
use super::{recipe, subprocess};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::terminal::{self, printable};

/// What is shown of what the compiler says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// Each line as it comes.
    Everything,
    /// Its first error, in the failure.
    FirstError,
}

/// Compiles the zomes of a project, and packs its DNAs and its app: the bundle of the app is last.
///
/// # Errors
/// There is no compiler; the first error of the compiler; a manifest is wrong.
///
/// # Cancel safety
/// Cancel-safe: Cargo and what it has started are killed. Each bundle is the old one or the new one.
pub(crate) async fn build(project: &Project, shown: Shown) -> Result<Vec<Packed>, Failure> {
    let compiler = Compiler::find(&project.directory).await?;
    let mut first = FirstError::default();
    let said = |line: &str| {
        if shown == Shown::Everything {
            terminal::write(format!("{}\n", printable(line)).as_bytes());
        }
        first.read(line);
    };
    let cargo = recipe::command(project, &compiler);
    let ended = subprocess::run(cargo, &project.directory, said).await?;
    if !ended.success() {
        return Err(Failure::new(
            Exit::Refused,
            anyhow::anyhow!("the zomes were not compiled: {}", first.text()),
            "correct it and build again",
        ));
    }
    Ok(ham_bundle::pack(&project.manifest, &PackOptions::default().with_recursive(true)).await?)
}

/// The first error in what Cargo says: from the line that begins with the word to the next empty one.
#[derive(Debug, Default)]
struct FirstError {
    lines: Vec<String>,
    is_whole: bool,
}

impl FirstError {
    fn read(&mut self, line: &str) {
        if self.is_whole || (self.lines.is_empty() && !line.starts_with("error")) {
            return;
        }
        if line.trim().is_empty() || self.lines.len() == MOST_LINES {
            self.is_whole = true;
        } else {
            self.lines.push(line.to_owned());
        }
    }

    fn text(&self) -> String {
        if self.lines.is_empty() { "Cargo does not say why".into() } else { self.lines.join("\n") }
    }
}

/// What is shown of an error at most.
const MOST_LINES: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_error_is_found_between_warnings_and_others() {
        let said = "   Compiling a v0.1.0\nwarning: unused\n  --> a.rs\n\nerror[E0308]: mismatched types\n --> b.rs:7:5\n  \
                    |\n\nerror: could not compile `a`";
        let mut first = FirstError::default();
        said.lines().for_each(|line| first.read(line));
        assert_eq!(first.text(), "error[E0308]: mismatched types\n --> b.rs:7:5\n  |");
        let mut endless = FirstError::default();
        (0..1000).for_each(|_| endless.read("error: x"));
        assert_eq!(endless.text().lines().count(), MOST_LINES);
    }
}
