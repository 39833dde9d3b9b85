//! The table of `docs/releases.md`: what ham promises, and on which conductors the tests of this program show it.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use ham_launcher::{Install, Release, TEST_RELEASE_VARIABLE};

/// What is promised, the tests that show it, and what is said in its place where a release cannot keep it. Those tests show
/// that it is refused there.
type Promise = (&'static str, &'static [&'static str], Option<(Release, &'static str)>);

const PROMISES: &[Promise] = &[
    (
        "the release is found by two requests; a warm call costs one, as ever",
        &["releases::the_release_is_found_by_two_requests_and_a_warm_call_costs_one"],
        None,
    ),
    (
        "connects; a refused token, origin or app id is told as one",
        &[
            "bad_input::a_refused_token_is_told_as_one",
            "bad_input::a_refused_origin_is_told_as_one",
            "bad_input::an_app_that_is_not_installed_leaves_no_interface_behind",
            "bad_input::a_conductor_without_an_admin_interface_works_with_tokens_from_its_owner",
        ],
        None,
    ),
    (
        "one grant a cell, found again by its tag, across clients, processes and lost answers",
        &[
            "grants::reconnecting_and_new_clients_write_no_further_grant",
            "grants::a_credential_file_keeps_the_grant_across_processes",
            "grants::a_grant_whose_answer_was_lost_is_found_by_its_tag",
            "grants::a_clones_grant_is_found_again_though_the_conductor_does_not_list_it",
        ],
        None,
    ),
    (
        "grants are listed and revoked; a revoked one stays revoked",
        &["grants::a_revoked_grant_stays_revoked"],
        None,
    ),
    (
        "nothing is granted or revoked on a closed chain, or beyond the budget",
        &[
            "grants::nothing_is_granted_on_a_closed_chain_or_beyond_the_budget",
            "releases::nothing_is_granted_or_revoked_on_a_closed_chain",
        ],
        None,
    ),
    (
        "a named release that is wrong is told within five requests; nothing is written",
        &["releases::another_release_than_the_named_one_is_told_and_nothing_is_granted"],
        None,
    ),
    (
        "what a release lacks is a typed error",
        &["releases::a_request_that_the_release_lacks_is_a_typed_error"],
        None,
    ),
    (
        "calls end with an outcome and an effect that are true, every text of the table captured",
        &[
            "calls::an_error_answer_says_what_it_left_on_the_chain",
            "calls::the_error_of_a_nested_call_is_not_taken_for_our_own_cells",
            "wire_captures::the_rows_are_what_a_conductor_says",
        ],
        None,
    ),
    (
        "a lost call is sent again and runs at most once, also after `kill -9` of the conductor",
        &["nonces::a_replayed_nonce_is_an_arrival_on_the_same_socket_on_a_new_one_and_after_a_crash"],
        Some((
            Release::V0_6_3,
            "cannot be kept there, because only the last nonce of a key is remembered: it ends as unknown",
        )),
    ),
    (
        "a fence settles a lost call",
        &["nonces::a_fence_settles_a_lost_call_one_way_or_the_other"],
        Some((Release::V0_6_3, "cannot be kept there, for the same reason: refused")),
    ),
    (
        "clocks that disagree are named, and nothing ran",
        &["nonces::a_skewed_clock_is_named_and_nothing_ran"],
        None,
    ),
    (
        "a cell that does not run is told with its reason; a starting one is waited out",
        &[
            "calls::a_disabled_app_is_told_at_once_with_its_reason",
            "releases::a_starting_cell_is_waited_out_and_a_disabled_one_is_told_whatever_the_release_says",
        ],
        None,
    ),
    (
        "signals arrive in order; a lost link is a gap",
        &[
            "signals::signals_arrive_in_order_and_a_lost_link_is_a_gap",
            "signals::every_commit_is_signalled_by_the_probe",
        ],
        None,
    ),
    (
        "clones can be called at once",
        &["calls::a_new_clone_can_be_called_at_once_and_a_disabled_one_says_so"],
        None,
    ),
    (
        "membrane proofs are asked for and taken",
        &["calls::an_app_that_awaits_membrane_proofs_says_so_and_takes_them"],
        None,
    ),
    (
        "signing in the keystore writes no grant and survives it",
        &[
            "keystore::the_cells_own_key_signs_without_a_grant_and_survives_the_keystore",
            "keystore::a_bad_passphrase_is_told_and_not_shown",
            "keystore::an_absent_keystore_is_told_within_the_deadline",
        ],
        None,
    ),
    (
        "the drop-in connects, signs and tells its errors",
        &[
            "drop_in::the_documents_example_connects_with_one_reused_grant",
            "drop_in::a_keystore_that_cannot_sign_fails_the_connect",
            "drop_in::every_error_names_its_cause_in_one_line",
        ],
        None,
    ),
];

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/releases.md")
}

