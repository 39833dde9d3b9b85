use super::*;
use crate::drop_in::client::HamConfig;
use crate::drop_in::errors::is_signing_refusal;

fn values(url: Option<&str>, passphrase: Option<&str>) -> LairCredentials {
    LairCredentials::Values {
        connection_url: url.map(str::to_owned),
        passphrase: passphrase.map(|text| text.as_bytes().to_vec()),
    }
}

fn resolve(credentials: LairCredentials, opt_in: CapGrantOptIn) -> anyhow::Result<SigningPolicy> {
    SigningPolicy::resolve(credentials, opt_in)
}

#[test]
fn nothing_given_and_nothing_allowed_is_refused() {
    for absent in [LairCredentials::Absent, values(None, None)] {
        let refused = resolve(absent, CapGrantOptIn::Withheld).unwrap_err().context("connecting");
        assert!(is_signing_refusal(&refused));
        assert!(format!("{refused:#}").contains("lair signing is required"));
    }
}

#[test]
fn half_a_credential_is_a_mistake_even_with_the_opt_in() {
    let cases = [
        (values(Some("unix:///s?k=x"), None), "connection URL is set"),
        (values(None, Some("secret")), "passphrase is set"),
        (values(Some("a secret in its place"), Some("secret")), "Invalid lair connection URL"),
    ];
    for (credentials, words) in cases {
        let error = resolve(credentials, CapGrantOptIn::Permitted).unwrap_err();
        let text = format!("{error:#}");
        assert!(
            text.contains("lair signing is required")
                && text.contains(words)
                && !text.contains("secret")
                && !is_signing_refusal(&error),
            "{text}"
        );
    }
}

#[test]
fn a_keystore_wins_over_the_opt_in() {
    let policy = resolve(values(Some("unix:///s?k=x"), Some("p")), CapGrantOptIn::Permitted).unwrap();
    let config = policy.apply(HamConfig::new(1, 2, "app"));
    assert_eq!(
        (policy.label(), config.lair.is_some(), config.allow_cap_grant_signing),
        ("lair", true, false)
    );
    assert!(format!("{config:?}{policy:?}").contains("redacted"));
}

#[test]
fn only_clear_words_opt_in() {
    for yes in ["1", "true", "YES", " on "] {
        assert_eq!(CapGrantOptIn::from_value(Some(yes)).unwrap(), CapGrantOptIn::Permitted);
    }
    for no in [None, Some(""), Some("0"), Some("off")] {
        assert_eq!(CapGrantOptIn::from_value(no).unwrap(), CapGrantOptIn::Withheld);
    }
    let typo = CapGrantOptIn::from_value(Some("ture")).unwrap_err().to_string();
    assert!(typo.contains("expected one of"), "{typo}");
    assert_eq!(CapGrantOptIn::from_flag(true), CapGrantOptIn::Permitted);
}
