use super::*;
use crate::{NewKey, Server};

/// A page that lists values soon goes out of date.
#[test]
fn the_page_of_the_configuration_has_every_key_and_its_default() {
    let page = include_str!("../../../../docs/gateway-config.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | `"));
    let shown: Vec<(String, String)> = rows
        .map(|(key, rest)| (key.to_owned(), rest.split_once("` |").unwrap_or_default().0.to_owned()))
        .collect();
    let explained = Config::default().explained("");
    let known: Vec<(String, String)> = explained
        .lines()
        .filter_map(|line| line.strip_suffix("  # default")?.split_once(" = "))
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect();
    assert_eq!(shown, known);
}

#[test]
fn the_example_of_the_page_is_right() {
    let page = include_str!("../../../../docs/gateway-config.md");
    let example = page.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let config = Config::parse(example).unwrap();
    assert_eq!(config.check(), []);
    assert_eq!(config.app("supply").unwrap().ready, ["main"]);
    assert!(config.explained(example).contains("limits.wait = \"20s\"  # file\n"));
}

/// With these a start failed, or nothing was served.
#[test]
fn what_could_serve_nothing_is_wrong() {
    for (text, key) in [
        ("[limits]\nhead_lines = 0", "limits.head_lines"),
        ("[limits]\nfirst_request = \"0s\"", "limits.first_request"),
        ("[outbox]\nrecords = 0", "outbox.records"),
        ("[outbox]\ndeliver_within = \"30days\"", "outbox.deliver_within"),
        ("[feed.chains]\n\"supply/main\" = \"supply\"", "feed.chains"),
    ] {
        let text = format!(
            "keys = \"k\"\n[conductor]\nadmin_url = \"ws://localhost:1\"\n[[app]]\nid = \"supply\"\n{text}\n"
        );
        let faults = Config::parse(&text).unwrap().check();
        assert_eq!(faults.iter().map(|fault| fault.key).collect::<Vec<_>>(), [key], "{faults:?}");
    }
    let text = "listen = \"127.0.0.1:80\"\noperations_listen = \"127.0.0.1:80\"\nhosts = [\"https://gateway.example\"]";
    let faults: Vec<_> = Config::parse(text).unwrap().check().into_iter().map(|fault| fault.key).collect();
    assert!(faults.contains(&"operations_listen") && faults.contains(&"hosts"), "{faults:?}");
}

/// Case: origins, hosts and wrong values in place of an id, a path or a name were shown whole.
#[test]
fn a_configuration_is_shown_without_secrets() {
    let key = NewKey::new().unwrap();
    let key = key.expose();
    let text = &format!(
        "keys = {key:?}\norigins = [\"https://user:hush@shop.example\"]\nhosts = [\"user:hush@gateway.example\", {key:?}]\n\
         nats.user = {key:?}\n[[app]]\nid = {key:?}\n[[function]]\nmatch = \"{key}/*/*/*\"\n[feed.chains]\n{key} = {key:?}\n\
         [compat.allowed]\n{key} = [{key:?}]\n"
    );
    let config = Config::parse(text).unwrap();
    let shown = config.explained(text) + &config.shown().to_string();
    assert!(shown.contains("origins = [\"https://shop.example\"]  # file\n"), "{shown}");
    assert!(shown.contains("feed.chains.… = \"…\"  # file\n"), "{shown}");
    assert!(!shown.contains("hush") && !shown.contains(&key[12..]), "{shown}");
}

