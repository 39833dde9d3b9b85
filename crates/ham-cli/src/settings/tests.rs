use super::*;

fn values(
    flags: &[(&str, &str)],
    environment: &[(&str, &str)],
    file: Option<&str>,
) -> Result<Values, Failure> {
    let read = |pairs: &[(&str, &str)], name: &str| {
        pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    };
    let mut values = Values::default();
    values.add(Source::Flag, |key| read(flags, key));
    values.add_environment(|name| read(environment, name));
    if let Some(text) = file {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("config.toml");
        std::fs::write(&path, text).unwrap();
        values.add_file(Some(&path), None)?;
    }
    Ok(values)
}

fn settings(
    flags: &[(&str, &str)],
    environment: &[(&str, &str)],
    file: Option<&str>,
) -> Result<Settings, Failure> {
    values(flags, environment, file).and_then(Settings::new)
}

#[test]
fn flags_win_over_the_environment_and_that_over_the_file() {
    let file = "app_id = \"file\"\norigin = \"file\"\nadmin_port = 1\nrequest_timeout_secs = 7";
    let environment = [("HAM_APP_ID", "environment"), ("HAM_ORIGIN", "environment")];
    let settings = settings(&[("app_id", "flag")], &environment, Some(file)).unwrap();
    assert_eq!(settings.app_id().unwrap(), "flag");
    assert_eq!(settings.origin, "environment");
    assert_eq!(settings.admin().unwrap().port(), Some(1));
    assert_eq!(settings.timeout, Duration::from_secs(7));
    assert_eq!(settings.values.source("app_id"), Source::Flag);
    assert_eq!(settings.values.source("origin"), Source::Environment);
    assert_eq!(settings.values.source("admin_port"), Source::File);
    assert_eq!(settings.values.source("credentials"), Source::Default);
}

#[test]
fn defaults_are_hams_own_and_an_empty_variable_is_unset() {
    let settings = settings(&[], &[("HAM_ORIGIN", "")], None).unwrap();
    assert_eq!((settings.origin.as_str(), settings.timeout), (DEFAULT_ORIGIN, DEFAULT_TIMEOUT));
    assert_eq!(settings.backoff.initial_ms, BackoffConfig::default().initial_ms);
    assert_eq!(settings.reconnect(), None);
    assert!(settings.conductor.is_none() && settings.breaker.is_none() && settings.lair.is_none());
    assert_eq!(settings.app_id().unwrap_err().exit, crate::exit::Exit::Usage);
}

#[test]
fn the_environment_names_of_services_are_understood() {
    let environment = [
        ("HAM_REQUEST_TIMEOUT_SECS", "9"),
        ("HAM_RECONNECT_BACKOFF_INITIAL_MS", "10"),
        ("HAM_RECONNECT_BACKOFF_MAX_MS", "20"),
        ("HAM_RECONNECT_BACKOFF_ESCALATE_AFTER", "3"),
        ("HAM_PRESSURE_COOLDOWN_MS", "30"),
        ("HAM_PRESSURE_COOLDOWN_MAX_MS", "40"),
    ];
    let settings = settings(&[], &environment, None).unwrap();
    assert_eq!(settings.timeout, Duration::from_secs(9));
    let backoff = &settings.backoff;
    assert_eq!((backoff.initial_ms, backoff.max_ms, backoff.escalate_after), (10, 20, 3));
    assert_eq!(settings.reconnect(), Some((Duration::from_millis(10), Duration::from_millis(20))));
    let breaker = settings.breaker.unwrap();
    assert_eq!((breaker.initial.as_millis(), breaker.max.as_millis()), (30, 40));
}

#[test]
fn a_nearer_admin_port_wins_over_a_farther_url_and_two_of_a_kind_are_refused() {
    let url = [("HAM_ADMIN_URL", "ws://elsewhere:2")];
    let nearer = settings(&[("admin_port", "1")], &url, None).unwrap();
    assert_eq!(nearer.admin().unwrap().port(), Some(1));
    let farther = settings(&[], &url, Some("admin_port = 1")).unwrap();
    assert_eq!(farther.admin().unwrap().host_str(), Some("elsewhere"));
    let both = settings(&[], &[url[0], ("HAM_ADMIN_PORT", "1")], None).unwrap_err();
    assert!(both.text().contains("both"), "{}", both.text());
}

#[test]
fn one_setting_names_conductors_that_ham_starts_and_running_ones() {
    let chosen = |name: &str| settings(&[("conductor", name)], &[("HAM_ADMIN_PORT", "1")], None).unwrap();
    assert_eq!(chosen("embedded").conductor, Some(Chosen::Own(Kind::Embedded)));
    assert_eq!(chosen("real").conductor, Some(Chosen::Own(Kind::Real)));
    assert_eq!(chosen("wss://elsewhere:2").admin().unwrap().host_str(), Some("elsewhere"));
    let farther = settings(&[("admin_port", "1")], &[("HAM_CONDUCTOR", "embedded")], None).unwrap();
    assert_eq!(farther.admin().unwrap().port(), Some(1));
    let both = settings(&[], &[("HAM_CONDUCTOR", "real"), ("HAM_ADMIN_PORT", "1")], None).unwrap_err();
    assert!(both.text().contains("both HAM_ADMIN_PORT and HAM_CONDUCTOR"), "{}", both.text());
    let wrong = settings(&[("conductor", "http://user:hunter2@host")], &[], None).unwrap_err().text();
    assert!(wrong.contains("`embedded`, `real` or") && !wrong.contains("hunter2"), "{wrong}");
}

