//! Help, usage errors, settings, completions.

use crate::support::Ham;

const COMMANDS: [&str; 15] = [
    "call",
    "completions",
    "conductor",
    "demo",
    "dev",
    "doctor",
    "feed",
    "grants",
    "info",
    "listen",
    "man",
    "ping",
    "request",
    "signals",
    "state",
];

#[tokio::test]
async fn help_lists_every_command_and_every_exit_code() {
    let ham = Ham::new();
    let help = ham.run(&["--help"]).await.ok();
    for command in COMMANDS {
        assert!(help.text().contains(&format!("\n  {command} ")), "{command} is not in the help");
        let own = ham.run(&[command, "--help"]).await.ok();
        assert!(own.text().contains("Usage:"), "{command}");
        assert!(own.stderr.is_empty(), "{own}");
    }
    for code in
        ["  0  ", "  1  ", "  2  ", "  3  ", "  4  ", "  5  ", "  6  ", "  7  ", "  8  ", "130  ", "143  "]
    {
        assert!(help.text().contains(code), "exit code {code} is not in the help");
    }
    assert!(ham.run(&["--version"]).await.ok().text().starts_with("ham "));
}

#[tokio::test]
async fn a_wrong_command_line_is_a_usage_error() {
    let ham = Ham::new();
    for arguments in [
        &["nonsense"][..],
        &["call", "role"],
        &["ping", "--nonsense"],
        &["completions", "tcsh"],
        &["grants", "revoke"],
        &["demo", "--kills", "many"],
    ] {
        ham.run(arguments).await.failed(2, &["--help"]);
    }
}

/// It was plain text, whatever was asked for.
#[tokio::test]
async fn a_wrong_command_line_is_json_for_programs() {
    let ham = Ham::new();
    for arguments in [
        &["ping", "--json", "--nonsense"][..],
        &["--json", "nonsense"],
        &["call", "role", "--json"],
        &["completions", "tcsh", "--json"],
        &["--json"],
    ] {
        let ran = ham.run(arguments).await;
        ran.failed(2, &[]);
        assert!(ran.stdout.is_empty(), "{ran}");
        let error: serde_json::Value = serde_json::from_str(&ran.stderr).unwrap();
        assert_eq!(error["exit"], 2, "{ran}");
        assert!(!error["error"].as_str().unwrap().starts_with("error"), "{ran}");
        assert!(error["advice"].as_str().unwrap().contains("--help"), "{ran}");
    }
    // A payload is no flag.
    ham.run(&["ping", "--nonsense", "--", "--json"]).await.failed(2, &["error: unexpected argument"]);
}

/// Fifteen flags of every command stood among a command's own.
#[tokio::test]
async fn help_shows_what_a_command_uses_its_own_flags_first() {
    let ham = Ham::new();
    let help = async |command: &[&str]| {
        let shown = ham.run(&[command, &["--help"]].concat()).await.ok();
        shown.text().to_owned()
    };
    let call = help(&["call"]).await;
    let at = |words: &str| call.find(words).unwrap_or_else(|| panic!("lacks {words}: {call}"));
    let order = [
        "\nArguments:",
        "--raw-payload",
        "\nConductor options:",
        "--admin-port",
        "\nCommon options:",
        "--json",
    ];
    assert!(order.map(at).is_sorted(), "{call}");
    for (command, uses, lacks) in [
        (&["completions"][..], &["--json"][..], &["--admin-port", "--timeout", "--wait", "--app"][..]),
        (&["request"], &["--timeout", "--wait", "--token-file"], &["--admin-port", "--app-id", "--lair-url"]),
        (&["dev"], &["--admin-port", "--app ", "--app-id"], &["--lair-url", "--wait", "--conductor"]),
        (&["conductor", "run"], &["--admin-port", "--app "], &["--lair-url", "--wait", "--conductor"]),
        (&["conductor", "path"], &["--release"], &["--admin-port", "--app "]),
        (&["demo"], &["--conductor"], &["--admin-port", "--lair-url", "--app "]),
        (&["grants", "list"], &["--admin-port", "--app "], &["--lair-url", "--wait"]),
        (&["signals"], &["ends the command"], &[]),
        (&["call"], &["--timeout"], &["ends the command"]),
        (&["state"], &["--conductor", "--lair-url", "--timeout"], &["--wait"]),
    ] {
        let shown = help(command).await;
        for flag in uses {
            assert!(shown.contains(flag), "{command:?} lacks {flag}: {shown}");
        }
        for flag in lacks {
            assert!(!shown.contains(flag), "{command:?} shows {flag}: {shown}");
        }
    }
}

#[tokio::test]
async fn times_are_written_as_people_write_them() {
    let ham = Ham::new();
    for time in ["1h", "1m30s", "2m", "90", "1500ms", "1h 30m"] {
        let ping = ["ping", "--admin-port", "1", "--app-id", "a", "--timeout", time];
        ham.run(&ping).await.failed(3, &["cannot reach"]);
    }
}