/// Case: a fault was reported with the whole value, including the password in an address or a key in the wrong place.
#[test]
fn a_fault_repeats_no_secret() {
    let key = NewKey::new().unwrap();
    let key = key.expose();
    let text = format!(
        "keys = {key:?}\nstate_dir = {key:?}\ntls = {{ certificate = {key:?}, key = {key:?} }}\n\
         origins = [\"https://shop.example\", \"https://user:hush@shop.example/\", {key:?}]\n\
         hosts = [\"https://user:hush@gateway.example\", \"user:hush@gateway.example\", \"{key}/\"]\n\
         [conductor]\nlair_url_file = \"unix:///hush?k={key}\"\nlair_passphrase_file = \"hush\"\n\
         [[app]]\nid = {key:?}\ntoken_file = {key:?}\n[[app]]\nid = {key:?}\nbackfill = {key:?}\n\
         [[function]]\nmatch = {key:?}\n[[function]]\nmatch = \"{key}x/*/*/*\"\n[[function]]\nmatch = \"{key}[\"\n\
         [feed.chains]\n{key} = {key:?}\nchain = \"{key}/a/b\"\n\
         [compat]\nhc_http_gw = true\nallowed = {{ {key}x = [{key:?}] }}\n\
         [nats]\nurls = [\"nats://user:hush@localhost:1\"]\nnkey_file = {key:?}\n"
    );
    let config = Config::parse(&text).unwrap();
    let faults = Server::check(&config);
    let told: Vec<_> = faults.iter().map(ToString::to_string).collect();
    for told in &told {
        assert!(!told.contains("hush") && !told.contains(&key[12..]), "{told}");
    }
    for fault in [
        "app: the app `…` is listed twice",
        "origins: number 2 is not written as browsers write it",
        "hosts: number 2 is not a host name",
        "keys: cannot read …: No such file",
        "tls.key: cannot read …: No such file",
        "nats.nkey_file: cannot read …: No such file",
        "conductor.lair_url_file: cannot read …: ",
        "app.token_file: cannot read …: No such file",
        "function.match: \"…\" matches nothing",
        "compat.allowed: of `…`, \"…\" is not written as zome/function",
        "feed.chains: `…` already names a chain",
    ] {
        assert!(told.iter().any(|told| told.starts_with(fault)), "{fault}: {told:#?}");
    }
}

/// Case: the same for a start, and for the contents of the files that it reads.
#[tokio::test]
async fn a_start_that_fails_repeats_no_secret() {
    let key = NewKey::new().unwrap();
    let key = key.expose();
    let directory = tempfile::tempdir().unwrap();
    let private = |name: &str, text: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        path
    };
    let digest = "0a1b2c3d".repeat(8);
    let stanza = format!("[[key]]\nid = \"A\"\nname = \"n\"\nsha256 = {digest:?}\n");
    let keys = private(
        "keys.toml",
        &format!("{stanza}apps = [{key:?}]\nfunctions = [{key:?}]\nchains = [{key:?}]\n"),
    );
    let wrong = private("wrong.toml", &stanza.replace("\"A\"", &format!("{digest:?}")).replace("3d\"", "\""));
    let url = private("url", "http://user:hush@localhost:port");
    let text =
        "listen = \"127.0.0.1:0\"\n[conductor]\nadmin_url = \"ws://localhost:1\"\n[[app]]\nid = \"a\"\n";
    for (first, last) in [
        (format!("keys = {key:?}"), String::new()),
        (format!("keys = {wrong:?}"), String::new()),
        (format!("keys = {keys:?}\ntls = {{ certificate = {keys:?}, key = {key:?} }}"), String::new()),
        (format!("keys = {keys:?}\norigins = [\"https://user:hush@shop.example\"]"), String::new()),
        (
            format!("keys = {keys:?}"),
            format!("[nats]\nurls = [\"nats://localhost:1\"]\ntoken_file = {key:?}"),
        ),
        (format!("keys = {keys:?}"), format!("[nats]\nurls = [\"nats://localhost:1\"]\ncalls_as = {key:?}")),
        (
            format!(
                "keys = {keys:?}\nconductor.lair_url_file = {url:?}\nconductor.lair_passphrase_file = {url:?}"
            ),
            String::new(),
        ),
    ] {
        let text = match first.contains("conductor.") {
            true => format!("{first}\n{}\n{last}", text.replace("[conductor]\nadmin", "conductor.admin")),
            false => format!("{first}\n{text}{last}"),
        };
        let config = Config::parse(&text).unwrap();
        let faults: String = Server::check(&config).iter().map(ToString::to_string).collect();
        let error = crate::words::of(&Server::start(config).await.unwrap_err());
        for told in [&error, &faults] {
            assert!(
                !told.contains("hush") && !told.contains(&key[12..]) && !told.contains(&digest[..25]),
                "{told}"
            );
        }
    }
}

