//! Bundles there and back, and those that are up to something.

#![expect(clippy::unwrap_used, reason = "what unwraps here fails the test")]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use ham_bundle::{BundleError, Hashed, Kind, PackOptions, hash, pack, read_file, unpack};
use holochain_types::app::AppManifest;
use mr_bundle::Bundle;
use tempfile::TempDir;

/// The app that the tests of ham run.
fn probe() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../happ/bundle/probe.happ")
}

/// The probe's app, its DNAs and their zomes in directories.
async fn unpacked() -> (TempDir, PathBuf) {
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().join("app");
    unpack(&probe(), Some(&directory), false).await.unwrap();
    for dna in ["probe.dna", "ledger.dna"] {
        unpack(&directory.join(dna), None, false).await.unwrap();
        fs::remove_file(directory.join(dna)).unwrap();
    }
    (home, directory)
}

#[tokio::test]
async fn what_was_unpacked_is_packed_to_the_same_hashes() {
    let (_home, directory) = unpacked().await;
    let packed = pack(&directory, &PackOptions::default().with_recursive(true)).await.unwrap();
    let kinds: Vec<_> = packed.iter().map(|packed| packed.kind).collect();
    assert_eq!(kinds, [Kind::Dna, Kind::Dna, Kind::App]);
    let app = &packed[2];
    assert_eq!(
        (&*app.file, app.size),
        (&*directory.join("probe.happ"), fs::metadata(&app.file).unwrap().len())
    );
    let before = hash(&probe()).await.unwrap();
    assert_eq!(hash(&app.file).await.unwrap(), before);
    let Hashed::Roles(roles) = before else { panic!("{before:?}") };
    let names: Vec<_> = roles.iter().map(|(role, _)| role.as_str()).collect();
    assert_eq!(names, ["probe", "ledger"]);
    for packed in &packed[..2] {
        let Hashed::Dna(dna) = hash(&packed.file).await.unwrap() else { panic!("no DNA") };
        assert!(roles.iter().any(|(_, known)| *known == dna));
    }
}

/// Only integrity zomes are part of a DNA's hash.
#[tokio::test]
async fn other_coordinators_leave_the_dna_what_it_is_and_other_integrity_zomes_do_not() {
    let (_home, directory) = unpacked().await;
    let before = hash(&probe()).await.unwrap();
    let options = PackOptions::default().with_recursive(true).with_output(Some(directory.join("new.happ")));
    let append = |file: &str| {
        let path = directory.join(file);
        // A section of no meaning.
        let code = [&*fs::read(&path).unwrap(), b"\x00\x05\x04note"].concat();
        fs::write(path, code).unwrap();
    };
    append("probe/probe.wasm");
    pack(&directory, &options).await.unwrap();
    assert_eq!(hash(&directory.join("new.happ")).await.unwrap(), before);
    append("probe/probe_integrity.wasm");
    pack(&directory, &options).await.unwrap();
    assert_ne!(hash(&directory.join("new.happ")).await.unwrap(), before);
}

#[tokio::test]
async fn a_module_has_the_hash_that_its_zome_is_known_by() {
    let (_home, directory) = unpacked().await;
    let module = directory.join("ledger/ledger.wasm");
    let Hashed::Wasm(hash) = hash(&module).await.unwrap() else { panic!("no hash of a module") };
    assert!(hash.to_string().starts_with("uhCok"), "{hash}");
}

