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
