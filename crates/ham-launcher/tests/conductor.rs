//! The launcher on a real conductor. The first run on a machine builds it: `docs/conductor.md`.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "what unwraps here fails the test")]

use std::net::TcpListener;
use std::time::Duration;

use ham_launcher::{
    AdminError, Conductor, DbSyncLevel, Install, InstallOptions, Keystore, LaunchError, Release, Stopped,
    TokenOptions, probe_bundle,
};
use holochain_client::AllowedOrigins;

#[tokio::test]
async fn a_conductor_keeps_its_app_through_kill_restart_and_move() {
    keeps_its_app(Install::ensure().await.unwrap()).await;
}

#[tokio::test]
async fn one_of_0_6_3_does_too() {
    let Some(install) = available(Release::V0_6_3).await else { return };
    keeps_its_app(install).await;
}

#[tokio::test]
async fn one_of_0_7_0_does_too() {
    let Some(install) = available(Release::V0_7_0).await else { return };
    keeps_its_app(install).await;
}

#[tokio::test]
async fn one_of_0_8_does_too() {
    let Some(install) = available(Release::V0_8_0Dev14).await else { return };
    keeps_its_app(install).await;
}

async fn available(release: Release) -> Option<Install> {
    Install::of_release_test(release).await.unwrap()
}

/// One conductor through its whole life, since each start takes seconds: killed, restarted, moved, stopped, with the same
/// keys and the same app all along. The probe's own bundle serves: every release installs it, and no zome is called.
async fn keeps_its_app(install: Install) {
    let release = install.release();
    let mut conductor = Conductor::builder().with_install(install).start().await.unwrap();
    assert_eq!(conductor.release(), release);
    assert_ne!(conductor.admin_port(), 0);
    assert_eq!(conductor.lair_url().await.unwrap().scheme(), "unix");
    let installed = conductor
        .install_app(&probe_bundle().await.unwrap(), "probe", InstallOptions::default())
        .await
        .unwrap();

    let not_enabled = conductor.wait_until_callable("probe").await.unwrap_err();
    assert!(matches!(not_enabled, AdminError::NotCallable { .. }), "{not_enabled}");
    conductor.enable("probe").await.unwrap();
    conductor.wait_until_callable("probe").await.unwrap();
    let app_port = conductor.attach_app_interface(0, AllowedOrigins::Any, Some("probe")).await.unwrap();
    assert_ne!(app_port, 0);
    assert!(!conductor.issue_token("probe", TokenOptions::default()).await.unwrap().is_empty());

    let admin_port = conductor.admin_port();
    conductor.kill().await.unwrap();
    assert!(!conductor.is_running());
    conductor.restart().await.unwrap();
    assert_eq!(conductor.admin_port(), admin_port, "a restart keeps the admin port");
    let after_kill = conductor.wait_until_callable("probe").await.unwrap();
    assert_eq!(after_kill.agent_pub_key, installed.agent_pub_key, "the keys are in the kept keystore");

    conductor.restart_on_new_ports().await.unwrap();
    assert_ne!(conductor.admin_port(), admin_port);
    assert!(tokio::net::TcpStream::connect(("127.0.0.1", admin_port)).await.is_err(), "the old port refuses");
    conductor.wait_until_callable("probe").await.unwrap();

    let data = conductor.data().to_owned();
    assert!(matches!(conductor.stop().await.unwrap(), Stopped::Clean(status) if status.success()));
    assert_eq!(conductor.stop().await.unwrap(), Stopped::Already);
    assert!(data.is_dir());
    drop(conductor);
    assert!(!data.exists(), "temporary data is removed");
}

/// Case: moved data did not open, and a copy used the keystore of the original.
#[tokio::test]
async fn data_opens_where_it_was_moved_or_copied() {
    let home = tempfile::tempdir().unwrap();
    let at = |name: &str| home.path().join(name);
    let start = async |name: &str| Conductor::builder().with_data(at(name)).start().await.unwrap();
    let first = start("first").await;
    let bundle = probe_bundle().await.unwrap();
    let agent = first.install_app(&bundle, "probe", InstallOptions::default()).await.unwrap().agent_pub_key;
    first.stop().await.unwrap();
    std::fs::rename(at("first"), at("moved")).unwrap();
    let copied = std::process::Command::new("cp").arg("-a").args([at("moved"), at("copy")]).status();
    assert!(copied.unwrap().success());
    std::fs::remove_dir_all(at("moved/ks")).unwrap();
    let copy = start("copy").await;
    copy.enable("probe").await.unwrap();
    assert_eq!(copy.wait_until_callable("probe").await.unwrap().agent_pub_key, agent);
    let url = copy.lair_url().await.unwrap();
    assert_eq!(url.to_file_path().unwrap(), copy.data().join("ks/socket"));
    copy.stop().await.unwrap();
    assert!(!at("moved/ks").exists() && !at("first").exists());
}

