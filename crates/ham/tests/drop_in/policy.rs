//! Rows of `drop-in.md` about the signing policy. The newer generation answers; without a policy, the older one.

use std::path::Path;

use ham::{
    CapGrantOptIn, Ham, HamConfig, LairCredentials, SigningPolicy, is_connection_error, is_signing_refusal,
};

const URL: &str = "unix:///run/lair/socket?k=abc";

fn values() -> LairCredentials {
    LairCredentials::Values { connection_url: Some(URL.to_owned()), passphrase: Some(b"secret".to_vec()) }
}

fn node(directory: &Path) -> LairCredentials {
    LairCredentials::Node {
        conductor_config: directory.join("conductor-config.yaml"),
        passphrase_file: directory.join("lair-passphrase"),
    }
}

/// A node with these files; `None` for one that is not there.
fn files(config: Option<&str>, passphrase: Option<&str>) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, content) in [("conductor-config.yaml", config), ("lair-passphrase", passphrase)] {
        if let Some(content) = content {
            std::fs::write(directory.path().join(name), content).unwrap();
        }
    }
    directory
}

fn in_process(kind: &str) -> String {
    format!("data_root_path: /var/lib/holochain\nkeystore:\n  type: {kind}\n")
}

fn external() -> String {
    format!("keystore:\n  type: lair_server\n  connection_url: {URL}\n")
}

/// Row 1, and both fields are decided anew, whatever the configuration said.
#[test]
fn lair_wins_over_the_opt_in() {
    let policy = SigningPolicy::resolve(values(), CapGrantOptIn::Permitted).unwrap();
    let config = policy.apply(HamConfig::new(1, 2, "app").allow_cap_grant_signing());
    assert!(!config.allow_cap_grant_signing);
    assert_eq!(config.lair.unwrap().connection_url.as_str(), URL);
    assert_eq!(policy.label(), "lair");

    let carrying = HamConfig::new(1, 2, "app").with_lair_signing(URL, b"secret".to_vec()).unwrap();
    let granted = SigningPolicy::resolve(LairCredentials::Absent, CapGrantOptIn::Permitted).unwrap();
    let config = granted.apply(carrying);
    assert!(config.lair.is_none() && config.allow_cap_grant_signing);
}

/// Rows 2 and 3: a keystore in the conductor's process, and no files on the node.
#[test]
fn a_node_without_a_keystore_to_reach_falls_back_where_grants_are_permitted() {
    let nodes = [
        files(Some(&in_process("lair_server_in_proc")), Some("phrase\n")),
        files(Some(&in_process("lair_server_in_proc")), None),
        files(Some(&in_process("danger_test_keystore")), None),
        files(None, None),
    ];
    for directory in &nodes {
        let policy = SigningPolicy::resolve(node(directory.path()), CapGrantOptIn::Permitted).unwrap();
        assert_eq!(policy.label(), "client");
        let config = policy.apply(HamConfig::new(1, 2, "app"));
        assert!(config.lair.is_none() && config.allow_cap_grant_signing);

        // Withheld, it is a plain error: a refusal is for services that offered nothing.
        let withheld = SigningPolicy::resolve(node(directory.path()), CapGrantOptIn::Withheld).unwrap_err();
        let text = withheld.to_string();
        assert!(text.starts_with("lair signing is required and unavailable: "), "{text}");
        assert!(text.contains("reading conductor config") || text.contains("not `lair_server`"), "{text}");
        assert!(!is_signing_refusal(&withheld));
    }
}

/// The limit of rows 2 and 3: what is there and wrong is a mistake, and never a grant.
#[test]
fn a_nodes_mistakes_are_fatal_whatever_is_permitted() {
    let nodes = [
        files(None, Some("s3cr3t\n")),
        files(Some(&external()), None),
        files(Some("s3cr3t\n"), Some("s3cr3t\n")),
        files(Some("keystore:\n  type: lair_sever\n"), Some("s3cr3t\n")),
        files(Some("keystore:\n  type: lair_server\n  connection_url: no url\n"), Some("s3cr3t\n")),
    ];
    for directory in &nodes {
        for opt_in in [CapGrantOptIn::Permitted, CapGrantOptIn::Withheld] {
            let error = SigningPolicy::resolve(node(directory.path()), opt_in).unwrap_err();
            let text = format!("{error:#}");
            assert!(text.starts_with("lair signing is required and unavailable: "), "{text}");
            assert!(!text.contains("s3cr3t") && !is_signing_refusal(&error), "{text}");
        }
    }
    let directory = files(Some(&external()), Some("phrase\n"));
    let policy = SigningPolicy::resolve(node(directory.path()), CapGrantOptIn::Permitted).unwrap();
    assert_eq!(policy.label(), "lair");
}

/// Row 4.
#[test]
fn the_label_of_a_grant_is_client() {
    let policy = SigningPolicy::resolve(LairCredentials::Absent, CapGrantOptIn::Permitted).unwrap();
    assert_eq!(policy.label(), "client");
}

/// Row 5: a policy was applied, and what it chose was taken away again.
#[tokio::test]
async fn neither_keystore_nor_opt_in_is_refused_before_any_socket() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let policy = SigningPolicy::resolve(values(), CapGrantOptIn::Withheld).unwrap();
    let mut config = policy.apply(HamConfig::new(listener.local_addr().unwrap().port(), 0, "bridging-app"));
    config.lair = None;
    let refused = Ham::connect(config).await.unwrap_err();
    assert!(is_signing_refusal(&refused) && !is_connection_error(&refused));
    let text = refused.to_string();
    for words in ["bridging-app", "refusing to connect", "lair signing is required", "CapGrantOptIn"] {
        assert!(text.contains(words), "{text}");
    }
    let dialled = listener.accept().unwrap_err();
    assert_eq!(dialled.kind(), std::io::ErrorKind::WouldBlock);
}
