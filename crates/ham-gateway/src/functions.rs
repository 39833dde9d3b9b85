//! What is declared about functions.

use globset::{Glob, GlobBuilder, GlobMatcher};
use serde::{Deserialize, Serialize};

/// What is declared about the functions that match a pattern.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Function {
    /// `app/role/zome/function`; `*` stands for anything within a part, `**` for anything.
    #[serde(rename = "match")]
    pub pattern: String,
    /// Whether calls need an `Idempotency-Key`.
    #[serde(default)]
    pub key: KeyRule,
    /// Whether it may run more than once: a call without a key whose link dies is signed again.
    #[serde(default)]
    pub idempotent: bool,
    /// Whether it only reads: its calls do not wait for other calls to the same cell.
    #[serde(default)]
    pub read_only: bool,
    /// Whether an asynchronous call is tried again if another call wrote to the chain meanwhile.
    #[serde(default)]
    pub retry_chain_moved: bool,
}

/// Whether calls need an `Idempotency-Key`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyRule {
    /// They may have one.
    #[default]
    Optional,
    /// They need one.
    Required,
}

/// What is declared about all functions.
#[derive(Clone, Debug, Default)]
pub(crate) struct Functions(Vec<(GlobMatcher, Declared)>);

/// What is declared about one function.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Declared {
    pub(crate) key: KeyRule,
    pub(crate) idempotent: bool,
    pub(crate) read_only: bool,
    pub(crate) retry_chain_moved: bool,
}

impl Functions {
    pub(crate) fn of(functions: &[Function]) -> Result<Self, globset::Error> {
        let declared = functions.iter().map(|function| {
            let declared = Declared {
                key: function.key,
                idempotent: function.idempotent,
                read_only: function.read_only,
                retry_chain_moved: function.retry_chain_moved,
            };
            Ok((pattern(&function.pattern)?.compile_matcher(), declared))
        });
        declared.collect::<Result<_, _>>().map(Self)
    }

    /// What is declared about this function: the first pattern that matches applies.
    pub(crate) fn about(&self, app: &str, role: &str, zome: &str, function: &str) -> Declared {
        let name = format!("{app}/{role}/{zome}/{function}");
        let matching = self.0.iter().find(|(pattern, _)| pattern.is_match(&name));
        matching.map(|(_, declared)| *declared).unwrap_or_default()
    }
}

/// A pattern of names with parts separated by slashes: `*` stops at a slash, `**` does not.
pub(crate) fn pattern(text: &str) -> Result<Glob, globset::Error> {
    GlobBuilder::new(text).literal_separator(true).build()
}

/// Why a pattern matches no name with this many parts; `None` if it may match one. A pattern with alternatives in it is
/// not examined.
pub(crate) fn matches_nothing(
    text: &str,
    parts: std::ops::RangeInclusive<usize>,
    form: &str,
) -> Option<String> {
    let count = text.split('/').count();
    let is_open = text.contains("**") || text.contains(['{', '[', '\\']);
    let fits = parts.contains(&count) && text.split('/').all(|part| !part.is_empty());
    (!is_open && !fits).then(|| format!("{text:?} matches nothing: names are written as {form}"))
}

/// Whether the first part of a pattern may be one of these.
pub(crate) fn begins_with_one_of<'a>(text: &str, mut known: impl Iterator<Item = &'a str>) -> bool {
    let first = text.split('/').next().unwrap_or_default();
    if first.contains("**") || text.contains(['{', '[', '\\']) {
        return true;
    }
    match pattern(first) {
        Ok(glob) => {
            let matcher = glob.compile_matcher();
            known.any(|known| matcher.is_match(known))
        }
        // That it is not a pattern is reported elsewhere.
        Err(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_pattern_that_matches_holds() {
        let rule = |pattern: &str, idempotent| Function {
            pattern: pattern.into(),
            key: KeyRule::Optional,
            idempotent,
            read_only: false,
            retry_chain_moved: false,
        };
        let functions =
            Functions::of(&[rule("supply/*/bridge/get_secret", false), rule("supply/*/*/get_*", true)])
                .unwrap();
        let idempotent = |role, function| functions.about("supply", role, "bridge", function).idempotent;
        assert!(idempotent("main", "get_all") && idempotent("main.0", "get_all"));
        assert!(!idempotent("main", "get_secret") && !idempotent("main", "pay"));
        assert!(!functions.about("other", "main", "bridge", "get_all").idempotent);
    }

    #[test]
    fn one_star_stops_at_a_slash() {
        let matches = |text: &str, name: &str| pattern(text).unwrap().compile_matcher().is_match(name);
        assert!(matches("supply/**", "supply/main/bridge") && !matches("supply/*", "supply/main/bridge"));
        assert!(pattern("[").is_err());
    }

    #[test]
    fn patterns_that_match_nothing_are_found() {
        let nothing = |text: &str| matches_nothing(text, 3..=3, "role/zome/function").is_some();
        for text in ["pay", "bridge/pay", "supply/main/bridge/pay", "main//pay", "/main/bridge", "*"] {
            assert!(nothing(text), "{text}");
        }
        for text in ["main/bridge/pay", "*/*/get_*", "**", "main/**", "{a/b,c}/d", "**/pay"] {
            assert!(!nothing(text), "{text}");
        }
        let begins = |text: &str| begins_with_one_of(text, ["supply", "shop"].into_iter());
        assert!(begins("supply/*") && begins("s*/main") && begins("**") && begins("*/main"));
        assert!(!begins("suply/*") && !begins("main/x"));
    }
}
