//! Addresses in a form that may be shown: other parts than the host, or text in the place of the host, may be a secret.

use std::borrow::Cow;
use std::net::IpAddr;

use url::{Host, ParseError, Url};

use super::key::{HIDDEN, is_between, is_mixed, is_of_known_kind, may_be_key};

/// An address without user, password, path, query and fragment. `…` replaces a host, or a part of its name, that may be
/// a secret: if it is as long and as mixed as a key, or if the real host is before the `@`.
#[must_use]
pub fn shown_url(url: &Url) -> String {
    let scheme = if may_be_key(url.scheme()) { HIDDEN } else { url.scheme() };
    let user =
        url.password().map_or_else(|| url.username().to_owned(), |of| format!("{}:{of}", url.username()));
    let host = url.host_str().unwrap_or_default();
    if is_host(&user, host) || goes_on_in_the_path(url, host) {
        return format!("{scheme}://{HIDDEN}");
    }
    let host = match url.host() {
        Some(Host::Ipv4(_) | Host::Ipv6(_)) => host.to_owned(),
        Some(Host::Domain(_)) | None => masked_host(host),
    };
    format!("{scheme}://{host}{}", port_of(url))
}

fn port_of(url: &Url) -> String {
    url.port().map_or(String::new(), |port| format!(":{port}"))
}

/// Where in a word an address begins: it may follow something else, such as the name of its setting.
pub(super) fn begins(word: &str) -> Option<usize> {
    if let Some(to) = word.find("://") {
        let is_of_scheme = |letter: char| letter.is_ascii_alphanumeric() || "+-.".contains(letter);
        let has_more = !word[to + 1..].trim_start_matches('/').is_empty();
        return has_more.then(|| word[..to].trim_end_matches(is_of_scheme).len());
    }
    let (scheme, rest) = word.split_once(':')?;
    let is = |known: &[&str]| known.iter().any(|known| scheme.eq_ignore_ascii_case(known));
    // With these schemes, a URL may also have no slashes. The names of the others may be hosts, followed by a port.
    let is_address = (is(&["http", "https", "ws", "wss"]) && !rest.trim_start_matches('/').is_empty())
        || (is(&["nats", "tls"]) && rest.starts_with(|first: char| !first.is_ascii_digit()));
    is_address.then_some(0)
}

/// A word that is an address without a user.
pub(super) fn masked_address(word: &str) -> String {
    let host = raw_host(word);
    if host == HIDDEN {
        return word.split_inclusive(HIDDEN).next().unwrap_or(HIDDEN).to_owned();
    }
    match Url::parse(word) {
        // For some schemes the host is read in lower case: then it looks less like a key.
        Ok(url) if url.has_host() && masked_host(host) == host => shown_url(&url),
        Ok(url) if url.has_host() => format!("{}://{}{}", url.scheme(), masked_host(host), port_of(&url)),
        Err(ParseError::InvalidPort) => with_wrong_port(word).unwrap_or_else(|| HIDDEN.to_owned()),
        Ok(_) | Err(_) => HIDDEN.to_owned(),
    }
}

/// A password may contain anything, so everything before the last `@` of an address is removed.
pub(super) fn without_user(text: &str) -> Cow<'_, str> {
    let user = text.rfind('@').and_then(|to| Some((text[..to].find("://")? + 3, to)));
    let Some((from, to)) = user else { return Cow::Borrowed(text) };
    let (user, rest) = (&text[from..to], &text[to + 1..]);
    let end = rest.find(is_between).unwrap_or(rest.len());
    let host = host_of(&rest[..end]);
    let (shown, rest) = if is_host(user, host) { (HIDDEN, &rest[end..]) } else { ("", rest) };
    [&text[..from], shown, rest].concat().into()
}

/// Whether the user is actually the host, so that the text behind the `@` is not one: `localhost:4444@hush`.
fn is_host(user: &str, behind: &str) -> bool {
    let is_here = |name: &str| name == "localhost" || name.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
    let (name, port) = match user.rsplit_once(':') {
        Some((name, port)) if port.parse::<u16>().is_ok() => (name, true),
        _ => (user, false),
    };
    is_here(name) || ((port || name.contains('.')) && !is_here(behind) && !behind.contains('.'))
}

/// Whether host and path together are base64, which can contain slashes.
fn goes_on_in_the_path(url: &Url, host: &str) -> bool {
    let (path, is_name) = (url.path(), host.contains('.') || url.port().is_some());
    !is_name && path.contains(['+', '=']) && may_be_key(&[host, path].concat())
}

fn masked_host(host: &str) -> String {
    let is_name = host.contains('.');
    let parts = host.split('.').map(|part| if may_be_secret(part, is_name) { HIDDEN } else { part });
    parts.collect::<Vec<_>>().join(".")
}

/// The labels of names may be generated, as those of load balancers are, and have no capitals. `%` may stand for any letter.
fn may_be_secret(label: &str, of_name: bool) -> bool {
    let may_be = !of_name || is_mixed(label) || is_of_known_kind(label);
    label.contains('%') || may_be && may_be_key(label)
}

/// An address with an invalid port. If more than a port follows the host, it is rather a user with a password.
fn with_wrong_port(word: &str) -> Option<String> {
    let (scheme, rest) = word.split_once("://")?;
    let (host, port) = authority(rest).rsplit_once(':')?;
    let url = Url::parse(&format!("{scheme}://{host}")).ok()?;
    let is_number = port.len() <= LONGEST_PORT && port.bytes().all(|byte| byte.is_ascii_digit());
    Some(format!("{}:{}", shown_url(&url), if is_number { port } else { HIDDEN }))
}

/// The host as it was written.
fn raw_host(word: &str) -> &str {
    host_of(word.split_once(':').map_or(word, |(_, rest)| rest).trim_start_matches(['/', '\\']))
}

