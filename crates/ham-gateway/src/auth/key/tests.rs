use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::auth::{Allows, NewKey};

fn now() -> Timestamp {
    "2026-11-28T00:00:00Z".parse().unwrap()
}

#[test]
fn a_new_key_is_recognised_by_its_stanza_alone() {
    let key = NewKey::new().unwrap();
    let stanza = key.stanza("a \"name\"");
    assert!(!stanza.contains(key.expose()) && !format!("{key:?}").contains(key.expose()));
    let keys = Keys::parse(&stanza).unwrap();
    let identity = keys.whose(key.expose(), now()).unwrap();
    assert_eq!(identity.name, "a \"name\"");
    assert!(identity.may(Scope::Calls) && !identity.may(Scope::AllCalls));
    assert!(!identity.knows_app("supply") && !identity.may_call("main", "bridge", "pay"));
    for wrong in [&key.expose()[..key.expose().len() - 1], &key.expose()[4..], "ham_", "", "ham_7QK2_AAAA"] {
        assert!(keys.whose(wrong, now()).is_none(), "{wrong}");
    }
}

#[test]
fn a_key_may_what_is_listed_until_it_expires() {
    let key = NewKey::new().unwrap();
    let allows = Allows {
        apps: vec!["supply".into()],
        functions: vec!["main/bridge/pay".into(), "*/*/get_*".into()],
        ..Allows::default()
    };
    let stanza = format!("{}expires = 2026-11-28T00:00:01Z\n", key.stanza_with("billing", &allows));
    let keys = Keys::parse(&stanza).unwrap();
    let identity = keys.whose(key.expose(), now()).unwrap();
    assert!(identity.knows_app("supply") && !identity.knows_app("other"));
    assert!(identity.may_call("main", "bridge", "pay") && identity.may_call("main.0", "x", "get_y"));
    assert!(!identity.may_call("main", "bridge", "pay_all"));
    assert!(keys.whose(key.expose(), "2026-11-28T00:00:01Z".parse().unwrap()).is_none());
}

#[test]
fn what_is_wrong_with_a_file_is_told_and_quotes_no_digest() {
    let stanza = NewKey::new().unwrap().stanza("a");
    let wrong = [
        (stanza.replace("scopes", "scope"), "unknown field"),
        (stanza.replace("\"feed\"", "\"all\""), "unknown variant"),
        (stanza.replace("sha256 = \"", "sha256 = \"0"), "64 hexadecimal"),
        (format!("{stanza}rate = \"fast\"\n"), "rate is written as"),
        (format!("{stanza}{stanza}"), "twice"),
        (stanza.replace("functions = []", "functions = [\"[\"]"), "unclosed"),
    ];
    for (text, why) in wrong {
        let error = Keys::parse(&text).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
        assert!(!error.contains(&stanza[stanza.find("sha256 = \"").unwrap() + 11..][..60]), "{error}");
    }
}

/// With several keys, nobody was told which one it was; and a value in the wrong place was repeated, even if it was a key.
#[test]
fn what_is_wrong_with_a_file_is_told_with_its_place_and_quotes_no_key() {
    let key = NewKey::new().unwrap();
    let (stanza, shown) = (key.stanza("a"), key.expose());
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keys.toml");
    let digest = &stanza[stanza.find("sha256 = \"").unwrap() + 10..][..64];
    let id = &stanza[stanza.find("id = \"").unwrap() + 6..].split('"').next().unwrap();
    let line = |text: &str| stanza[..stanza.find(text).unwrap()].matches('\n').count() + 1;
    let wrong = [
        (format!("{stanza}{shown}\n"), format!("line {}, column ", stanza.lines().count() + 1)),
        (
            format!("{stanza}{shown} = 1\n"),
            format!("line {}, column 1: unknown field", stanza.lines().count() + 1),
        ),
        (
            stanza.replace("apps = []", &format!("apps = {shown:?}")),
            format!("line {}, column 8: invalid type: string \"…\", expected", line("apps")),
        ),
        (stanza.replace("\"feed\"", &format!("{shown:?}")), format!("line {}, column ", line("scopes"))),
        (
            stanza.replace(&format!("id = {id:?}"), &format!("id = {shown:?}")),
            "[[key]] number 1: an id".into(),
        ),
        (stanza.replace("apps = []", &format!("apps = [\"[{digest}\"]")), format!("key {id:?}: ")),
        (stanza.replace("sha256 = \"", "sha256 = \"0"), format!("key {id:?}: sha256 is not 64")),
        (
            format!("{stanza}rate = 5\n"),
            format!("line {}, column 8: invalid type", stanza.lines().count() + 1),
        ),
    ];
    for (text, place) in wrong {
        std::fs::write(&path, &text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        let error = Keys::read(&path).unwrap_err();
        assert_eq!(Keys::doubts(&path, &[], &[], now()).unwrap_err(), error);
        let said = error.to_string();
        assert!(said.starts_with(&format!("{}: {place}", path.display())), "{place}: {said}");
        for part in [shown, &shown[shown.len() - 20..], &digest[..24], digest] {
            assert!(!said.contains(part), "{said}");
        }
    }
}
