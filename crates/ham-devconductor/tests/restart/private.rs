//! Whose a directory is, and what others can read in it.

use std::path::Path;

use ham_devconductor::{Config, DevConductor, Passphrase, StartError};
use holochain_types::prelude::ActionHash;
use serde_json::json;

use crate::ids;
use crate::support::{self, admin, call, install, must};

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
