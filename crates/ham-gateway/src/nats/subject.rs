//! Subjects: each name is one token, percent-encoded, because clones have dots in their names and chains slashes.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// The subjects below a prefix.
#[derive(Clone, Debug)]
pub(crate) struct Subjects {
    prefix: String,
}

impl Subjects {
    pub(crate) fn below(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned() }
    }

    /// A chain's blocks.
    pub(crate) fn block(&self, chain: &str) -> String {
        format!("{}.{}.block", self.prefix, token(chain))
    }

    /// A chain's events of a type.
    pub(crate) fn event(&self, chain: &str, event_type: &str) -> String {
        format!("{}.{}.event.{}", self.prefix, token(chain), token(event_type))
    }

    /// The gaps of a chain.
    pub(crate) fn gap(&self, chain: &str) -> String {
        format!("{}.{}.gap", self.prefix, token(chain))
    }

    /// All messages of a chain.
    pub(crate) fn chain(&self, chain: &str) -> String {
        format!("{}.{}.>", self.prefix, token(chain))
    }

    /// The subjects that the stream stores.
    pub(crate) fn of_the_stream(&self) -> [String; 3] {
        ["*.block", "*.event.*", "*.gap"].map(|rest| format!("{}.{rest}", self.prefix))
    }

    /// Where functions are called.
    pub(crate) fn calls(&self) -> String {
        format!("{}.call.*.*.*.*", self.prefix)
    }

    /// App, role, zome and function in a subject of calls; `None` if a token is not a name.
    pub(crate) fn called(&self, subject: &str) -> Option<[String; 4]> {
        let rest = subject.strip_prefix(&self.prefix)?.strip_prefix(".call.")?;
        let names: Option<Vec<String>> = rest.split('.').map(name).collect();
        names?.try_into().ok()
    }
}

/// A name as one token.
pub(crate) fn token(name: &str) -> String {
    utf8_percent_encode(name, ENCODED).to_string()
}

/// The name that a token is of.
fn name(token: &str) -> Option<String> {
    let name = percent_decode_str(token).decode_utf8().ok()?;
    (!name.is_empty()).then(|| name.into_owned())
}

/// Everything except letters, digits, `-` and `_`: dots, `*` and `>` have a meaning in subjects, and line ends have one
/// in headers.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_');

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_one_token() {
        let subjects = Subjects::below("ham");
        assert_eq!(subjects.block("supply/main.0"), "ham.supply%2Fmain%2E0.block");
        assert_eq!(subjects.event("supply", "a b>*"), "ham.supply.event.a%20b%3E%2A");
        assert_eq!(subjects.gap("uhCkk-_"), "ham.uhCkk-_.gap");
        let called = subjects.called("ham.call.my%20app.main%2E0.bridge.get_all");
        assert_eq!(called, Some(["my app", "main.0", "bridge", "get_all"].map(str::to_owned)));
        for other in [
            "ham.call.a.b.c",
            "ham.call.a.b.c.d.e",
            "ham.call.a..c.d",
            "ham.call.%FF.b.c.d",
            "x.call.a.b.c.d",
        ] {
            assert_eq!(subjects.called(other), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn each_name_comes_back(text in "\\PC{1,40}|.{1,40}") {
            let encoded = token(&text);
            prop_assert!(encoded.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_%".contains(&byte)));
            prop_assert_eq!(name(&encoded), Some(text));
        }
    }
}