/// Case: a key in place of a host, and text behind another name or without a scheme, were shown.
#[test]
fn a_key_in_the_place_of_a_host_is_not_shown() {
    let key = NewKey::new().unwrap();
    let key = key.expose();
    for address in [
        format!("nats://{key}"),
        format!("nats://{key}:4444"),
        format!("ws://{key}:4444"),
        format!("https://{key}.example"),
        "localhost:https://shop.example/?apikey=hush".to_owned(),
        "ws://localhost:4444@hush".to_owned(),
    ] {
        let text = format!(
            "origins = [{address:?}, \"x.example/?t=hush\"]\nconductor.admin_url = {address:?}\nnats.urls = [{address:?}]\n"
        );
        let config = Config::parse(&text).unwrap();
        let shown = (config.explained(&text) + &config.shown().to_string()).to_lowercase();
        assert!(shown.contains("conductor.admin_url = \"") && shown.contains("x.example/?…"), "{shown}");
        assert!(!shown.contains(&key[12..].to_lowercase()) && !shown.contains("hush"), "{shown}");
    }
    let text = "nats.urls = [\"nats://conductor.prod-eu.k8s.example:4222\"]";
    assert!(
        Config::parse(text)
            .unwrap()
            .explained(text)
            .contains("[\"nats://conductor.prod-eu.k8s.example:4222\"]")
    );
}

#[test]
fn an_address_is_shown_without_its_secrets() {
    let text = "nats.urls = [\"nats://user:hush@localhost:3\"]\n[conductor]\nadmin_url = \"ws://user:hush@localhost:1/?token=hush#hush\"\n[[app]]\nid = \"a\"\napp_url = \"ws://localhost:2/?token=hush\"";
    let config = Config::parse(text).unwrap();
    let shown = config.explained(text);
    assert!(shown.contains("\"ws://localhost:1\"") && !shown.contains("hush"), "{shown}");
}

/// Case: an error quoted its line with its contents.
#[test]
fn an_error_quotes_no_secret() {
    let key = NewKey::new().unwrap();
    let key = key.expose();
    for line in [
        "conductor.admin_url = \"ws://user:hush@localhost:1",
        "conductor.admin_url = \"ws:user:hush\"",
        "conductor.admin_url = [\"ws://user:hu sh@localhost:1\"]",
        "nats.password = \"hush\"",
        "listen = hush",
        &format!("keys = [\"{key}\"]"),
        &format!("{key} = 1"),
    ] {
        let error = Config::parse(&format!("\n{line}")).unwrap_err().to_string();
        assert!(error.contains("line 2, column") && !error.contains("hu"), "{error}");
        assert!(!error.contains(&key[12..]), "{error}");
    }
}

/// Case: an unknown value was repeated, and an address with a wrong port was hidden as a whole.
#[test]
fn an_error_quotes_no_value_and_says_of_an_address_what_it_can() {
    let word = Config::parse("[[function]]\nmatch = \"a\"\nkey = \"hunter2\"").unwrap_err().to_string();
    assert!(word.contains("unknown variant `…`, expected") && !word.contains("hunter2"), "{word}");
    for (address, shown) in [
        ("nats://localhost:99999/hush", "invalid port number: \"nats://localhost:99999\""),
        ("nats://localhost:hush", "invalid port number: \"nats://localhost:…\""),
        ("nats://user:hush@localhost:99999", "invalid port number: \"…\""),
    ] {
        let told = Config::parse(&format!("nats.urls = [{address:?}]")).unwrap_err().to_string();
        assert!(told.ends_with(shown) && !told.contains("hush"), "{told}");
    }
}

#[test]
fn what_is_not_known_is_told_with_what_is() {
    for (text, known) in [
        ("lisen = 1", "`listen`"),
        ("[limits]\nbodies = 1", "`body_bytes`"),
        ("[[app]]\nid = \"a\"\nname = \"b\"", "`backfill`"),
        ("[limits]\nwait = \"soon\"", "a time is written as `30s`"),
    ] {
        let error = Config::parse(text).unwrap_err().to_string();
        assert!(error.contains(known), "{error}");
    }
}
