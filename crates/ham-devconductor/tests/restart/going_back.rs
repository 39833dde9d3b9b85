//! A kill in the middle of going back to a snapshot.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use ham_devconductor::{Config, DevConductor};

use crate::support::{self, admin, install, must};
use crate::{clone, create, ids, start};

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
