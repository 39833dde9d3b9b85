//! JavaScript packages of the registry, installed once and kept in the cache.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use ham_launcher::CacheDirectory;
use tokio::process::Command;

/// Installing may download a lot; reaching it means a hang.
const SETUP_BOUND: Duration = Duration::from_secs(300);

/// A directory with the packages of this `package.json` and the lock beside it; `None`, with a message, only where there is
/// no Node.js or no npm.
pub(crate) async fn environment(name: &str, source: &Path) -> Option<PathBuf> {
    for program in ["node", "npm"] {
        let version = Command::new(program).arg("--version").stdout(Stdio::null()).status().await;
        if !version.is_ok_and(|status| status.success()) {
            println!("SKIPPED: there is no {program} on this machine");
            return None;
        }
    }
    let files = ["package.json", "package-lock.json"];
    let mut hasher = DefaultHasher::new();
    for file in files {
        std::fs::read(source.join(file)).unwrap().hash(&mut hasher);
    }
    let ready = cache().join(format!("{name}-{:016x}", hasher.finish()));
    if ready.exists() {
        return Some(ready);
    }
    // Made beside it and then renamed: another process may be making it as well, and a broken-off one leaves nothing.
    let making = tempfile::tempdir_in(cache()).unwrap();
    for file in files {
        std::fs::copy(source.join(file), making.path().join(file)).unwrap();
    }
    let options = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
    run(Command::new("npm").args(options).current_dir(making.path()), SETUP_BOUND).await;
    if std::fs::rename(making.path(), &ready).is_ok() {
        let _gone = making.keep();
    }
    assert!(ready.exists(), "{} could not be made", ready.display());
    Some(ready)
}

/// What a program prints that ends well within this time.
pub(crate) async fn run(command: &mut Command, bound: Duration) -> String {
    let ran = tokio::time::timeout(bound, command.stdin(Stdio::null()).kill_on_drop(true).output()).await;
    let ran = ran.expect("it hangs").unwrap();
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(ran.status.success(), "{command:?} printed\n{said}{}", String::from_utf8_lossy(&ran.stderr));
    said
}

fn cache() -> PathBuf {
    let cache = CacheDirectory::from_env().unwrap().path().join("npm");
    std::fs::create_dir_all(&cache).unwrap();
    cache
}
