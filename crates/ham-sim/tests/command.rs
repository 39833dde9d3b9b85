//! The command, on a layer whose fault is known.

use std::process::{Command, Output};

fn ham_sim(arguments: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ham-sim"));
    command.args(["--layer", "example"]).args(arguments.split_whitespace());
    command.output().expect("the binary of this crate")
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

/// The last line without its rate, which is the machine's.
fn summary(output: &Output) -> String {
    let text = text(output);
    let parts: Vec<&str> = text.lines().last().expect("a last line").split(", ").collect();
    format!("{}, {}, {}", parts[0], parts[1], parts[4])
}

#[test]
fn seeds_without_a_finding_end_with_0_and_the_same_hash_on_any_number_of_threads() {
    let one = ham_sim("--seeds 20 --jobs 1");
    let two = ham_sim("--seeds 20 --jobs 3");
    assert_eq!((one.status.code(), two.status.code()), (Some(0), Some(0)), "{}", text(&one));
    assert!(summary(&one).starts_with("20 lives, 0 findings, hash "), "{}", summary(&one));
    assert_eq!(summary(&one), summary(&two));
}

#[test]
fn a_finding_ends_with_1_and_is_made_as_small_as_it_gets() {
    let output = ham_sim("--seeds 3000 --first --jobs 1");
    assert_eq!(output.status.code(), Some(1));
    let text = text(&output);
    assert!(text.contains(": nine at "), "{text}");
    assert!(text.contains("  2 elements left of "), "{text}");
    let repeat = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("ham-sim --layer example "))
        .expect("a command");
    let again = ham_sim(repeat);
    assert_eq!(again.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&again.stdout).contains("nine at "), "{repeat}");
}

#[test]
fn the_table_of_states_is_printed_and_a_zero_fails() {
    let output = ham_sim("--seeds 20 --coverage");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert!(text(&output).contains("  a large one\n"));
    let output = ham_sim("--seeds 0 --coverage");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output).contains("a large one  never reached\n"));
}

#[test]
fn programs_read_json() {
    let output = ham_sim("--seeds 3000 --json");
    for line in text(&output).lines() {
        serde_json::from_str::<serde_json::Value>(line).expect("an object a line");
    }
    assert!(text(&output).contains("\"invariant\":\"nine\""));
}

#[test]
fn wrong_usage_ends_with_2() {
    for arguments in ["--seeds x", "--without 3", "--seed 1 --seeds 5", "--seed 1 --without 9-3", "--jobs 0"]
    {
        assert_eq!(ham_sim(arguments).status.code(), Some(2), "{arguments}");
    }
}
