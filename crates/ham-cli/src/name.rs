//! The name of a new app.

use crate::failure::Failure;

/// The name of an app, and that of its zome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) app: String,
    /// The same in Rust's spelling. It is also the role's name.
    pub(crate) zome: String,
}

impl Name {
    /// A name that Cargo, Rust and Holochain accept.
    ///
    /// # Errors
    /// Which of its letters, or what else, is wrong.
    pub(crate) fn of(name: &str) -> Result<Self, Failure> {
        let wrong = |why: String| {
            Failure::usage(
                format!("an app cannot be called `{name}`: {why}"),
                "use lower-case letters, digits, `-` and `_`, starting with a letter: `my-app`",
            )
        };
        let strange = |&letter: &char| !matches!(letter, 'a'..='z' | '0'..='9' | '-' | '_');
        if name.is_empty() {
            return Err(wrong("it is empty".into()));
        }
        if let Some(letter) = name.chars().find(strange) {
            return Err(wrong(format!("it contains {letter:?}")));
        }
        if !name.starts_with(|letter: char| letter.is_ascii_lowercase()) {
            return Err(wrong("it does not start with a letter".into()));
        }
        if name.len() > LONGEST {
            return Err(wrong(format!("it has more than {LONGEST} characters")));
        }
        let zome = name.replace('-', "_");
        if RESERVED.contains(&zome.as_str()) {
            return Err(wrong("it is reserved in Rust or in an app".into()));
        }
        Ok(Self { app: name.to_owned(), zome })
    }
}

/// Longer names would make longer file paths than some systems allow.
const LONGEST: usize = 40;

/// Keywords, and crates that the app has or may have anyway.
const RESERVED: [&str; 61] = [
    "abstract",
    "alloc",
    "as",
    "async",
    "await",
    "become",
    "box",
    "break",
    "const",
    "continue",
    "core",
    "crate",
    "do",
    "dyn",
    "else",
    "enum",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "hdi",
    "hdk",
    "holochain",
    "if",
    "impl",
    "in",
    "let",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "override",
    "priv",
    "proc_macro",
    "pub",
    "ref",
    "return",
    "self",
    "serde",
    "serde_json",
    "static",
    "std",
    "struct",
    "super",
    "test",
    "tests",
    "trait",
    "true",
    "try",
    "type",
    "typeof",
    "unsafe",
    "unsized",
    "use",
    "virtual",
    "where",
    "while",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_packages_and_of_roles() {
        assert_eq!(Name::of("my-app2").unwrap(), Name { app: "my-app2".into(), zome: "my_app2".into() });
        let long = "a".repeat(LONGEST + 1);
        for (name, why) in [
            ("", "empty"),
            ("2do", "does not start"),
            ("-x", "does not start"),
            ("My", "'M'"),
            ("a b", "' '"),
            ("a.0", "'.'"),
            ("a\u{7}", "'\\u{7}'"),
            ("fn", "reserved"),
            ("tests", "reserved"),
            (&long, "more than 40"),
        ] {
            let failure = Name::of(name).unwrap_err().text();
            assert!(failure.contains(why), "{name:?}: {failure}");
        }
    }
}