#[test]
fn what_is_wrong_is_named_with_its_place_and_a_url_is_never_quoted() {
    let text = |environment: &[(&str, &str)]| settings(&[], environment, None).unwrap_err().text();
    assert!(
        text(&[("HAM_ADMIN_PORT", "x")])
            .contains("HAM_ADMIN_PORT must be a port from 1 to 65535, or 0, not `x`")
    );
    assert!(text(&[("HAM_ADMIN_PORT", "70000")]).contains("not `70000`"));
    let port = text(&[("HAM_ADMIN_URL", "ws://user:hunter2@localhost:99999/hunter2")]);
    assert!(
        port.contains("`ws://localhost:99999` has an invalid port") && !port.contains("hunter2"),
        "{port}"
    );
    assert!(text(&[("HAM_REQUEST_TIMEOUT_SECS", "0")]).contains("not zero"));
    let url = text(&[("HAM_ADMIN_URL", "http://user:hunter2@host")]);
    assert!(url.contains("HAM_ADMIN_URL must be a ws://") && !url.contains("hunter2"), "{url}");
    assert!(text(&[("HAM_LAIR_URL", "unix:///s")]).contains("HAM_LAIR_PASSPHRASE_FILE"));
    assert!(text(&[("HAM_LAIR_PASSPHRASE_FILE", "-")]).contains("HAM_LAIR_URL"));
}

/// Case: a password in place of a port, a time or a release was repeated.
#[test]
fn a_value_that_may_be_a_password_is_not_repeated() {
    for (key, name) in [
        ("admin_port", "HAM_ADMIN_PORT"),
        ("request_timeout_secs", "HAM_REQUEST_TIMEOUT_SECS"),
        ("holochain_release", "HAM_HOLOCHAIN_RELEASE"),
        ("pin", "HAM_PIN"),
    ] {
        let file = settings(&[], &[], Some(&format!("{key} = \"hunter2\""))).unwrap_err().text();
        let flag = settings(&[(key, "hunter2")], &[], None).unwrap_err().text();
        let variable = settings(&[], &[(name, "hunter2")], None).unwrap_err().text();
        for told in [&file, &flag, &variable] {
            assert!(told.contains("must be") && !told.contains("hunter2"), "{told}");
        }
        assert!(file.contains("line 1, column"), "{file}");
    }
}

#[test]
fn the_file_holds_known_settings_only() {
    let text = |file: &str| settings(&[], &[], Some(file)).unwrap_err().text();
    let unknown = text("lair_passphrase = \"hunter2\"");
    assert!(unknown.contains("lair_passphrase") && !unknown.contains("hunter2"), "{unknown}");
    let broken = text("app_id = hunter2");
    assert!(broken.contains("not valid TOML") && !broken.contains("hunter2"), "{broken}");
    assert!(text("admin_port = true").contains("must be a string or a whole number"));
}

#[test]
fn shown_urls_have_no_password() {
    let url = "wss://user:hunter2@host:4/path?token=t";
    let variables = [("HAM_ADMIN_URL", url), ("HAM_APP_URL", url), ("HAM_CONDUCTOR", url)];
    let shown = values(&[], &variables, None).unwrap().shown();
    assert_eq!(shown.len(), SETTINGS.len());
    for key in ["admin_url", "app_url", "conductor"] {
        let (_, value, source) = shown.iter().find(|(setting, ..)| setting.key == key).unwrap();
        assert_eq!((value.as_deref(), *source), (Some("wss://host:4"), Source::Environment), "{key}");
    }
    const KEY: &str = "ham_7QK2AB_q3Zr0bT5w8Yc1Xe4Uh7Kj9Ln2Mp6Rs0Vt3Wz5Ab8";
    let shown = values(&[("app_id", KEY), ("lair_passphrase_file", KEY)], &[], None).unwrap().shown();
    assert!(shown.iter().all(|(_, value, _)| value.as_ref().is_none_or(|value| value == "…")), "{shown:?}");
    let shown = values(&[("conductor", "real")], &[], None).unwrap().shown();
    assert!(shown.iter().any(|(_, value, _)| value.as_deref() == Some("real")));
}

#[test]
fn times() {
    let cases = [
        ("30", 30_000),
        ("30s", 30_000),
        ("500ms", 500),
        ("2m", 120_000),
        ("1h", 3_600_000),
        ("1m30s", 90_000),
        ("1h 30m", 5_400_000),
    ];
    for (text, milliseconds) in cases {
        assert_eq!(duration(text), Some(Duration::from_millis(milliseconds)), "{text}");
    }
    for text in ["", "0", "0ms", "s", "-1", "1.5", "1x", "99999999999999999999", "999999999999999999m"] {
        assert_eq!(duration(text), None, "{text}");
    }
}