/// Neither the line nor the column was told.
#[tokio::test]
async fn a_mistake_in_the_file_is_told_with_its_line_and_column() {
    let ham = Ham::new();
    for (text, words) in [
        ("admin_port = 4444\napp_id = = 1\n", &["is not valid TOML", "line 2, column 10"][..]),
        ("admin_port = 4444\n\n  app_idd = 'a'\n", &["unknown setting `app_idd`", "line 3, column 3"]),
        ("admin_port = 4444\napp_id = true\n", &["`app_id`", "line 2, column 10"]),
        ("app_id = 'a'\nadmin_port = 70000\n", &["admin_port in ", "line 2, column 14", "70000"]),
    ] {
        let file = ham.file("config.toml", text);
        ham.run(&["ping", "--config", &file]).await.failed(2, words);
    }
}

#[tokio::test]
async fn what_is_missing_is_named_with_the_ways_to_give_it() {
    let ham = Ham::new();
    ham.run(&["ping"])
        .await
        .failed(2, &["no conductor is named", "--admin-port", "HAM_ADMIN_PORT", "--app FILE.happ"]);
    // Which apps there are is asked first.
    ham.run(&["ping", "--admin-port", "1"]).await.failed(3, &["localhost:1", "nothing is listening there"]);
    ham.run(&["ping", "--app-id", "a", "--app-url", "ws://localhost:1"])
        .await
        .failed(2, &["HAM_APP_TOKEN_FILE"]);
    ham.run(&["grants", "list", "--app-id", "a"]).await.failed(2, &["no conductor is named"]);
    ham.run(&["doctor"]).await.failed(2, &["`settings`", "--admin-port", "--app FILE.happ"]);
}