/// An upgrade under the feet of whoever is connected: the ports stay.
#[tokio::test]
async fn a_conductor_is_replaced_by_another_release_on_its_port_with_or_without_its_data() {
    let Some(older) = available(Release::V0_7_0).await else { return };
    let Some(oldest) = available(Release::V0_6_3).await else { return };
    let newer = Install::ensure().await.unwrap();
    let mut conductor = Conductor::builder().with_install(older).start().await.unwrap();
    let bundle = probe_bundle().await.unwrap();
    let installed = conductor.install_app(&bundle, "probe", InstallOptions::default()).await.unwrap();
    conductor.enable("probe").await.unwrap();
    let port = conductor.admin_port();

    conductor.replace(newer.clone()).await.unwrap();
    assert_eq!((conductor.release(), conductor.admin_port()), (Release::V0_7_1, port));
    let kept = conductor.wait_until_callable("probe").await.unwrap();
    assert_eq!(kept.agent_pub_key, installed.agent_pub_key, "0.7.1 reads the data of 0.7.0");

    let data = conductor.data().to_owned();
    for install in [oldest, newer] {
        let release = install.release();
        conductor.replace_without_data(install).await.unwrap();
        assert_eq!((conductor.release(), conductor.admin_port()), (release, port));
        assert!(conductor.admin().await.unwrap().list_apps(None).await.unwrap().is_empty());
    }
    assert!(!data.exists(), "what the replaced one had goes with it");
}

/// 0.6 has no level at which a write survives a power cut; starting it at a lesser one would hide that.
#[tokio::test]
async fn a_level_that_a_release_does_not_have_is_refused_and_the_others_start_it() {
    let Some(oldest) = available(Release::V0_6_3).await else { return };
    let with = |level| {
        let builder = Conductor::builder().with_install(oldest.clone()).with_keystore(Keystore::DangerTest);
        builder.with_db_sync_level(level).start()
    };
    let refused = with(DbSyncLevel::Full).await.unwrap_err();
    assert!(matches!(refused, LaunchError::NoSuchSyncLevel { .. }), "{refused}");
    with(DbSyncLevel::Off).await.unwrap();
}

#[tokio::test]
async fn a_frozen_conductor_answers_nothing_until_thawed_and_stops_cleanly() {
    let data = tempfile::Builder::new().prefix("ham-kept").tempdir_in("/tmp").unwrap();
    let conductor = Conductor::builder().with_data(data.path()).start().await.unwrap();
    let admin = conductor.admin().await.unwrap();
    conductor.freeze().await.unwrap();
    let mut answer = Box::pin(admin.list_apps(None));
    // Frozen, it cannot answer: the bound only decides how long that is watched.
    assert!(tokio::time::timeout(Duration::from_millis(200), &mut answer).await.is_err());
    conductor.thaw().await.unwrap();
    assert!(answer.await.unwrap().is_empty());
    conductor.freeze().await.unwrap();
    assert!(matches!(conductor.stop().await.unwrap(), Stopped::Clean(_)), "stopping thaws first");
    drop(conductor);
    assert!(data.path().join("databases").is_dir(), "kept data is not removed");
}

#[tokio::test]
async fn a_taken_admin_port_is_a_typed_error_with_the_conductors_words() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let refused = Conductor::builder().with_admin_port(port).start().await.unwrap_err();
    let LaunchError::AddressInUse { admin_port, logs } = refused else { panic!("{refused}") };
    assert_eq!(admin_port, port);
    assert!(logs.contains("Could not initialize Conductor"), "{logs}");
}

#[tokio::test]
async fn a_conductor_that_is_not_ready_in_time_is_killed_and_reported() {
    let refused =
        Conductor::builder().with_ready_timeout(Duration::from_millis(1)).start().await.unwrap_err();
    assert!(matches!(refused, LaunchError::NotReady { .. }), "{refused}");
}
