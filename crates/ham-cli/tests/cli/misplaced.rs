//! Secrets in the wrong place of a command line: no error, note or log line repeats them.

use crate::credentials::{conductor, end};
use crate::support::{Ham, no_secret};

const KEY: &str = "ham_7QK2AB_q3Zr0bT5w8Yc1Xe4Uh7Kj9Ln2Mp6Rs0Vt3Wz5Ab8";

/// Case: `--app-id` with a key was repeated, by ham, by the parser of a value or by the conductor.
#[tokio::test]
async fn a_key_in_the_wrong_place_is_not_repeated() {
    let ham = Ham::new();
    let (running, named) = conductor(&ham, "probe").await;
    let port = named[1].as_str();
    let equals = format!("--app-id={KEY}");
    let clone = format!("{KEY}.0");
    for words in [
        &["info", "--admin-port", port, "--app-id", KEY][..],
        &["doctor", "--admin-port", port, &equals],
        &["ping", "--admin-port", port, "--app-id", KEY],
        &["ping", "--admin-port", KEY],
        &["ping", "--admin-url", KEY],
        &["ping", "--timeout", KEY],
        &["ping", "--config", KEY],
        &["call", "--admin-port", port, KEY, "probe", "echo_text", "1"],
        &["call", "--admin-port", port, "probe", KEY, "echo_text", "1"],
        &["call", "--admin-port", port, "probe", "probe", KEY, "1"],
        &["call", "--admin-port", port, "probe", "probe", "echo_text", KEY],
        &["app", "enable", "--admin-port", port, KEY],
        &["app", "uninstall", "--admin-port", port, KEY],
        &["chain", "--admin-port", port, KEY],
        &["schema", "--admin-port", port, KEY],
        &["clone", "delete", "--admin-port", port, KEY],
        &["clone", "delete", "--admin-port", port, &clone],
        &["dht", "--admin-port", port, KEY],
        &["grants", "revoke", "--admin-port", port, KEY],
        &["dev", "fault", "host", "--admin-port", port, KEY],
        &["dev", "revert", "--admin-port", port, KEY],
        &["man", KEY],
        &["new", KEY],
        &["hash", KEY],
        &["pack", KEY],
        &["unpack", KEY],
        &["build", KEY],
        &["gateway", "--config", KEY],
        &["gateway", "check", "--config", KEY],
    ] {
        for more in [&[][..], &["--json"], &["-vvv"]] {
            let told = ham.run(&[words, more].concat()).await;
            assert_ne!(told.code, Some(0), "{words:?} {told}");
            assert!(!told.stderr.is_empty(), "{words:?}");
            no_secret(&told.all(), KEY.as_bytes());
            assert!(!told.all().contains(&KEY[12..]), "{words:?}: {told}");
        }
    }
    let settings = ham.run(&["info", "--settings", "--app-id", KEY]).await.ok();
    assert!(!settings.all().contains(&KEY[12..]), "{settings}");
    end(running).await;
}

/// Case: a short word is a secret to nobody but its owner: a password in the place of a number was repeated.
#[tokio::test]
async fn a_password_in_a_configuration_is_not_repeated() {
    let ham = Ham::new();
    for text in [
        "admin_port = \"hunter2\"",
        "admin_port = hunter2",
        "hunter2 hunter2",
        "holochain_release = \"hunter2\"",
    ] {
        let file = ham.file("config.toml", text);
        let told = ham.run(&["ping", "--config", &file]).await;
        told.failed(2, &["line 1, column"]);
        assert!(!told.all().contains("hunter2"), "{told}");
    }
    for text in
        ["listen = \"hunter2\"", "[[function]]\nmatch = \"a\"\nkey = \"hunter2\"", "keys = [\"hunter2\"]"]
    {
        let file = ham.file("gateway.toml", text);
        let told = ham.run(&["gateway", "check", "--config", &file]).await;
        told.failed(2, &["column"]);
        assert!(!told.all().contains("hunter2"), "{told}");
    }
}
