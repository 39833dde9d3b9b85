//! The layers beside `ham`: a seed is one life, and lives that broke a promise once keep it now.

use std::process::Command;

use ham_sim::{LayerName, Mask, replay};

/// The hash over the lives of these seeds, in a process of its own.
fn hash(layer: &str, from: u64, seeds: u64, jobs: u32) -> u64 {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ham-sim"));
    let arguments = format!("--layer {layer} --json --from {from} --seeds {seeds} --jobs {jobs}");
    let output = command.args(arguments.split_whitespace()).output().expect("the binary of this crate");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let last = text.lines().last().expect("a last line");
    let last: serde_json::Value = serde_json::from_str(last).expect("JSON");
    u64::from_str_radix(last["hash"].as_str().expect("a hash"), 16).expect("a number")
}

/// The hash of a run is the sum over its seeds, so a run is the sum of its parts.
fn parts_are_the_whole(layer: &str, seeds: u64) {
    let half = seeds / 2;
    let parts = hash(layer, half, half, 1).wrapping_add(hash(layer, 0, half, 2));
    assert_eq!(hash(layer, 0, seeds, 1), parts);
}

#[test]
fn two_processes_live_the_same_lives_of_the_engine() {
    parts_are_the_whole("persistent", 800);
}

#[test]
fn two_processes_live_the_same_lives_of_a_link() {
    parts_are_the_whole("session", 200);
}

#[test]
fn two_processes_live_the_same_lives_of_a_gateway() {
    parts_are_the_whole("gateway", 120);
}

/// Seeds that broke a promise of the engine before it was mended.
#[test]
fn the_engine_keeps_what_it_broke() {
    for (seed, without, was) in [
        (118, "1-10", "an endless pause panicked"),
        (78, "2-4", "Disconnected was announced without Connected"),
        (2_703, "0,2-7,9-10,12", "the callback of Connected was dropped when the last link ended in it"),
        (580, "1-4", "a failure was announced after a close, which had two causes then"),
        (1_997, "2-18", "the second attempt's failure was told as the first one's"),
        (8_036, "", "an outage was announced though no other link was wanted"),
        (14_923, "0-4,6-12,14,16-18", "two causes of one close that met"),
        (580, "1-4", "a failure after close was announced, and the state named it as the cause"),
        (1_997, "2-18", "the second attempt's failure was returned for the first, whose link was lost"),
        (8_036, "", "an attempt was announced though no other link was wanted"),
        (14_923, "0-4,6-12,14,16-18", "a close in the callback of the last link was not the cause"),
    ] {
        let mask: Mask = without.parse().expect("a mask");
        assert_eq!(replay(LayerName::Persistent, seed, &mask), [], "seed {seed}: {was}");
        assert_eq!(replay(LayerName::Persistent, seed, &Mask::none()), [], "seed {seed}, whole: {was}");
    }
}
