//! What a person wrote, as it may be shown: what stands in the wrong place may be a secret.

mod address;
mod random;

use std::path::Path;

pub use address::shown_url;
use address::{begins, masked_address, without_user};
use random::{HIDDEN, is_between, may_be_secret};

/// A value that a person wrote, or words that repeat one, as they may be shown: of an address as [`shown_url`] says. `…` stands for what
/// is meant as an address and cannot be read as one, for what is asked for behind a `?`, and for a word that is as long and as mixed as a
/// key or a digest, which names and UUIDs are not.
#[must_use]
pub fn masked(text: &str) -> String {
    let text = without_user(text);
    let mut shown = String::with_capacity(text.len());
    for part in text.split_inclusive(is_between) {
        let word = part.trim_end_matches(is_between);
        shown.push_str(&masked_word(word));
        shown.push_str(&part[word.len()..]);
    }
    shown
}

/// What a parser says is wrong, without what it quotes: it may quote a value, or a whole file. All goes from the first quote to the last,
/// because a value may have quotes in it; an address alone is shown as [`shown_url`] says. The rest is [`masked`].
#[must_use]
pub fn without_quoted(why: &str) -> String {
    // A value that is none of those that are known stands there as the names of fields do.
    if let Some((before, (_, after))) =
        why.split_once(VARIANT).and_then(|(before, rest)| Some((before, rest.rsplit_once("`, expected")?)))
    {
        return format!("{}{VARIANT}{HIDDEN}`, expected{}", masked(before), masked(after));
    }
    let Some((from, to)) = why.find('"').zip(why.rfind('"')).filter(|(from, to)| from < to) else {
        return masked(why);
    };
    let quoted = &why[from + 1..to];
    let is_address = begins(quoted) == Some(0) && quoted.contains("://") && !quoted.contains(is_between);
    let shown = if is_address && !quoted.contains('@') { &masked_address(quoted) } else { HIDDEN };
    // In parts: no `@` of the one makes a user of the other.
    [&masked(&why[..from]), "\"", shown, "\"", &masked(&why[to + 1..])].concat()
}

/// A path that a person wrote: whole where it leads somewhere, and otherwise as [`masked`] shows it, because it may be a secret in the
/// wrong place. Asks the file system.
#[must_use]
pub fn masked_path(path: &Path) -> String {
    let text = path.display().to_string();
    if path.exists() { text } else { masked(&text) }
}

fn masked_word(word: &str) -> String {
    match begins(word) {
        Some(at) => [masked_name(&word[..at]), masked_address(&word[at..])].concat(),
        None => masked_name(word),
    }
}

fn masked_name(word: &str) -> String {
    if word.contains('@') && word != "@" && !word.starts_with('/') {
        return HIDDEN.to_owned();
    }
    let end = word.find(['?', '#']).filter(|at| says_more(&word[*at..]));
    let is_between = |letter: char| !letter.is_ascii_alphanumeric() && !"_-+=/".contains(letter);
    let parts = word[..end.unwrap_or(word.len())].split_inclusive(is_between).map(|part| {
        let run = part.trim_end_matches(is_between);
        [if may_be_secret(run) { HIDDEN } else { run }, &part[run.len()..]].concat()
    });
    parts.chain(end.map(|at| [&word[at..=at], HIDDEN].concat())).collect()
}

/// Whether a query has a value, or a fragment a name with a value.
fn says_more(end: &str) -> bool {
    end[1..].split('&').any(|part| match part.split_once('=') {
        Some((_, value)) => value.contains(char::is_alphanumeric),
        None => end.starts_with('?') && part.contains(char::is_alphanumeric),
    })
}

/// As serde says it.
const VARIANT: &str = "unknown variant `";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_a_secret_is_masked() {
        for (text, shown) in [
            ("https://user:hush@shop.example:8443/hush?token=hush#hush", "https://shop.example:8443"),
            ("nats://hush@[::1]:4222", "nats://[::1]:4222"),
            ("ws://user:hu/s\"h hush@localhost:1 is no address", "ws://localhost:1 is no address"),
            ("http://user:hush:99999", "…"),
            ("ws:user:hush", "…"),
            ("user:hush@localhost", "…"),
            ("ham_7QK2AB_q3Zr0bT5w8Yc1Xe4Uh7Kj9Ln2Mp6Rs0Vt3Wz5Ab8", "…"),
            ("the id \"SUAM2N3O4P5Q6R7SUAM2N3O4P5Q6R7\" is", "the id \"…\" is"),
            ("/etc/q3Zr0bT5w8Yc1Xe4Uh7Kj9Ln2Mp6Rs0V.toml", "….toml"),
            ("q3Zr0bT5w8/c1Xe4Uh7Kj9/n2Mp6Rs0V==", "…"),
        ] {
            assert_eq!(masked(text), shown, "{text}");
        }
    }

    /// Case: a value that a parser repeats was shown, and two pieces of code left it out by two rules.
    #[test]
    fn what_a_parser_quotes_is_left_out() {
        for (why, shown) in [
            (
                "invalid type: string \"hush \"hush\" hush\", expected u16",
                "invalid type: string \"…\", expected u16",
            ),
            ("unknown variant `hush`, expected `a` or `b`", "unknown variant `…`, expected `a` or `b`"),
            (
                "invalid port number: \"ws://localhost:99999/hush\"",
                "invalid port number: \"ws://localhost:99999\"",
            ),
            ("string \"ws://user:hu\" or \"sh@localhost\"", "string \"…\""),
            ("unknown field `listn`, expected `listen`", "unknown field `listn`, expected `listen`"),
            ("at ws://user:hush@localhost:1", "at ws://localhost:1"),
        ] {
            assert_eq!(without_quoted(why), shown);
        }
    }

    #[test]
    fn a_path_that_leads_somewhere_is_shown() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("TheGatewayOfTheOtherCompany2026");
        assert!(masked_path(&path).contains('…'));
        std::fs::write(&path, "").unwrap();
        assert_eq!(masked_path(&path), path.display().to_string());
    }

    #[test]
    fn names_addresses_and_paths_are_shown() {
        for text in [
            "it is a ws:// or wss:// address, such as \"https://shop.example\"",
            "http: no answer",
            "what stands before the `@` is a user",
            "supply/*/transactions/get_all_of_them",
            "shop-of-the-other-company-v0.23.1 my-application-of-the-year-2026",
            "0192f3c4-5d6e-7f80-91a2-b3c4d5e6f708",
            "role.0/bridge-of-the-other-company/pay",
            "/home/me@work/with-a-long-name-of-small-letters/gateway.toml",
            "127.0.0.1:99999 [::1]:80 gateway.example",
            "",
        ] {
            assert_eq!(masked(text), text);
        }
    }
}
