//! What a data directory keeps across restarts, and what it does not.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod support;

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use ham_devconductor::{Config, DevConductor, Passphrase, StartError};
use holochain_client::{
    AdminWebsocket, AllowedOrigins, AppInfo, AppWebsocket, CellInfo, ClientAgentSigner,
    IssueAppAuthenticationTokenPayload, ZomeCallTarget,
};
use holochain_types::app::{AppStatus, CreateCloneCellPayload, DisableCloneCellPayload, DisabledAppReason};
use holochain_types::prelude::{ActionHash, CloneCellId, ClonedCell, DnaModifiersOpt};
use serde_json::json;
use support::{admin, authorize, call, cell, connect_to, install, must, request};

async fn start(directory: &tempfile::TempDir) -> DevConductor {
    DevConductor::start_with(Config::default().with_data(directory.path())).await.unwrap()
}

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

async fn clone(client: &AppWebsocket, seed: &str) -> ClonedCell {
    let payload = CreateCloneCellPayload {
        role_name: "probe".to_owned(),
        modifiers: DnaModifiersOpt::none().with_network_seed(seed.to_owned()),
        membrane_proof: None,
        name: Some(format!("the clone {seed}")),
    };
    client.create_clone_cell(payload).await.unwrap()
}

async fn create(client: &AppWebsocket, cell: impl Into<ZomeCallTarget>, id: &str) -> ActionHash {
    call(client, cell, "create_item", json!({ "call_id": id, "body": "kept" })).await.unwrap()
}

async fn ids(client: &AppWebsocket, cell: impl Into<ZomeCallTarget>) -> Vec<String> {
    #[derive(Debug, serde::Deserialize)]
    struct Item {
        call_id: String,
    }
    let items: Vec<Item> = call(client, cell, "list_items", ()).await.unwrap();
    items.into_iter().map(|item| item.call_id).collect()
}

async fn the_app(admin: &AdminWebsocket) -> AppInfo {
    let mut apps = admin.list_apps(None).await.unwrap();
    assert_eq!(apps.len(), 1, "{apps:?}");
    apps.remove(0)
}

/// Copies a directory but for sockets.
fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let (path, to) = entry.map(|entry| (entry.path(), to.join(entry.file_name())))?;
        if path.is_dir() {
            copy(&path, &to)?;
        } else if path.is_file() {
            std::fs::copy(path, to)?;
        }
    }
    Ok(())
}

/// What is in a directory, and since when.
fn changes(directory: &Path) -> std::io::Result<Vec<(PathBuf, u64, Option<SystemTime>)>> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        let metadata = path.symlink_metadata()?;
        if metadata.is_dir() {
            all.extend(changes(&path)?);
        }
        all.push((path, metadata.len(), metadata.modified().ok()));
    }
    all.sort();
    Ok(all)
}

