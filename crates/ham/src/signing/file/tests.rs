use super::*;

fn store(name: &str) -> (tempfile::TempDir, PrivateFile) {
    let directory = tempfile::tempdir().unwrap();
    let store = PrivateFile::new(directory.path().join(name));
    (directory, store)
}

async fn save(store: &PrivateFile, content: &[u8]) {
    store.lock().await.unwrap().save(Secret::new(content.to_vec())).await.unwrap();
}

async fn loaded(store: &PrivateFile) -> Option<Vec<u8>> {
    store.load().await.unwrap().map(|content| content.expose().to_vec())
}

#[tokio::test]
async fn what_is_saved_is_loaded_and_nothing_else_is_left() {
    let (directory, store) = store("credentials");
    assert_eq!(loaded(&store).await, None);
    save(&store, b"one").await;
    save(&store, b"two").await;
    assert_eq!(loaded(&store).await.unwrap(), b"two");
    let names = std::fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["credentials", "credentials.lock"]);
}

#[tokio::test]
async fn one_of_many_has_the_lock() {
    let (_directory, store) = store("credentials");
    // As other processes do: each opens the lock file for itself.
    let add = async |_| {
        let mut locked = store.lock().await.unwrap();
        let mut content = loaded(&store).await.unwrap_or_default();
        content.push(b'x');
        locked.save(Secret::new(content)).await.unwrap();
    };
    futures_util::future::join_all((0..16).map(add)).await;
    assert_eq!(loaded(&store).await.unwrap().len(), 16);
}

#[tokio::test]
async fn a_wait_that_is_given_up_and_a_lock_that_is_dropped_hold_nothing() {
    let (_directory, store) = store("credentials");
    let held = store.lock().await.unwrap();
    let waiting = tokio::time::timeout(LOCK_POLL * 3, store.lock()).await;
    assert!(waiting.is_err());
    drop(held);
    drop(store.lock().await.unwrap());
    drop(store.lock().await.unwrap());
}

/// An abandoned save goes on, and so does its lock: nobody reads what was there before, to write it back later.
#[tokio::test]
async fn a_save_that_is_given_up_keeps_the_lock_until_it_is_over() {
    let (_directory, store) = store("credentials");
    for n in 0..50_u8 {
        let mut locked = store.lock().await.unwrap();
        let given_up = locked.save(Secret::new(vec![n]));
        assert!(futures_util::FutureExt::now_or_never(given_up).is_none());
        drop(locked);
        let _locked = store.lock().await.unwrap();
        assert_eq!(loaded(&store).await.unwrap(), [n]);
    }
}

#[cfg(unix)]
mod modes {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    fn set_mode(path: &Path, mode: u32) {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    #[tokio::test]
    async fn the_file_and_its_lock_are_for_the_owner_only() {
        let (directory, store) = store("credentials");
        save(&store, b"secret").await;
        assert_eq!((mode(&store.path), mode(&directory.path().join("credentials.lock"))), (0o600, 0o600));
    }

    #[tokio::test]
    async fn a_file_that_others_can_open_is_refused() {
        let (_directory, store) = store("credentials");
        save(&store, b"secret").await;
        for mode in [0o644, 0o640, 0o602] {
            set_mode(&store.path, mode);
            let refused = store.load().await.unwrap_err().to_string();
            assert!(refused.contains("chmod 600") && refused.contains(&format!("{mode:o}")), "{refused}");
        }
        let directory = PrivateFile::new(store.path.parent().unwrap().to_owned());
        assert!(directory.load().await.is_err());
    }

    /// The secrets were written into a stale `credentials.tmp`, which then became the file, with the stale one's mode.
    #[tokio::test]
    async fn nothing_is_written_through_what_lies_beside_the_file() {
        let (directory, store) = store("credentials");
        let (stale, elsewhere) =
            (directory.path().join("credentials.tmp"), directory.path().join("elsewhere"));
        std::fs::write(&stale, "stale").unwrap();
        set_mode(&stale, 0o666);
        save(&store, b"secret").await;
        assert_eq!((mode(&store.path), std::fs::read(&stale).unwrap()), (0o600, b"stale".to_vec()));

        std::fs::remove_file(&stale).unwrap();
        std::fs::write(&elsewhere, "another's").unwrap();
        symlink(&elsewhere, &stale).unwrap();
        save(&store, b"other").await;
        assert_eq!(std::fs::read(&elsewhere).unwrap(), b"another's");
        assert_eq!((loaded(&store).await.unwrap(), mode(&store.path)), (b"other".to_vec(), 0o600));
    }

    #[tokio::test]
    async fn a_link_to_the_file_stays_one_and_shares_its_lock() {
        let (directory, store) = store("credentials");
        save(&store, b"one").await;
        let link = PrivateFile::new(directory.path().join("link"));
        symlink(&store.path, &link.path).unwrap();
        let held = link.lock().await.unwrap();
        assert!(tokio::time::timeout(LOCK_POLL * 3, store.lock()).await.is_err());
        drop(held);
        save(&link, b"two").await;
        assert_eq!(loaded(&store).await.unwrap(), b"two");
        assert!(std::fs::symlink_metadata(&link.path).unwrap().is_symlink());
    }

    /// A link to a file that did not exist yet was replaced by a file of its own, and whoever named the target had another one.
    #[tokio::test]
    async fn a_link_to_a_file_that_is_not_there_yet_is_followed() {
        let (directory, store) = store("credentials");
        let link = |name: &str, to: &str| {
            let link = PrivateFile::new(directory.path().join(name));
            symlink(to, &link.path).unwrap();
            link
        };
        let link_of_link = (link("link", "credentials"), link("link of link", "link")).1;
        assert_eq!(loaded(&link_of_link).await, None);
        let held = link_of_link.lock().await.unwrap();
        assert!(tokio::time::timeout(LOCK_POLL * 3, store.lock()).await.is_err());
        drop(held);
        save(&link_of_link, b"one").await;
        assert_eq!(loaded(&store).await.unwrap(), b"one");
        assert!(std::fs::symlink_metadata(&link_of_link.path).unwrap().is_symlink());
        let circle = link("circle", "circle");
        assert!(circle.load().await.is_err() && circle.lock().await.is_err());
    }
}
