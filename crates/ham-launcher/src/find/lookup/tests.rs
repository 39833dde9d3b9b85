use std::io::Write;
use std::process::{Command, Stdio};

use super::*;

/// An executable script. Another process writes it: if it were open for writing here, a test that forks at that moment would make it busy.
fn script(path: &Path, text: &str) {
    let mut writer = Command::new("/bin/sh")
        .args(["-c", r#"mkdir -p "$(dirname "$1")" && cat > "$1" && chmod 755 "$1""#, "sh"])
        .arg(path)
        .stdin(Stdio::piped())
        .spawn()
        .expect("there is a shell");
    let mut stdin = writer.stdin.take().expect("it was piped");
    stdin.write_all(text.as_bytes()).expect("the shell reads it");
    drop(stdin);
    assert!(writer.wait().expect("the shell ends").success());
}

/// A stand-in that answers `--version` with this version.
fn binary(directory: &Path, version: &str) -> PathBuf {
    let path = directory.join("holochain");
    script(&path, &format!("#!/bin/sh\necho holochain {version}\n"));
    path
}

#[tokio::test]
async fn a_named_binary_is_used_or_refused_but_never_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let right = binary(&directory.path().join("right"), "0.7.1");
    let wrong = binary(&directory.path().join("wrong"), "0.6.3");
    let path = Some(directory.path().join("right").into_os_string());
    let find = |named| Lookup { named: Some(named), path: path.clone(), ..Lookup::default() };

    let found = find(right.clone()).find().await.unwrap().unwrap();
    assert_eq!(found, Install { tool: Tool::default(), binary: right, source: InstallSource::Named });
    let refused = find(wrong).find().await.unwrap_err();
    assert!(matches!(&refused, InstallError::WrongVersion { found, .. } if found == "0.6.3"), "{refused}");
    let missing = find(directory.path().join("none")).find().await.unwrap_err();
    assert!(matches!(missing, InstallError::NotRunnable { .. }), "{missing}");
}

#[tokio::test]
async fn other_versions_on_the_path_are_passed_over_and_the_cache_comes_last() {
    let directory = tempfile::tempdir().unwrap();
    let wrong = binary(&directory.path().join("wrong"), "0.7.0");
    let cache = CacheDirectory::at(directory.path());
    let path = wrong.parent().map(|parent| parent.as_os_str().to_owned());
    let lookup = Lookup { path, cache: Some(cache.clone()), ..Lookup::default() };
    assert_eq!(lookup.find().await.unwrap(), None);

    let cached = binary(cache.binary(Tool::default()).parent().unwrap(), "0.7.1");
    let found = lookup.ensure(|_| panic!("nothing is to be built")).await.unwrap();
    assert_eq!(found, Install { tool: Tool::default(), binary: cached, source: InstallSource::Cached });
}

/// A lookup that finds nothing and builds with this stand-in for cargo.
fn building(directory: &Path, cargo: &str) -> Lookup {
    let program = directory.join("cargo");
    script(&program, cargo);
    let cache = Some(CacheDirectory::at(directory.join("cache")));
    Lookup { cache, cargo: Some(program.into_os_string()), ..Lookup::default() }
}

#[tokio::test]
async fn what_is_missing_is_built_into_the_cache_with_progress() {
    let directory = tempfile::tempdir().unwrap();
    let lookup = building(
        directory.path(),
        r#"#!/bin/sh
mkdir -p "$CARGO_TARGET_DIR" bin
echo "   Compiling serde v1.0.228" >&2
printf '#!/bin/sh\necho holochain 0.7.1\n' > bin/holochain
chmod 755 bin/holochain
echo "$@" > arguments
"#,
    );
    let cache = lookup.cache.clone().unwrap();
    let mut seen = Vec::new();
    let built = lookup.ensure(|progress| seen.push(progress)).await.unwrap();
    assert_eq!(
        built,
        Install {
            tool: Tool::default(),
            binary: cache.binary(Tool::default()),
            source: InstallSource::Built
        }
    );
    assert!(matches!(
        &seen[..],
        [Progress::Started { .. }, Progress::Compiling { name, crates: 1, .. }, Progress::Finished { .. }]
            if name == "serde"
    ));
    assert!(!cache.build_directory(Tool::default()).exists(), "the intermediate files are gone");
    let arguments = std::fs::read_to_string(cache.root(Tool::default()).join("arguments")).unwrap();
    assert!(
        arguments.starts_with("install holochain --version =0.7.1 --locked --bin holochain"),
        "{arguments}"
    );
    assert_eq!(lookup.ensure(|_| panic!("once")).await.unwrap().source, InstallSource::Cached);
}

/// A lookup that knows only a directory of ready binaries, with a stand-in for this release packed in it.
fn packed(directory: &Path, release: Release, script: &str) -> Lookup {
    let ready = directory.join("ready");
    let pack = format!(
        "mkdir -p {0} && cd {0} && printf '{script}' > holochain-{release} \
         && sha256sum holochain-{release} > SHA256SUMS && xz holochain-{release}",
        ready.display()
    );
    assert!(Command::new("/bin/sh").args(["-c", &pack]).status().expect("there is a shell").success());
    Lookup {
        tool: Tool::Conductor(release),
        cache: Some(CacheDirectory::at(directory.join("cache"))),
        ready: Some(ReadyDirectory::at(ready)),
        ..Lookup::default()
    }
}

#[tokio::test]
async fn a_ready_binary_is_unpacked_once_into_the_cache() {
    let directory = tempfile::tempdir().unwrap();
    let lookup = packed(directory.path(), Release::V0_7_0, "#!/bin/sh\necho holochain 0.7.0\n");
    let cache = lookup.cache.clone().unwrap();
    let unpacked = lookup.find().await.unwrap().unwrap();
    assert_eq!((unpacked.source, unpacked.release()), (InstallSource::Unpacked, Release::V0_7_0));
    assert_eq!(unpacked.binary, cache.binary(lookup.tool));
    let again = lookup.ensure(|_| panic!("nothing is to be built")).await.unwrap();
    assert_eq!(again, Install { source: InstallSource::Cached, ..unpacked });
    assert!(!cache.unpack_directory(lookup.tool).exists());
    let other = Lookup { tool: Tool::default(), ..lookup };
    assert_eq!(other.find().await.unwrap(), None, "another release is not among them");
}

#[tokio::test]
async fn a_ready_binary_with_another_sum_never_gets_into_the_cache() {
    let directory = tempfile::tempdir().unwrap();
    let lookup = packed(directory.path(), Release::V0_6_3, "#!/bin/sh\necho holochain 0.6.3\n");
    let sums = directory.path().join("ready/SHA256SUMS");
    let cases = [
        ("00  holochain-0.6.3\n", "its sum is"),
        ("00  holochain-0.7.0\n", "has no line for holochain-0.6.3"),
    ];
    for (text, why) in cases {
        std::fs::write(&sums, text).unwrap();
        let refused = lookup.find().await.unwrap_err();
        let InstallError::NotUnpacked { source, .. } = &refused else { panic!("{refused}") };
        assert!(source.to_string().contains(why), "{source}");
    }
    std::fs::write(directory.path().join("ready/holochain-0.6.3.xz"), "no archive").unwrap();
    let broken = lookup.find().await.unwrap_err();
    assert!(matches!(broken, InstallError::NotUnpacked { .. }), "{broken}");
    assert!(!lookup.cache.unwrap().binary(lookup.tool).exists());
}

#[tokio::test]
async fn a_ready_binary_for_another_kind_of_machine_is_passed_over() {
    let directory = tempfile::tempdir().unwrap();
    let lookup = packed(directory.path(), Release::V0_7_0, "#!/no/such/interpreter\n");
    assert_eq!(lookup.find().await.unwrap(), None);
}

#[tokio::test]
async fn a_named_binary_serves_its_own_release_and_does_not_hide_the_others() {
    let directory = tempfile::tempdir().unwrap();
    let named = Some(binary(&directory.path().join("named"), "0.7.0"));
    let of = |release| Lookup { tool: Tool::Conductor(release), named: named.clone(), ..Lookup::default() };
    let found = of(Release::V0_7_0).find().await.unwrap().unwrap();
    assert_eq!((found.source, found.release()), (InstallSource::Named, Release::V0_7_0));
    assert_eq!(of(Release::V0_6_3).find().await.unwrap(), None);
    let refused = of(Release::default()).find().await.unwrap_err();
    assert!(matches!(refused, InstallError::WrongVersion { .. }), "{refused}");
}

#[tokio::test]
async fn a_build_that_fails_or_cannot_begin_says_why() {
    let directory = tempfile::tempdir().unwrap();
    let failing = building(directory.path(), "#!/bin/sh\necho 'error: no disk left' >&2\nexit 101\n");
    let failed = failing.ensure(|_| {}).await.unwrap_err();
    let text = failed.to_string();
    assert!(matches!(failed, InstallError::BuildFailed { .. }), "{text}");
    assert!(text.ends_with("error: no disk left"), "{text}");

    let cargo = Some(directory.path().join("no-cargo").into_os_string());
    let missing = Lookup { cargo, ..failing }.ensure(|_| {}).await.unwrap_err();
    assert!(matches!(missing, InstallError::CargoMissing { .. }), "{missing}");
    let nowhere = Lookup::default().ensure(|_| {}).await.unwrap_err();
    assert!(matches!(nowhere, InstallError::NoCache { .. }), "{nowhere}");
}