/// Case: a kill in the middle of going back, and the conductor did not start again: chains were gone that its apps had. A copy of
/// the directory is what a kill leaves, where nothing was written meanwhile: databases are closed side by side.
#[tokio::test(flavor = "multi_thread")]
async fn going_back_that_is_cut_short_is_undone() {
    let (directory, copies) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let conductor = start(&directory).await;
    let before = admin(&conductor).await;
    install(&before, "probe.happ", "first").await;
    let (client, probe) = support::enter(&before, "first", "probe").await;
    create(&client, probe.clone(), "kept").await;
    let snapshot = conductor.snapshot().await.unwrap();
    create(&client, probe.clone(), "later").await;
    clone(&client, "later").await;
    install(&before, "features.happ", "second").await;

    let (mut kills, mut last, mut reverting) = (0, Vec::new(), Box::pin(conductor.revert(&snapshot)));
    let copied = std::future::poll_fn(|context| {
        let place = copies.path().join(kills.to_string());
        let copied = changes(directory.path()).and_then(|now| {
            let is_new = now != last;
            if is_new {
                copy(directory.path(), &place)?;
            }
            Ok((is_new && now == changes(directory.path())?).then_some(now))
        });
        match copied {
            Ok(Some(now)) => (kills, last) = (kills + 1, now),
            _ => drop(std::fs::remove_dir_all(place)),
        }
        reverting.as_mut().poll(context)
    });
    must(copied).await.unwrap();
    drop(reverting);
    conductor.shut_down().await;

    let mut outcomes = Vec::new();
    for kill in 0..kills {
        let config = Config::default().with_data(copies.path().join(kill.to_string()));
        let conductor = DevConductor::start_with(config).await.unwrap();
        let admin = admin(&conductor).await;
        let mut apps: Vec<_> = admin.list_apps(None).await.unwrap();
        apps.sort_by(|one, other| one.installed_app_id.cmp(&other.installed_app_id));
        let (client, probe) = support::enter(&admin, "first", "probe").await;
        let clones = client.cached_app_info().cell_info["probe"].len() - 1;
        outcomes.push((apps.len(), clones, ids(&client, probe.clone()).await.len()));
        create(&client, probe, "goes on").await;
        conductor.shut_down().await;
    }
    outcomes.dedup();
    assert_eq!(outcomes, [(2, 1, 2), (1, 0, 1)], "of {kills}: all as it was, then all as at the snapshot");
}

