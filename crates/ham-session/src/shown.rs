//! Text that a person wrote, in a form that may be shown: a value in the wrong place may be a secret.

mod address;
mod key;

use std::path::Path;

pub use address::shown_url;
use address::{begins, masked_address, without_user};
use key::{HIDDEN, is_between, is_of_key, may_be_key};

/// A value that a person wrote, or words that repeat one, in a form that may be shown. `…` replaces what may be a
/// secret in the wrong place:
///
/// - the parts of an address other than scheme, host and port: see [`shown_url`]. Without a scheme, a query with a
///   value behind a `?`, a fragment with a value behind a `#`, and a user with a password before an `@`;
/// - text that is meant as an address and cannot be parsed as one;
/// - a word that looks like a key: a gateway's key, the seed of an nkey, or more than 24 letters that change between
///   capitals, small letters and digits about as often as random ones.
///
/// Names in any case, UUIDs, ULIDs, hashes of Holochain and text that begins as one, and the labels of host names with
/// a dot are shown. No rule recognises every secret: a password that is a word is shown, and so is a random token that
/// happens to look like a name: of 100 000 tokens with 256 bits, 51 in base64 and 4 in hexadecimal digits; of those
/// with 512 bits, none.
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

/// A parser's message without the text that it quotes, which may be a value, or a whole file. Everything from the first
/// quote to the last is left out, because a value may contain quotes; a quoted address alone is shown as [`shown_url`]
/// describes. The rest is [`masked`].
#[must_use]
pub fn without_quoted(why: &str) -> String {
    // An unknown value is quoted in the same way as the names of fields.
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
    // In parts: an `@` in one part must not make a user of another one.
    [&masked(&why[..from]), "\"", shown, "\"", &masked(&why[to + 1..])].concat()
}

/// A path that a person wrote: whole if it, or a directory above it, exists, and otherwise [`masked`]. Asks the file system.
#[must_use]
pub fn masked_path(path: &Path) -> String {
    let text = path.display().to_string();
    // The root and the current directory have no name: anything is below them.
    if path.ancestors().any(|part| part.file_name().is_some() && part.exists()) {
        text
    } else {
        masked(&text)
    }
}

fn masked_word(word: &str) -> String {
    match begins(word) {
        Some(at) => [masked_name(&word[..at]), masked_address(&word[at..])].concat(),
        None => masked_name(word),
    }
}

fn masked_name(word: &str) -> String {
    if word.rsplit_once('@').is_some_and(|(user, _)| has_password(user)) {
        return HIDDEN.to_owned();
    }
    let end = word.find(['?', '#']).filter(|at| says_more(&word[*at..]));
    let name = &word[..end.unwrap_or(word.len())];
    // Base64 may end like this.
    let letters = name.trim_end_matches('=');
    let mut shown: String = letters.split_inclusive(|letter| !is_of_key(letter)).map(masked_run).collect();
    if !shown.ends_with(HIDDEN) {
        shown.push_str(&name[letters.len()..]);
    }
    if let Some(at) = end {
        shown.extend([&word[at..=at], HIDDEN]);
    }
    shown
}

fn masked_run(part: &str) -> String {
    let run = part.trim_end_matches(|letter| !is_of_key(letter));
    [if may_be_key(run) { HIDDEN } else { run }, &part[run.len()..]].concat()
}

fn has_password(user: &str) -> bool {
    user.split_once(':').is_some_and(|(_, password)| !password.is_empty())
}

/// Whether a query has a value, or a fragment has a name with a value.
fn says_more(end: &str) -> bool {
    end[1..].split('&').any(|part| match part.split_once('=') {
        Some((_, value)) => value.contains(char::is_alphanumeric),
        None => end.starts_with('?') && part.contains(char::is_alphanumeric),
    })
}