#[tokio::test]
async fn what_is_missing_is_named() {
    let (_home, directory) = unpacked().await;
    let error = pack(&directory, &PackOptions::default()).await.unwrap_err();
    let BundleError::Invalid { kind: "app", source, .. } = &error else { panic!("{error:?}") };
    assert!(source.to_string().contains(".dna"), "{source}");

    let empty = tempfile::tempdir().unwrap();
    let none = pack(empty.path(), &PackOptions::default()).await.unwrap_err();
    assert!(matches!(none, BundleError::NoManifest { .. }), "{none:?}");
    for manifest in ["happ.yaml", "dna.yaml"] {
        fs::write(empty.path().join(manifest), "{").unwrap();
    }
    let two = pack(empty.path(), &PackOptions::default()).await.unwrap_err();
    assert!(two.to_string().contains("happ.yaml and dna.yaml"), "{two}");
    let broken = pack(&empty.path().join("dna.yaml"), &PackOptions::default()).await.unwrap_err();
    assert!(matches!(broken, BundleError::Invalid { kind: "DNA", .. }), "{broken:?}");
    let unknown = hash(Path::new("app.zip")).await.unwrap_err();
    assert!(matches!(unknown, BundleError::UnknownKind { .. }), "{unknown:?}");
    let absent = hash(&empty.path().join("none.dna")).await.unwrap_err();
    assert!(matches!(absent, BundleError::Io { doing: "read", .. }), "{absent:?}");
}

#[tokio::test]
async fn a_directory_that_is_there_is_not_written_into_unless_it_is_asked_for() {
    let (_home, directory) = unpacked().await;
    let error = unpack(&probe(), Some(&directory), false).await.unwrap_err();
    assert!(matches!(error, BundleError::Exists { .. }), "{error:?}");
    unpack(&probe(), Some(&directory), true).await.unwrap();
}

/// Upstream joins the name to the directory.
#[tokio::test]
async fn a_part_whose_name_leads_elsewhere_is_not_written() {
    let home = tempfile::tempdir().unwrap();
    let outside = home.path().join("outside.txt");
    for name in ["../outside.txt", outside.to_str().unwrap()] {
        let manifest =
            format!("manifest_version: '0'\nname: evil\nroles:\n- name: r\n  dna: {{ path: '{name}' }}\n");
        let manifest: AppManifest = yaml_serde::from_str(&manifest).unwrap();
        // The parts are called by what is written in the file, not by what the manifest makes of its paths.
        let honest =
            Bundle::new(manifest, vec![("outside.txt".to_owned(), b"evil".to_vec().into())]).unwrap();
        let file = home.path().join("evil.happ");
        fs::write(&file, renamed(&honest.pack().unwrap(), name)).unwrap();
        let error = unpack(&file, Some(&home.path().join("in")), false).await.unwrap_err();
        assert!(matches!(&error, BundleError::NotAFileName { name: found } if found == name), "{error:?}");
        assert!(!outside.exists() && !home.path().join("in").exists());
    }
}

/// The same bundle with its one part called otherwise.
fn renamed(packed: &[u8], name: &str) -> Vec<u8> {
    use std::io::{Read as _, Write as _};
    let mut content = Vec::new();
    flate2::read::GzDecoder::new(packed).read_to_end(&mut content).unwrap();
    let old = [&[0xab][..], b"outside.txt"].concat();
    let at = content.windows(old.len()).rposition(|window| window == old).unwrap();
    let new = [&[0xd9, name.len() as u8][..], name.as_bytes()].concat();
    content.splice(at..at + old.len(), new);
    let mut file = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    file.write_all(&content).unwrap();
    file.finish().unwrap()
}

