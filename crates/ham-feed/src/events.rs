//! The names of the tracing events, listed in the README.

pub(crate) const DIALECT: &str = "ham.feed.dialect";
pub(crate) const GAP: &str = "ham.feed.gap";
pub(crate) const OUT_OF_STEP: &str = "ham.feed.out_of_step";
pub(crate) const SUBSCRIBED: &str = "ham.feed.subscribed";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_lists_every_event() {
        let readme = include_str!("../README.md");
        for name in [DIALECT, GAP, OUT_OF_STEP, SUBSCRIBED] {
            assert!(readme.contains(&format!("| `{name}` |")), "{name} is not in the README");
        }
    }
}
