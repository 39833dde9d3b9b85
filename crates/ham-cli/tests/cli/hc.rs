//! `docs/hc.md`: the verbs of `hc`, and ours beside them.

use crate::support::Ham;

const TABLE: &str = include_str!("../../../../docs/hc.md");

/// What `hc` 0.7.1 has: three kinds of bundles, sandboxes, and its client.
const VERBS: usize = 13 + 7 + 25;

#[tokio::test]
async fn every_command_of_the_table_exists() {
    let ham = Ham::new();
    let quoted =
        |text: &str| -> Vec<String> { text.split('`').skip(1).step_by(2).map(str::to_owned).collect() };
    let rows: Vec<_> = TABLE.lines().filter(|line| line.starts_with("| `hc ")).collect();
    assert_eq!(rows.len(), VERBS);
    for row in &rows {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        // A reason, where there is no command.
        assert!(cells[2].starts_with("`ham ") || cells[2] == "–" && !cells[3].is_empty(), "{row}");
    }
    for command in quoted(TABLE).iter().filter_map(|quoted| quoted.strip_prefix("ham ")) {
        let (flags, verbs): (Vec<_>, Vec<_>) = command.split(' ').partition(|word| word.starts_with("--"));
        let help = ham.run(&[&verbs[..], &["--help"]].concat()).await.ok();
        for flag in flags {
            assert!(help.text().contains(flag), "`ham {command}`: {help}");
        }
    }
}