#[tokio::test]
async fn wrong_settings_are_named_with_their_place() {
    let ham = Ham::new();
    let base = ["ping", "--app-id", "a"];
    let run = |more: &[&'static str]| [&base[..], more].concat();
    ham.run(&run(&["--admin-port", "70000"])).await.failed(2, &["--admin-port must be a port", "70000"]);
    ham.run(&run(&["--admin-url", "http://x"])).await.failed(2, &["--admin-url must be a ws://"]);
    ham.run(&run(&["--admin-port", "1", "--timeout", "0"])).await.failed(2, &["--timeout", "not zero"]);
    // Longer than a nonce lives, which is no mistake.
    ham.run(&run(&["--admin-port", "1", "--timeout", "60m"])).await.failed(3, &["cannot reach"]);
    ham.run(&run(&["--admin-port", "1", "--origin", "a\nb"])).await.failed(2, &["Origin"]);
    ham.run(&run(&["--admin-port", "1", "--admin-url", "ws://x"])).await.failed(2, &["both"]);
    ham.run(&run(&["--config", "/nonexistent/config.toml"])).await.failed(2, &["/nonexistent/config.toml"]);
    let broken = ham.file("broken.toml", "admin_port = [");
    ham.run(&["ping", "--app-id", "a", "--config", &broken]).await.failed(2, &["broken.toml", "TOML"]);
    let ham = ham.with("HAM_PRESSURE_COOLDOWN_MS", "soon");
    ham.run(&["ping"]).await.failed(2, &["HAM_PRESSURE_COOLDOWN_MS", "milliseconds"]);
}

#[tokio::test]
async fn settings_come_from_flag_environment_and_file_in_this_order_and_say_so() {
    let ham = Ham::new().with("HAM_APP_ID", "of-the-environment").with("HAM_ORIGIN", "of-the-environment");
    ham.file(".config/ham/config.toml", "app_id = 'of-the-file'\norigin = 'of-the-file'\nadmin_port = 4444");
    let shown = ham.run(&["info", "--settings", "--json", "--app-id", "of-the-flag"]).await.ok().json();
    let setting = |key: &str| {
        let setting = &shown["settings"][key];
        (setting["value"].as_str().map(str::to_owned), setting["source"].as_str().unwrap().to_owned())
    };
    assert_eq!(setting("app_id"), (Some("of-the-flag".into()), "flag".into()));
    assert_eq!(setting("origin"), (Some("of-the-environment".into()), "environment".into()));
    assert_eq!(setting("admin_port"), (Some("4444".into()), "file".into()));
    assert_eq!(setting("credentials"), (None, "default".into()));
    assert_eq!(
        (&shown["settings"]["admin_port"]["line"], &shown["settings"]["origin"]["line"]),
        (&3.into(), &serde_json::Value::Null)
    );
    let other = ham.file("other.toml", "admin_port = 5555");
    let shown = ham.run(&["info", "--settings", "--config", &other]).await.ok();
    assert!(shown.text().contains("5555") && !shown.text().contains("4444"), "{shown}");
    assert!(shown.text().contains("file, line 1"), "{shown}");
}

#[tokio::test]
async fn payloads_that_cannot_be_sent_are_refused_before_anything_is_dialled() {
    // Nothing listens on port 1: a dial would end with code 3.
    let ham = Ham::new().with("HAM_ADMIN_PORT", 1).with("HAM_APP_ID", "a");
    let call = async |payload: &str| ham.run(&["call", "role", "zome", "function", payload]).await;
    call("{").await.failed(2, &["not JSON", "line 1"]);
    call("text").await.failed(2, &["not JSON", "quotes"]);
    call("18446744073709551616").await.failed(2, &["64 bits"]);
    call(r#"{"$hash": "uhCkk"}"#).await.failed(2, &["Holochain hash"]);
    call(r#"{"a": 1, "a": 2}"#).await.failed(2, &["twice"]);
    call("@/nonexistent.json").await.failed(2, &["/nonexistent.json"]);
    ham.run_with(&["call", "role", "zome", "function", "-"], b"\xff").await.failed(2, &["UTF-8"]);
    ham.run(&["call", "role", "zome", "function", "--raw-payload", "1"])
        .await
        .failed(2, &["raw payload", "@FILE"]);
    call("-5").await.failed(3, &["admin interface"]);
    let ham = ham.with("HAM_LAIR_URL", "unix:///s").with("HAM_LAIR_PASSPHRASE_FILE", "-");
    ham.run(&["call", "role", "zome", "function", "-"]).await.failed(2, &["standard input"]);
}

#[tokio::test]
async fn errors_are_json_for_programs() {
    let failed = Ham::new().run(&["ping", "--json"]).await;
    failed.failed(2, &[]);
    assert!(failed.stdout.is_empty());
    let error: serde_json::Value = serde_json::from_str(&failed.stderr).unwrap();
    assert_eq!(error["exit"], 2);
    assert!(error["error"].is_string() && error["advice"].is_string());
}

#[tokio::test]
async fn a_reader_that_goes_away_is_no_error() {
    let mut running = Ham::new().start(&["man"]);
    running.close_stdout();
    assert_eq!(running.ended().await, Some(0));
}

#[tokio::test]
async fn a_conductor_that_is_not_there_is_told_with_what_to_do() {
    let ham = Ham::new()
        .with("PATH", "/nonexistent")
        .with("HAM_CACHE_DIR", "/nonexistent")
        .with("HAM_CONDUCTORS_DIR", "")
        .with("HAM_HOLOCHAIN_BIN", "");
    ham.run(&["conductor", "path"]).await.failed(1, &["no holochain 0.7.1", "`ham conductor install`"]);
    let older = ["no holochain 0.6.3", "ham conductor install --release 0.6.3"];
    ham.run(&["conductor", "path", "--release", "0.6"]).await.failed(1, &older);
    let known = ["'0.5'", "0.6, 0.7.0, 0.7.1, 0.8-dev"];
    ham.run(&["conductor", "run", "--release", "0.5"]).await.failed(2, &known);
    ham.run(&["conductor", "path", "--release", "0.7.0", "--relay"])
        .await
        .failed(2, &["--release", "--relay"]);
    let ham = ham.with("HAM_HOLOCHAIN_BIN", "/nonexistent/holochain");
    ham.run(&["conductor", "path"]).await.failed(8, &["/nonexistent/holochain", "HAM_HOLOCHAIN_BIN"]);

    let missing = ["no kitsune2_bootstrap_srv 0.5.1", "ham conductor install --relay", "HAM_RELAY_BIN"];
    ham.run(&["conductor", "path", "--relay"]).await.failed(1, &missing);
    let ham = ham.with("HAM_RELAY_BIN", "/nonexistent/relay");
    ham.run(&["conductor", "path", "--relay"]).await.failed(8, &["/nonexistent/relay", "HAM_RELAY_BIN"]);
    let ham = ham.with("HAM_HOLOCHAIN_BIN", "").with("HAM_CONDUCTORS_DIR", "/nonexistent");
    ham.run(&["conductor", "path"]).await.failed(8, &["/nonexistent", "HAM_CONDUCTORS_DIR"]);
}

#[tokio::test]
async fn a_demonstration_that_cannot_be_is_refused() {
    Ham::new().run(&["demo", "--kills", "9", "--calls", "10"]).await.failed(2, &["options cannot work"]);
    // The help did not tell what bounds it.
    Ham::new().run(&["demo", "--concurrency", "16"]).await.failed(2, &["16 is not in 1..=12"]);
    let help = Ham::new().run(&["demo", "--help"]).await.ok();
    let words = help.text().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("1 to 12, since there are 12 callers"), "{help}");
    let embedded = ["the embedded one would be killed", "--conductor real"];
    Ham::new().run(&["demo", "--release", "0.7.0"]).await.failed(2, &embedded);
}
