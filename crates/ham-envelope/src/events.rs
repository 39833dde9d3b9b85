//! The names of the tracing events, listed in the README.

pub(crate) const ACCEPTED: &str = "ham.envelope.accepted";
pub(crate) const CONNECTED: &str = "ham.envelope.connected";
pub(crate) const DISCONNECTED: &str = "ham.envelope.disconnected";
pub(crate) const LATE_ANSWER: &str = "ham.envelope.late_answer";
pub(crate) const LEFT: &str = "ham.envelope.left";
pub(crate) const MISSED: &str = "ham.envelope.missed";
pub(crate) const NOT_LISTENING: &str = "ham.envelope.not_listening";
pub(crate) const PANICKED: &str = "ham.envelope.panicked";
pub(crate) const REFUSED: &str = "ham.envelope.refused";
pub(crate) const SKIPPED: &str = "ham.envelope.skipped";
pub(crate) const UNKNOWN_KIND: &str = "ham.envelope.unknown_kind";
pub(crate) const UNSENT_ANSWER: &str = "ham.envelope.unsent_answer";

#[cfg(test)]
mod tests {
    #[test]
    fn the_readme_lists_every_event() {
        let readme = include_str!("../README.md");
        let source = include_str!("events.rs");
        let names: Vec<&str> = source
            .lines()
            .filter(|line| line.starts_with("pub(crate) const"))
            .filter_map(|line| line.split('"').nth(1))
            .collect();
        assert_eq!(names.len(), 12);
        for name in names {
            assert!(readme.contains(&format!("| `{name}` |")), "{name} is not in the README");
        }
    }
}
