//! The README's tables are the tables of the code.

/// The rows of the table whose first heading is `heading`.
fn rows(heading: &str) -> Vec<Vec<String>> {
    include_str!("../README.md")
        .lines()
        .skip_while(|line| !line.starts_with(&format!("| {heading} |")))
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .map(|line| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect())
        .collect()
}

fn rendered(table: &[(&str, &str, &str)]) -> Vec<Vec<String>> {
    table.iter().map(|(name, kind, text)| vec![format!("`{name}`"), (*kind).into(), (*text).into()]).collect()
}

#[test]
fn the_events_are_documented() {
    assert_eq!(rows("event"), rendered(ham::events::TABLE));
}

#[test]
fn the_metrics_are_documented() {
    assert_eq!(rows("metric"), rendered(ham::metrics::TABLE));
}
