use std::os::unix::fs::symlink;
use std::path::PathBuf;

use holo_hash::AgentPubKey;
use holochain_keystore::AgentPubKeyExt as _;

use super::*;

/// Signing in this process gives the same result as over the connection: with the keystore's keys, and no others.
#[tokio::test]
async fn it_signs_with_the_keys_that_it_has() {
    let directory = tempfile::tempdir().unwrap();
    for keystore in [in_memory().await.unwrap(), kept(directory.path(), None).await.unwrap()] {
        let key = keystore.client.new_sign_keypair_random().await.unwrap();
        for data in [vec![], vec![7; 100], vec![8; 100_000]] {
            let data: Arc<[u8]> = data.into();
            let signature = keystore.client.sign(key.clone(), Arc::clone(&data)).await.unwrap();
            assert!(key.verify_signature_raw(&signature, Arc::clone(&data)).await.unwrap());
            assert!(!key.verify_signature_raw(&signature, Arc::from(*b"other")).await.unwrap());
        }
        let unknown = AgentPubKey::from_raw_32(vec![1; 32]);
        keystore.client.sign(unknown, Arc::from(*b"data")).await.unwrap_err();
    }
}
/// Copies a keystore except for its socket.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    let files = std::fs::read_dir(from).unwrap().map(|entry| entry.unwrap().path());
    for file in files.filter(|file| file.is_file()) {
        std::fs::copy(&file, to.join(file.file_name().unwrap())).unwrap();
    }
}

async fn signs(keystore: &Keystore, key: &AgentPubKey) -> bool {
    keystore.client.sign(key.clone(), Arc::from(*b"data")).await.is_ok()
}

/// Case: the keystore was looked for at the path by which the directory was created, relative to the working
/// directory of that time. If the directory was moved, or given by another path, it was not found, and a copy used
/// the keys of the original.
#[tokio::test]
async fn the_keystore_is_that_of_the_directory_wherever_it_is_now() {
    let among = tempfile::tempdir().unwrap();
    let among = among.path().canonicalize().unwrap();
    let at = |name: &str| among.join(name);
    let made = kept(&at("made"), None).await.unwrap();
    let key = made.client.new_sign_keypair_random().await.unwrap();
    drop(made);
    // As it was written.
    let file = |name: &str| at(name).join("lair-keystore-config.yaml");
    let text = std::fs::read_to_string(file("made")).unwrap();
    let relative = text.replace(&format!("storeFile: {}/", among.display()), "storeFile: ");
    let relative = relative.replace(&format!("pidFile: {}/", among.display()), "pidFile: ");
    assert_ne!(relative, text);
    std::fs::write(file("made"), relative).unwrap();
    symlink(at("made"), at("link")).unwrap();
    assert!(signs(&kept(&at("link"), None).await.unwrap(), &key).await);
    assert_eq!(std::fs::read_to_string(file("made")).unwrap(), text);

    // Characters with a meaning in a URL.
    let [copied, moved]: [PathBuf; 2] = ["a copy #1?%41", "moved"].map(at);
    copy(&at("made"), &copied);
    let (original, copy) = (kept(&at("made"), None).await.unwrap(), kept(&copied, None).await.unwrap());
    assert!(signs(&original, &key).await && signs(&copy, &key).await);
    let of_copy = copy.client.new_sign_keypair_random().await.unwrap();
    assert!(!signs(&original, &of_copy).await, "they share a keystore");
    drop((original, copy));
    std::fs::remove_dir_all(at("made")).unwrap();
    std::fs::rename(copied, &moved).unwrap();
    let moved = kept(&moved, None).await.unwrap();
    assert!(signs(&moved, &key).await && signs(&moved, &of_copy).await);
}

/// Case: a keystore without its store was created again, empty, and so was its log: the keys were lost for good.
#[tokio::test]
async fn a_keystore_that_has_lost_a_file_is_refused_and_left_as_it_is() {
    let among = tempfile::tempdir().unwrap();
    let (directory, store) = (among.path().join("ks"), among.path().join("ks/store_file"));
    place::check(&directory, false).unwrap();
    let made = kept(&directory, None).await.unwrap();
    let key = made.client.new_sign_keypair_random().await.unwrap();
    drop(made);
    place::check(&directory, true).unwrap();
    let bytes = std::fs::read(&store).unwrap();
    for is_empty in [false, true] {
        if is_empty {
            std::fs::write(&store, "").unwrap()
        } else {
            std::fs::remove_file(&store).unwrap()
        }
        let refused = place::check(&directory, true).unwrap_err();
        assert!(matches!(&refused, StartError::KeystoreFile { path, .. } if path == &store), "{refused}");
    }
    std::fs::write(&store, bytes).unwrap();
    place::check(&directory, true).unwrap();
    assert!(signs(&kept(&directory, None).await.unwrap(), &key).await);
    let refused = place::check(&among.path().join("other"), true).unwrap_err();
    assert!(matches!(refused, StartError::KeystoreFile { .. }), "{refused}");
}

/// Case: all of these were reported as "made with another passphrase", and a passphrase and a configuration were
/// created that open nothing.
#[tokio::test]
async fn what_is_missing_is_told_apart_from_a_wrong_passphrase() {
    let directory = tempfile::tempdir().unwrap();
    let (directory, wrong) = (directory.path(), Passphrase(b"wrong".into()));
    drop(kept(directory, None).await.unwrap());
    let refused = kept(directory, Some(&wrong)).await.err().unwrap();
    assert!(matches!(refused, StartError::Passphrase { .. }), "{refused}");
    for name in ["passphrase", "lair-keystore-config.yaml"] {
        let (file, aside) = (directory.join(name), directory.join("aside"));
        std::fs::rename(&file, &aside).unwrap();
        let refused = kept(directory, None).await.err().unwrap();
        assert!(
            matches!(&refused, StartError::KeystoreFile { path, .. } if path.ends_with(name)),
            "{refused}"
        );
        assert!(!file.exists());
        std::fs::rename(&aside, &file).unwrap();
    }
    drop(kept(directory, None).await.unwrap());
    // `lair` finds no database in it.
    let other = tempfile::tempdir().unwrap();
    for name in ["passphrase", "lair-keystore-config.yaml"] {
        std::fs::copy(directory.join(name), other.path().join(name)).unwrap();
    }
    std::fs::write(other.path().join("store_file"), [1; 4096]).unwrap();
    let refused = kept(other.path(), None).await.err().unwrap();
    assert!(matches!(refused, StartError::Keystore { .. }), "{refused}");
}
