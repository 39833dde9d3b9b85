//! A seed is one life, whatever the process lived before it.

use std::process::Command;

/// The hash over the lives of these seeds, in a process of its own.
fn hash(from: u64, seeds: u64, jobs: u32) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ham-sim"));
    let arguments = format!("--layer ham --json --from {from} --seeds {seeds} --jobs {jobs}");
    let output = command.args(arguments.split_whitespace()).output().expect("the binary of this crate");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let last: serde_json::Value =
        serde_json::from_str(text.lines().last().expect("a last line")).expect("JSON");
    last["hash"].as_str().expect("a hash").to_owned()
}

/// The hash of a run is the sum over its seeds, so a run is the sum of its parts. Ids, keys and memory that a process keeps,
/// and the order of hashes, would show here.
#[test]
fn two_processes_live_the_same_lives_in_another_order() {
    let whole = hash(0, 60, 1);
    assert_eq!(whole, hash(0, 60, 2));
    let number = |text: String| u64::from_str_radix(&text, 16).expect("a number");
    let parts = number(hash(30, 30, 1)).wrapping_add(number(hash(0, 30, 1)));
    assert_eq!(number(whole), parts);
}
