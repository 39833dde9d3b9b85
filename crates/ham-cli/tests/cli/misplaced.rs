//! Secrets in the wrong place of a command line: no error, note or log line repeats them.

use rustix::process::Signal;
use serde_json::Value;

use crate::credentials::{conductor, end};
use crate::support::{Ham, no_secret, probe};

const KEY: &str = "ham_7QK2AB_q3Zr0bT5w8Yc1Xe4Uh7Kj9Ln2Mp6Rs0Vt3Wz5Ab8";

/// Case: `--app-id` with a key was repeated, by ham, by the parser of a value or by the conductor.
#[tokio::test]
async fn a_key_in_the_wrong_place_is_not_repeated() {
    let ham = Ham::new();
    let (running, named) = conductor(&ham, "probe").await;
    let port = named[1].as_str();
    let equals = format!("--app-id={KEY}");
    let clone = format!("{KEY}.0");
    let below_the_root = format!("/{KEY}");
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
        &["clone", "enable", "--admin-port", port, &clone],
        &["dht", "--admin-port", port, KEY],
        &["grants", "revoke", "--admin-port", port, KEY],
        &["dev", "fault", "host", "--admin-port", port, KEY],
        &["dev", "revert", "--admin-port", port, KEY],
        &["man", KEY],
        &["new", KEY],
        &["new", &below_the_root],
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

/// Case: a conductor disables what is not there, so that `ham` said it had; one of `ham`'s own logged the zome that a call names, and a
/// gateway's line to try had the key in its address.
#[tokio::test]
async fn a_key_that_is_taken_for_a_name_is_not_shown() {
    let ham = Ham::new();
    let mut running = ham.start(&["dev", "--json", "-v", "--app", &probe()]);
    let started: Value = serde_json::from_str(&running.line(|_| true).await).unwrap();
    let port = started["admin_port"].to_string();
    let clone = format!("{KEY}.0");
    for words in [
        &["clone", "disable", "--admin-port", &port, &clone][..],
        &["clone", "disable", "--json", "--admin-port", &port, &clone],
        &["call", "--admin-port", &port, "probe", KEY, "echo_text", "\"hello\""],
    ] {
        let told = ham.run(words).await;
        assert!(!told.all().contains(&KEY[12..]), "{told}");
    }
    running.signal(Signal::INT);
    let logged = running.rest().await;
    assert!(!logged.contains(&KEY[12..]), "{logged}");
    let mut gateway =
        ham.start(&["gateway", "--dev", "--app", &probe(), "--listen", "127.0.0.1:0", "--app-id", KEY]);
    let tried = gateway.line(|line| line.starts_with("Try:")).await;
    gateway.signal(Signal::TERM);
    let rest = gateway.rest().await;
    assert!(tried.contains("/apps/ID/roles/") && !(tried + &rest).contains(&KEY[12..]));
}

/// Case: words of the command line vanished from what was said of them.
#[tokio::test]
async fn words_that_are_no_secrets_are_repeated() {
    const HASH: &str = "uhCAkWCsAgoKkkfwyJA0lj30xX_GLLV-3BXuFy436a2SqpcEwyBz";
    let ham = Ham::new();
    let (running, named) = conductor(&ham, "probe").await;
    let port = named[1].as_str();
    let bundle = "./target/wasm32-unknown-unknown/release/MyApplication2026Something.happ";
    let app = format!("name:{HASH}");
    let payload = format!("\"no {KEY} at https://shop.example/orders/7?token=hush\"");
    for (words, said) in [
        (&["app", "install", "--admin-port", port, bundle][..], bundle),
        (&["hash", bundle][..], bundle),
        (&["dht", "--admin-port", port, HASH][..], HASH),
        (&["info", "--admin-port", port, "--app-id", &app][..], app.as_str()),
        (&["info", "--admin-port", port, "--app-id", "alice@shop.example"][..], "alice@shop.example"),
        // What a zome says of its argument.
        (&["call", "--admin-port", port, "probe", "fail", &payload][..], payload.trim_matches('"')),
        (&["call", "--admin-port", port, "probe", "probe", "fail", &payload][..], payload.trim_matches('"')),
    ] {
        let told = ham.run(words).await;
        assert!(told.code != Some(0) && told.stderr.contains(said), "{words:?}: {told}");
    }
    end(running).await;
}