/// Half a kilobyte that unpacks to half a gigabyte and more.
#[tokio::test]
async fn what_unpacks_to_more_than_any_app_is_refused() {
    use std::io::Write as _;
    let home = tempfile::tempdir().unwrap();
    let mut file = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let zeros = vec![0; 1 << 20];
    for _ in 0..=(ham_bundle::MAX_INFLATED >> 20) {
        file.write_all(&zeros).unwrap();
    }
    let bomb = home.path().join("bomb.dna");
    fs::write(&bomb, file.finish().unwrap()).unwrap();
    for error in [hash(&bomb).await.unwrap_err(), unpack(&bomb, None, false).await.unwrap_err()] {
        assert!(matches!(error, BundleError::TooLarge { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn what_is_no_bundle_is_told_as_that() {
    let home = tempfile::tempdir().unwrap();
    for (name, bytes) in [("a.happ", &b"no bundle"[..]), ("b.dna", b""), ("c.webhapp", b"\x1f\x8b\x08")] {
        let file = home.path().join(name);
        fs::write(&file, bytes).unwrap();
        for error in [hash(&file).await.unwrap_err(), unpack(&file, None, false).await.unwrap_err()] {
            assert!(matches!(error, BundleError::Invalid { .. }), "{name}: {error:?}");
        }
        assert!(!file.with_extension("").exists());
    }
}

/// Case: `--force` wrote through a link that lay in the directory.
#[tokio::test]
async fn nothing_is_written_through_a_link() {
    let home = tempfile::tempdir().unwrap();
    let (directory, victim) = (home.path().join("out"), home.path().join("victim"));
    fs::create_dir(&directory).unwrap();
    fs::write(&victim, "precious").unwrap();
    for name in ["happ.yaml", "probe.dna"] {
        let link = directory.join(name);
        std::os::unix::fs::symlink(&victim, &link).unwrap();
        let error = unpack(&probe(), Some(&directory), true).await.unwrap_err();
        assert!(matches!(&error, BundleError::Link { path } if *path == link), "{error:?}");
        assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
        fs::remove_file(link).unwrap();
    }
    let dangling = home.path().join("dangling");
    std::os::unix::fs::symlink("nowhere", &dangling).unwrap();
    let error = unpack(&probe(), Some(&dangling), false).await.unwrap_err();
    assert!(matches!(error, BundleError::Exists { .. }), "{error:?}");
}

/// Case: a device was read until the memory ended.
#[tokio::test]
async fn what_is_no_regular_file_is_not_read() {
    let (_home, directory) = unpacked().await;
    for name in ["z.dna", "z.wasm", "z.happ"] {
        let device = directory.join(name);
        std::os::unix::fs::symlink("/dev/zero", &device).unwrap();
        let error = hash(&device).await.unwrap_err();
        assert!(matches!(error, BundleError::Io { .. }), "{error:?}");
    }
    let module = directory.join("probe/probe.wasm");
    fs::remove_file(&module).unwrap();
    std::os::unix::fs::symlink("/dev/zero", &module).unwrap();
    let error = pack(&directory.join("probe"), &PackOptions::default()).await.unwrap_err();
    assert!(matches!(error, BundleError::Io { .. }), "{error:?}");
}

/// Case: reading it overflowed the stack, which ends the process.
#[tokio::test]
async fn what_is_nested_without_end_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let nested = [&b"\x82\xa8manifest"[..], &b"\x81\xa1a".repeat(100_000)].concat();
    for name in ["deep.happ", "deep.dna", "deep.webhapp"] {
        let file = home.path().join(name);
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(&nested).unwrap();
        fs::write(&file, encoder.finish().unwrap()).unwrap();
        for error in [hash(&file).await.unwrap_err(), unpack(&file, None, false).await.unwrap_err()] {
            assert!(matches!(error, BundleError::Invalid { .. }), "{error:?}");
        }
    }
}

/// Case: whoever opens a pipe that nobody writes to waits.
#[tokio::test]
async fn a_pipe_is_not_waited_for() {
    let home = tempfile::tempdir().unwrap();
    let pipe = home.path().join("pipe.wasm");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let error = read_file(&pipe).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput, "{error:?}");
    let large = home.path().join("large");
    fs::File::create(&large).unwrap().set_len(ham_bundle::MAX_INFLATED + 1).unwrap();
    let error = read_file(&large).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::FileTooLarge, "{error:?}");
}

/// An empty file had a hash.
#[tokio::test]
async fn what_is_no_module_has_no_hash() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("zome.wasm");
    for content in [&b""[..], b"(module)"] {
        std::fs::write(&file, content).unwrap();
        assert!(matches!(hash(&file).await, Err(BundleError::NotWasm { .. })));
    }
    std::fs::write(&file, b"\0asm\x01\0\0\0").unwrap();
    assert!(matches!(hash(&file).await, Ok(Hashed::Wasm(_))));
}