/// It removed a directory of that name, whoever's it was.
#[tokio::test(flavor = "multi_thread")]
async fn what_else_is_in_the_directory_stays() {
    let directory = tempfile::tempdir().unwrap();
    let mine = directory.path().join("snapshots/mine");
    std::fs::create_dir(directory.path().join("snapshots")).unwrap();
    std::fs::write(&mine, "mine").unwrap();
    let conductor = start(&directory).await;
    conductor.snapshot().await.unwrap();
    must(conductor.shut_down()).await;
    assert_eq!(std::fs::read_to_string(mine).unwrap(), "mine");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_directory_keeps_everything_but_tokens() {
    let directory = tempfile::tempdir().unwrap();
    let conductor = start(&directory).await;
    let admin_port = conductor.admin_port();
    let before = admin(&conductor).await;

    let unused_key = before.generate_agent_pub_key().await.unwrap();
    let app = install(&before, "probe.happ", "kept").await;
    let probe = cell(&app, "probe");
    let only = AllowedOrigins::from("holochain_websocket".to_owned());
    let port = free_port();
    assert_eq!(before.attach_app_interface(port, None, only, Some("kept".to_owned())).await.unwrap(), port);
    let (client, signer) = connect_to(&before, "kept", port).await;
    authorize(&before, &signer, &probe).await;
    create(&client, probe.clone(), "1").await;
    let enabled = clone(&client, "enabled").await;
    authorize(&before, &signer, &enabled.cell_id).await;
    create(&client, enabled.cell_id.clone(), "of the clone").await;
    let disabled = clone(&client, "disabled").await;
    let clone_cell_id = CloneCellId::CloneId(disabled.clone_id.clone());
    client.disable_clone_cell(DisableCloneCellPayload { clone_cell_id }).await.unwrap();
    let token = IssueAppAuthenticationTokenPayload::for_installed_app_id("kept".to_owned());
    let token = token.expiry_seconds(0).single_use(false);
    let token = before.issue_app_auth_token(token).await.unwrap().token;
    let (listed, interfaces) = (the_app(&before).await, before.list_app_interfaces().await.unwrap());
    let grants = before.list_capability_grants("kept".to_owned(), true).await.unwrap();

    let conductor = must(conductor.restart()).await.unwrap();
    assert_eq!(conductor.admin_port(), admin_port);
    before.list_apps(None).await.unwrap_err();
    client.app_info().await.unwrap_err();
    let after = admin(&conductor).await;
    assert_eq!(the_app(&after).await, listed);
    let again = after.list_app_interfaces().await.unwrap();
    assert_eq!(format!("{again:?}"), format!("{interfaces:?}"));
    let kept_grants = after.list_capability_grants("kept".to_owned(), true).await.unwrap();
    assert_eq!(format!("{kept_grants:?}"), format!("{grants:?}"));

    // Not the token: it was good for ever, in memory.
    let address = (Ipv4Addr::LOCALHOST, port);
    AppWebsocket::connect(address, token, ClientAgentSigner::default().into(), None).await.unwrap_err();

    // The grants of before are good for the keys of before, and the chains go on where they ended.
    let token = after.issue_app_auth_token("kept".to_owned().into()).await.unwrap().token;
    let client = AppWebsocket::connect(address, token, signer.into(), None).await.unwrap();
    assert_eq!(ids(&client, probe.clone()).await, ["1"]);
    create(&client, probe.clone(), "2").await;
    assert_eq!(ids(&client, probe.clone()).await, ["1", "2"]);
    assert_eq!(ids(&client, enabled.cell_id.clone()).await, ["of the clone"]);
    let clones: Vec<_> = client.cached_app_info().cell_info["probe"]
        .iter()
        .filter_map(|cell| match cell {
            CellInfo::Cloned(clone) => Some((clone.clone_id.to_string(), clone.name.clone(), clone.enabled)),
            _ => None,
        })
        .collect();
    let named = |id: &str, name: &str, enabled| (id.to_owned(), name.to_owned(), enabled);
    let expected =
        [named("probe.0", "the clone enabled", true), named("probe.1", "the clone disabled", false)];
    assert_eq!(clones, expected);
    // A number is not given twice.
    assert_eq!(clone(&client, "third").await.clone_id.to_string(), "probe.2");
    let mut payload = request("probe.happ", "with the unused key");
    payload.agent_key = Some(unused_key);
    after.install_app(payload).await.unwrap();
    after.uninstall_app("with the unused key".to_owned(), false).await.unwrap();

    // And a disabled app stays disabled.
    after.disable_app("kept".to_owned()).await.unwrap();
    let conductor = must(conductor.restart()).await.unwrap();
    let after = admin(&conductor).await;
    assert_eq!(the_app(&after).await.status, AppStatus::Disabled(DisabledAppReason::User));
    assert!(after.list_cell_ids().await.unwrap().is_empty());
    after.enable_app("kept".to_owned()).await.unwrap();
    assert_eq!(after.list_cell_ids().await.unwrap().len(), 4);
    conductor.shut_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_temporary_one_starts_again_empty() {
    let conductor = DevConductor::start().await.unwrap();
    let port = conductor.admin_port();
    let before = admin(&conductor).await;
    before.install_app(request("probe.happ", "gone")).await.unwrap();
    before.attach_app_interface(free_port(), None, AllowedOrigins::Any, None).await.unwrap();
    let conductor = must(conductor.restart()).await.unwrap();
    assert_eq!(conductor.admin_port(), port);
    let after = admin(&conductor).await;
    assert!(after.list_apps(None).await.unwrap().is_empty());
    assert!(after.list_app_interfaces().await.unwrap().is_empty());
    assert!(after.list_dnas().await.unwrap().is_empty());
    conductor.shut_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_has_one_conductor_and_one_passphrase() {
    let directory = tempfile::tempdir().unwrap();
    let open = |passphrase: &str| {
        let passphrase = Passphrase::new(passphrase);
        DevConductor::start_with(Config::default().with_data(directory.path()).with_passphrase(passphrase))
    };
    let conductor = open("right").await.unwrap();
    let second = open("right").await.unwrap_err();
    assert!(matches!(&second, StartError::InUse(path) if path == directory.path()), "{second:?}");
    conductor.shut_down().await;
    let wrong = open("wrong").await.unwrap_err();
    assert!(matches!(wrong, StartError::Passphrase { .. }), "{wrong:?}");
    open("right").await.unwrap().shut_down().await;
}

/// All bytes below a directory, and that everything there is its owner's only. The keystore and the databases are open: a file that
/// is gone when it is looked at is passed over.
fn private_bytes(directory: &Path) -> Vec<u8> {
    use std::os::unix::fs::PermissionsExt as _;
    let mut bytes = Vec::new();
    for entry in there(std::fs::read_dir(directory)).into_iter().flatten() {
        let path = entry.unwrap().path();
        let Some(metadata) = there(path.symlink_metadata()) else { continue };
        let mode = metadata.permissions().mode() & 0o777;
        if metadata.is_dir() {
            assert_eq!(mode, 0o700, "{}", path.display());
            bytes.extend(private_bytes(&path));
        } else if metadata.is_file() {
            assert_eq!(mode, 0o600, "{} {mode:o}", path.display());
            bytes.extend(there(std::fs::read(path)).unwrap_or_default());
        }
    }
    bytes
}

/// `None` for what is gone.
fn there<T>(looked: std::io::Result<T>) -> Option<T> {
    match looked {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        looked => Some(looked.unwrap()),
    }
}

/// Case: the directory was open to others, and private entries and the secrets of grants were read in it with a passphrase as well.
#[tokio::test(flavor = "multi_thread")]
async fn a_directory_is_private_and_with_a_passphrase_encrypted() {
    for passphrase in [None, Some(Passphrase::new("of the owner"))] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("made");
        let mut config = Config::default().with_data(&path);
        config.passphrase.clone_from(&passphrase);
        let conductor = DevConductor::start_with(config).await.unwrap();
        let admin = admin(&conductor).await;
        install(&admin, "probe.happ", "secret app").await;
        let (client, cell) = support::enter(&admin, "secret app", "probe").await;
        let item = json!({ "call_id": "a secret id", "body": "a secret body" });
        call::<ActionHash>(&client, cell.clone(), "create_item", item).await.unwrap();
        let look = || {
            let bytes = private_bytes(&path);
            for text in ["a secret body", "secret app"] {
                let found = bytes.windows(text.len()).any(|window| window == text.as_bytes());
                assert_eq!(found, passphrase.is_none(), "{text}");
            }
        };
        look();
        let conductor = must(conductor.restart()).await.unwrap();
        let admin = support::admin(&conductor).await;
        let (client, cell) = support::enter(&admin, "secret app", "probe").await;
        assert_eq!(ids(&client, cell).await, ["a secret id"]);
        conductor.shut_down().await;
        look();
    }
}

/// Case: `ham dev --data D --app-port N` started once and never again: the port was taken by the interface that is kept.
#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_the_port_of_a_kept_app_interface_is_answered_with_it() {
    let directory = tempfile::tempdir().unwrap();
    let conductor = start(&directory).await;
    let port = free_port();
    assert_eq!(conductor.attach_app_interface(port).await.unwrap(), port);
    let conductor = must(conductor.restart()).await.unwrap();
    assert_eq!(conductor.attach_app_interface(port).await.unwrap(), port);
    assert_eq!(admin(&conductor).await.list_app_interfaces().await.unwrap().len(), 1);
    conductor.shut_down().await;
}

/// Case: each start of `ham dev --data D --ui DIR` attached one more, and all of them were kept.
#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_a_free_port_is_answered_with_that_of_an_app_interface_that_is_kept() {
    let directory = tempfile::tempdir().unwrap();
    let mut conductor = start(&directory).await;
    let one = conductor.attach_app_interface(0).await.unwrap();
    let other = conductor.attach_app_interface(0).await.unwrap();
    assert_ne!(one, other, "neither was kept");
    for _ in 0..2 {
        conductor = must(conductor.restart()).await.unwrap();
        // This one is not for all.
        let (admin, app) = (admin(&conductor).await, Some("an app".to_owned()));
        admin.attach_app_interface(0, None, AllowedOrigins::Any, app).await.unwrap();
        let port = conductor.attach_app_interface(0).await.unwrap();
        let attached = admin.list_app_interfaces().await.unwrap();
        let for_all = attached.iter().filter(|attached| attached.installed_app_id.is_none());
        let for_all: Vec<u16> = for_all.map(|attached| attached.port).collect();
        assert!(for_all.len() == 2 && for_all.contains(&port), "{attached:?}");
    }
    conductor.shut_down().await;
}