/// In serde's words.
const VARIANT: &str = "unknown variant `";

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "ham_7QK2AB_q3Zr0bT5w8Yc1Xe4Uh7Kj9Ln2Mp6Rs0Vt3Wz5Ab8";

    #[test]
    fn what_may_be_a_secret_is_masked() {
        for (text, shown) in [
            ("https://user:hush@shop.example:8443/hush?token=hush#hush", "https://shop.example:8443"),
            ("nats://hush@[::1]:4222", "nats://[::1]:4222"),
            ("ws://user:hu/s\"h hush@localhost:1 is no address", "ws://localhost:1 is no address"),
            ("http://user:hush:99999", "…"),
            ("ws:user:hush", "…"),
            ("user:hush@localhost", "…"),
            (KEY, "…"),
            ("the id \"SUAM2N3O4P5Q6R7SUAM2N3O4P5Q6R7\" is", "the id \"…\" is"),
            ("/etc/q3Zr0bT5w8Yc1Xe4Uh7Kj9Ln2Mp6Rs0V.toml", "….toml"),
            ("--app-id=q3Zr0bT5w8Yc1Xe4Uh7Kj9Ln2Mp6Rs0V", "--app-id=…"),
            ("q3Zr0bT5w8/c1Xe4Uh7Kj9/n2Mp6Rs0V==", "…"),
        ] {
            assert_eq!(masked(text), shown, "{text}");
        }
    }

    /// Case: a value that a parser repeats was shown, and two pieces of code left it out by different rules.
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

    /// Case: a path that leads nowhere was shown as `…`, so nobody saw which file was missing.
    #[test]
    fn a_path_is_shown_unless_it_looks_like_a_key_and_is_below_nothing() {
        let shown = |path: &str| masked_path(path.as_ref());
        for path in [
            "./target/wasm32-unknown-unknown/release/MyApplication2026Something.happ",
            "/etc/ham/TheGatewayOfTheOtherCompany2026",
            &[env!("CARGO_MANIFEST_DIR"), "/not/there/", KEY].concat(),
            &["src/", KEY].concat(),
        ] {
            assert_eq!(shown(path), path);
        }
        for path in [KEY, &["/", KEY].concat(), &["./", KEY].concat(), &["not/there/", KEY].concat()] {
            assert_eq!(shown(path).trim_start_matches('.'), "…", "{path}");
        }
    }

    /// Case: public values were hidden; in a mistyped hash, exactly the letters that were wrong.
    #[test]
    fn what_is_public_is_shown() {
        const HASH: &str = "uhCAkWCsAgoKkkfwyJAglj30xX_GLLV-3BXuFy436a2SqpcEwyBzm";
        for text in [
            HASH,
            &format!("`{}` is not a hash", HASH.replace("AglJ", "A0lj")),
            &HASH[..40],
            &format!("{HASH}x"),
            &format!("name:{HASH}"),
            &format!("shop-{HASH}.0"),
            "01ARZ3NDEKTSV4RRFFQ69G5FAV",
            "Shop-0192F3C4-5D6E-7F80-91A2-B3C4D5E6F708",
            "holochain@0.7.1",
            "alice@shop",
        ] {
            assert_eq!(masked(text), text);
        }
    }

    #[test]
    fn names_addresses_and_paths_are_shown() {
        for text in [
            "it must be a ws:// or wss:// address, such as \"https://shop.example\"",
            "http: no answer",
            "what stands before the `@` is a user",
            "supply/*/transactions/get_all_of_them",
            "shop-of-the-other-company-v0.23.1 my-application-of-the-year-2026",
            "0192f3c4-5d6e-7f80-91a2-b3c4d5e6f708",
            "MyApplication2026Something HTTPServerOfTheGateway2",
            "role.0/bridge-of-the-other-company/pay",
            "/home/me@work/with-a-long-name-of-small-letters/gateway.toml",
            "127.0.0.1:99999 [::1]:80 gateway.example",
            "",
        ] {
            assert_eq!(masked(text), text);
        }
    }
}
