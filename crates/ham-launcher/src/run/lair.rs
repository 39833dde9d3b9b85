//! The configuration file of the lair keystore in a data directory. It contains absolute paths: those of the place
//! where the keystore was created.

use std::io::{self, ErrorKind, Write as _};
use std::path::Path;

use url::Url;
use yaml_serde::{Mapping, Value};

use crate::error::LaunchError;

/// Makes the file name the keystore beside it, so that the data can be moved, copied and given by another path. The
/// public key of the server stays, and a file that needs no change is left as it is. Does nothing if there is no
/// keystore yet.
pub(super) fn put_in(data: &Path) -> Result<(), LaunchError> {
    let directory = data.join("ks");
    let file = directory.join("lair-keystore-config.yaml");
    put(&directory, &file).map_err(|source| LaunchError::Data { path: file, source })
}

fn put(directory: &Path, file: &Path) -> io::Result<()> {
    let text = match std::fs::read_to_string(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        text => text?,
    };
    let directory = directory.canonicalize()?;
    if has_lost_its_store(&directory) {
        return Err(io::Error::new(
            ErrorKind::NotFound,
            "its store_file is missing or empty: put it back from a copy, because it has the keys",
        ));
    }
    let unusable = |why: &str| io::Error::new(ErrorKind::InvalidData, why.to_owned());
    let mut config: Mapping = yaml_serde::from_str(&text).map_err(io::Error::other)?;
    let url = config.get("connectionUrl").and_then(Value::as_str).and_then(|url| Url::parse(url).ok());
    let mut url = url.ok_or_else(|| unusable("no connectionUrl"))?;
    let socket = Url::from_file_path(directory.join("socket"));
    url.set_path(socket.map_err(|()| unusable("its directory has no absolute path"))?.path());
    let at = |name: &str| directory.join(name).to_str().map(ToOwned::to_owned);
    let [pid, store] = ["pid_file", "store_file"].map(at);
    let (Some(pid), Some(store)) = (pid, store) else { return Err(unusable("its path is not UTF-8")) };
    let mut is_changed = false;
    for (key, value) in [("connectionUrl", url.into()), ("pidFile", pid), ("storeFile", store)] {
        let value = Value::String(value);
        is_changed |= config.get(key) != Some(&value);
        config.insert(key.into(), value);
    }
    if is_changed {
        let text = yaml_serde::to_string(&config).map_err(io::Error::other)?;
        // All or nothing: without this file the keys are lost.
        let mut written = tempfile::NamedTempFile::new_in(&directory)?;
        written.write_all(text.as_bytes())?;
        written.as_file().set_permissions(std::fs::metadata(file)?.permissions())?;
        written.as_file().sync_all()?;
        written.persist(file)?;
    }
    Ok(())
}

/// Whether there is data and no store with the keys of its agents, which `holochain` would create again, empty.
fn has_lost_its_store(keystore: &Path) -> bool {
    let has_bytes = |name: &str| std::fs::metadata(keystore.join(name)).is_ok_and(|file| file.len() > 0);
    let databases = keystore.with_file_name("databases");
    let was_used = std::fs::read_dir(databases).is_ok_and(|mut files| files.next().is_some());
    !has_bytes("store_file") && (was_used || has_bytes("store_file-wal"))
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    const MADE: &str = "---
# The connection url for communications between server / client.
connectionUrl: unix:///from/ks/socket?k=pgU4oCEe9hQ
pidFile: /from/ks/pid_file
storeFile: from/ks/store_file
signatureFallback: none
databaseSalt: '0123'
runtimeSecretsMemLimit: 8192
runtimeSecretsIdSeed:
- h3ad3r
- '1e5'
";

    /// Case: moved data did not open, and a copy used the keystore of the original.
    #[test]
    fn the_keystore_is_that_of_the_directory_wherever_it_is_now() {
        let data = tempfile::tempdir().unwrap();
        let data = data.path().canonicalize().unwrap().join("a copy #1?");
        std::fs::create_dir_all(data.join("ks")).unwrap();
        put_in(&data).unwrap();
        let file = data.join("ks/lair-keystore-config.yaml");
        assert!(!file.exists());
        std::fs::write(&file, MADE).unwrap();
        std::fs::set_permissions(&file, Permissions::from_mode(0o640)).unwrap();
        put_in(&data).unwrap();
        let read = || yaml_serde::from_str::<Mapping>(&std::fs::read_to_string(&file).unwrap()).unwrap();
        let mut made: Mapping = yaml_serde::from_str(MADE).unwrap();
        for (key, name) in [("pidFile", "pid_file"), ("storeFile", "store_file")] {
            made.insert(key.into(), data.join("ks").join(name).to_str().unwrap().into());
        }
        let config = read();
        let url = Url::parse(config["connectionUrl"].as_str().unwrap()).unwrap();
        assert_eq!(url.to_file_path().unwrap(), data.join("ks/socket"));
        assert_eq!(url.query(), Some("k=pgU4oCEe9hQ"));
        made.insert("connectionUrl".into(), config["connectionUrl"].clone());
        assert_eq!(config, made, "the rest stays");
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);

        let written = || std::fs::metadata(&file).unwrap().modified().unwrap();
        let before = written();
        put_in(&data).unwrap();
        assert_eq!(written(), before, "it is left as it is");
        std::fs::write(&file, "- 1").unwrap();
        assert!(put_in(&data).is_err());
    }
}