/// This program with these tests on one conductor: which of them passed.
fn outcomes(conductor: &str) -> HashMap<String, bool> {
    let tests = PROMISES.iter().flat_map(|(_, tests, _)| tests.iter());
    let output = Command::new(std::env::current_exe().unwrap())
        .arg("--exact")
        .args(tests)
        .env(TEST_RELEASE_VARIABLE, conductor)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let line = |line: &str| {
        let (name, outcome) = line.strip_prefix("test ")?.split_once(" ... ")?;
        Some((name.to_owned(), outcome == "ok"))
    };
    text.lines().filter_map(line).collect()
}

/// The table, from a run on every conductor that there is.
fn table() -> String {
    let embedded = [Release::V0_6_3, Release::V0_7_0, Release::V0_7_1];
    let columns: Vec<(String, Release, String)> = Release::ALL
        .into_iter()
        .map(|release| (format!("`holochain` {release}"), release, release.to_string()))
        .chain(embedded.map(|release| {
            let name = release.short().unwrap_or(release.version());
            (format!("embedded, as {name}"), release, format!("embedded:{release}"))
        }))
        .collect();
    let mut table = "| promise |".to_owned();
    for (name, ..) in &columns {
        let _ = write!(table, " {name} |");
    }
    table += "\n|---|";
    table += &"---|".repeat(columns.len());
    let results: Vec<_> = columns.iter().map(|(_, _, conductor)| outcomes(conductor)).collect();
    for (promise, tests, limit) in PROMISES {
        let _ = write!(table, "\n| {promise} |");
        for ((_, release, _), results) in columns.iter().zip(&results) {
            let cell = match (tests.iter().all(|test| results.get(*test) == Some(&true)), limit) {
                (false, _) => "FAILS",
                (true, Some((lacks, why))) if lacks == release => why,
                (true, _) => "yes",
            };
            let _ = write!(table, " {cell} |");
        }
    }
    table + "\n"
}

const BEGIN: &str = "<!-- made by the tests: begin -->\n";
const END: &str = "<!-- made by the tests: end -->\n";

/// The page around its table.
fn around(page: &str) -> (&str, &str, &str) {
    let (before, rest) = page.split_once(BEGIN).expect("the page marks where its table begins");
    let (table, after) = rest.split_once(END).expect("the page marks where its table ends");
    (before, table, after)
}

/// `HAM_RELEASES_TABLE=write` runs every promise on every release and writes the page; it takes a quarter of an hour and
/// needs all four conductors. An ordinary run checks that the page has a row for each promise, and no failure in it.
#[test]
fn the_page_has_a_row_for_each_promise_and_no_failure() {
    let text = std::fs::read_to_string(page()).unwrap();
    let (before, written, after) = around(&text);
    if std::env::var("HAM_RELEASES_TABLE").is_ok_and(|value| value == "write") {
        let all = crate::support::block_on(Install::available()).unwrap();
        assert_eq!(all.len(), Release::ALL.len(), "the table needs every release: {all:?}");
        let made = table();
        std::fs::write(page(), format!("{before}{BEGIN}{made}{END}{after}")).unwrap();
        return assert!(!made.contains("FAILS"), "{made}");
    }
    let rows: Vec<&str> = written.lines().skip(2).collect();
    assert_eq!(rows.len(), PROMISES.len());
    for (row, (promise, _, limit)) in rows.iter().zip(PROMISES) {
        assert!(row.starts_with(&format!("| {promise} |")) && !row.contains("FAILS"), "{row}");
        assert!(limit.is_none_or(|(_, why)| row.contains(why)), "{row}");
    }
}

/// The table names tests that exist.
#[test]
fn every_promise_names_tests_of_this_program() {
    let listed = Command::new(std::env::current_exe().unwrap()).arg("--list").output().unwrap();
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    for test in PROMISES.iter().flat_map(|(_, tests, _)| tests.iter()) {
        assert!(listed.lines().any(|line| line == format!("{test}: test")), "{test}");
    }
}