fn host_of(rest: &str) -> &str {
    let authority = authority(rest);
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    }
}

fn authority(rest: &str) -> &str {
    rest.split(['/', '\\', '?', '#']).next().unwrap_or_default()
}

/// Digits of a number that was meant as a port.
const LONGEST_PORT: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shown::masked;

    const KEY: &str = "ham_7QK2AB_q3Zr0bT5w8Yc1Xe-Uh7Kj9Ln2Mp_Rs0Vt3Wz5Ab8";
    const SEED: &str = "SUAM2N3O4P5Q6R7SUAM2N3O4P5Q6R7SUAM2N3O4P5Q6R7SUAM2N3O4P5Q6";

    /// Case: a token whose `@host` was forgotten, and text in the place of the host, were shown.
    #[test]
    fn a_host_that_may_be_a_secret_is_hidden() {
        for (text, shown) in [
            (format!("nats://{KEY}"), "nats://…"),
            (format!("nats://{KEY}:4444"), "nats://…:4444"),
            (format!("nats://{SEED}/"), "nats://…"),
            (format!("ws://{KEY}:4444"), "ws://…:4444"),
            (format!("wss:{SEED}"), "wss://…"),
            (format!("https://{KEY}.example"), "https://….example"),
            (format!("https://a.{SEED}.example:1/b"), "https://a.….example:1"),
            (format!("{SEED}://shop.example"), "…://shop.example"),
            ("nats://q3Zr0bT5w8/c1Xe4Uh7Kj9/n2Mp6Rs0V==".to_owned(), "nats://…"),
            ("nats://q3Zr0bT5w8%2Fc1Xe4Uh7Kj9".to_owned(), "nats://…"),
            ("ws://localhost:4444@hunter2".to_owned(), "ws://…"),
            ("ws://localhost@hunter2.x:1/y".to_owned(), "ws://…"),
            ("nats://broker:4222@hunter2".to_owned(), "nats://…"),
        ] {
            assert_eq!(shown_url(&Url::parse(&text).unwrap()), shown, "{text}");
            assert_eq!(masked(&format!("at {text}, or")), format!("at {shown}, or"), "{text}");
        }
        // As `url` writes it, in lower case.
        assert_eq!(masked("https://Q3Zr0bT-w8Yc1Xe-Uh7Kj9Ln2Mp-Rs0V.example"), "https://….example");
    }

    /// Case: an address behind a name, and one without a scheme, were shown with their queries.
    #[test]
    fn an_address_is_found_where_it_stands() {
        for (text, shown) in [
            ("localhost:https://shop.example/?apikey=hush", "localhost:https://shop.example"),
            ("admin_url=ws://user:hush@localhost:1", "admin_url=ws://localhost:1"),
            ("x.example/?t=hush", "x.example/?…"),
            ("x.example/a#t=hush", "x.example/a#…"),
            ("nats:hush", "…"),
            ("HTTP:user:hush", "…"),
            ("://hush", "…"),
        ] {
            assert_eq!(masked(text), shown, "{text}");
        }
    }

    /// Case: an address was hidden as a whole because of its port.
    #[test]
    fn an_address_with_a_wrong_port_is_shown_without_what_may_be_a_secret() {
        for (text, shown) in [
            ("ws://localhost:99999/hush", "ws://localhost:99999"),
            ("http://user:hush@shop.example:port", "http://shop.example:…"),
            ("http://[::1]:99999", "http://[::1]:99999"),
            ("http://user:hush", "http://user:…"),
            ("http://user:hush:99999", "…"),
            ("ws:user:hush", "…"),
        ] {
            assert_eq!(masked(text), shown, "{text}");
        }
    }

    #[test]
    fn hosts_with_ordinary_names_are_shown() {
        for host in [
            "conductor.prod-eu.k8s.example",
            "conductor-0.conductor.prod-eu.svc.cluster.local",
            "holochain-conductor-7d9f8b6c5d-x2x4z.k8s.example",
            "ip-10-0-12-34.eu-west-1.compute.internal",
            "0192f3c4-5d6e-7f80-91a2-b3c4d5e6f708.example",
            "the_gateway_of_the_shop_1",
            "ham_gateway_of_the_other_company",
            "localhost",
            "127.0.0.1",
            "[::1]",
            // Case: these were not.
            "internal-a1b2c3-1234567890abcdef.eu-west-1.elb.amazonaws.com",
            "deploy-preview-64f1c2a3b4c5d6e7f8091a2b--site.netlify.app",
            "a3f9c1b2d4e5f60718293a4b5c6d7e8f-1234567890abcdef.elb.eu-west-1.amazonaws.com",
            "shop.0a1b2c3d4e5f60718293a4b5c6d7e8f9.dweb.example",
        ] {
            for address in [
                format!("nats://{host}"),
                format!("ws://{host}:4444"),
                format!("https://me:hush@{host}:1/hush"),
            ] {
                let shown = address.replace("me:hush@", "").replace("/hush", "");
                assert_eq!(shown_url(&Url::parse(&address).unwrap()), shown);
                assert_eq!(masked(&address), shown);
            }
        }
        let as_written = "https://internal-a1B2c3-1234567890abcdef.eu-west-1.elb.amazonaws.com:8443";
        assert_eq!(masked(as_written), as_written.to_lowercase());
        for host in
            ["the_gateway_of_the_shop_1", "internal-a1B2c3-1234567890abcdef.eu-west-1.elb.amazonaws.com"]
        {
            assert_eq!(masked(&format!("{host}:4444 {host}")), format!("{host}:4444 {host}"));
        }
        assert_eq!(masked("nats:4222 tls: no answer"), "nats:4222 tls: no answer");
    }
}
