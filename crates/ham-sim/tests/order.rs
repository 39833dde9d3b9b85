//! What decides an order in the crates that are simulated.

use std::fs;
use std::path::{Path, PathBuf};

/// The sources of a crate beside its tests.
fn sources(directory: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        match path.is_dir() {
            _ if stem == "tests" => {}
            true => sources(&path, into),
            false => into.push(path),
        }
    }
}

/// Whether the text after `select!` begins with `biased`, comments left out.
fn is_biased(after: &str) -> bool {
    let mut lines = after.lines().map(str::trim);
    lines.find(|line| !line.is_empty() && !line.starts_with("//")) == Some("biased;")
}

/// An unbiased `select!` asks tokio's random numbers, which no seed decides.
#[test]
fn no_select_takes_its_branches_at_random() {
    let mut files = Vec::new();
    for simulated in
        ["ham/src", "ham-gateway/src/outbox", "ham-persistent/src", "ham-session/src", "ham-sim/src"]
    {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name(simulated);
        sources(&root, &mut files);
    }
    let mut selects = 0;
    for file in files {
        let text = fs::read_to_string(&file).expect("UTF-8");
        for (at, _) in text.match_indices("select! {") {
            selects += 1;
            let line = text[..at].lines().count();
            assert!(is_biased(&text[at + "select! {".len()..]), "{}:{line} is not biased", file.display());
        }
    }
    assert!(selects >= 10, "only {selects} were found");
}
