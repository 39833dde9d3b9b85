//! The committed bundles of the probe hApp are built from the committed source.
//!
//! `happ/README.md` defines the digest; it is computed here from that definition and not with the packer's code, which
//! is under another licence and in another workspace.

use ham_launcher::{Release, probe_bundle_path, probe_bundle_path_for};
use holochain_types::prelude::{AppBundle, AppManifest, DnaBundle};
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

#[test]
fn bundles_match_their_source() {
    let source = source_digest();
    let probes = RELEASES.map(probes).into_iter().flatten();
    for name in probes.chain(["features.happ".to_owned()]) {
        for (zome, wasm) in wasms(&bundle(&name)) {
            let stamped = custom_section(&wasm, "ham_source").expect("every wasm of a bundle is stamped");
            assert_eq!(
                String::from_utf8_lossy(stamped),
                source,
                "{zome} in happ/bundle/{name} was not built from the source in happ/; rebuild with: happ/build"
            );
        }
    }
}

#[test]
fn bundles_hold_the_same_wasm() {
    for release in RELEASES {
        let [open, proof] = probes(release).map(|name| wasms(&bundle(&name)));
        let zomes: Vec<&str> = open.keys().map(String::as_str).collect();
        assert_eq!(zomes, ["ledger.wasm", "ledger_integrity.wasm", "probe.wasm", "probe_integrity.wasm"]);
        assert!(open == proof, "{release}: more than the manifest differs; rebuild with: happ/build");
    }
}

#[test]
fn manifests_say_what_tests_rely_on() {
    let probes = RELEASES.map(|release| probes(release).into_iter().zip([false, true]));
    for (name, deferred) in probes.into_iter().flatten() {
        let bundle = bundle(&name);
        let AppManifest::V0(manifest) = bundle.manifest();
        let roles: Vec<_> = manifest.roles.iter().map(|r| (r.name.as_str(), r.dna.clone_limit)).collect();
        assert_eq!(roles, [("probe", 4), ("ledger", 0)]);
        assert_eq!(manifest.allow_deferred_memproofs, deferred, "{name}");
        assert_eq!(manifest.roles[0].dna.modifiers.properties.is_some(), deferred, "{name}");
    }
}

/// A panic names the file of the library that it comes from, so a module names the version it was built on.
#[test]
fn zomes_are_built_on_the_library_of_their_release() {
    for (release, library) in RELEASES.into_iter().zip(["hdi-0.8.1/", "hdi-0.8.0/", "hdi-0.7.3/"]) {
        for (zome, wasm) in probes(release).iter().flat_map(|name| wasms(&bundle(name))) {
            let named = wasm.windows(library.len()).any(|bytes| bytes == library.as_bytes());
            assert!(named, "{zome} in happ/bundle/{release} does not name {library}");
        }
    }
}

#[test]
fn paths_of_releases_lead_to_their_bundles() {
    assert_eq!(probe_bundle_path_for(Release::V0_7_1), probe_bundle_path());
    for release in Release::ALL {
        let path = probe_bundle_path_for(release);
        assert!(path.is_file(), "{}", path.display());
    }
}

/// The directories of the releases in `happ/bundle`, the newest first.
const RELEASES: [&str; 3] = ["", "0.7.0/", "0.6/"];

/// The bundles of the probe for one release. Everyone may join the first; the second asks for a membrane proof.
fn probes(release: &str) -> [String; 2] {
    ["probe.happ", "probe-memproof.happ"].map(|name| format!("{release}{name}"))
}

fn happ() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../happ")
}

fn bundle(name: &str) -> AppBundle {
    let path = happ().join("bundle").join(name);
    let bytes =
        fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}; build it with: happ/build", path.display()));
    AppBundle::unpack(&bytes[..]).expect("a bundle is what the packer wrote")
}

/// The modules of all DNAs, by file name.
fn wasms(bundle: &AppBundle) -> BTreeMap<String, Vec<u8>> {
    let mut wasms = BTreeMap::new();
    for dna in bundle.get_all_resources().into_values() {
        let dna = DnaBundle::unpack(dna.as_ref()).expect("every resource of an app bundle is a DNA");
        for (name, wasm) in dna.get_all_resources() {
            wasms.insert(name.clone(), wasm.as_ref().to_vec());
        }
    }
    wasms
}

/// The content of the first custom section of that name.
fn custom_section<'a>(wasm: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let mut rest = wasm.strip_prefix(b"\0asm\x01\0\0\0")?;
    while let Some((&id, after)) = rest.split_first() {
        let (size, after) = leb128(after)?;
        let (section, next) = after.split_at_checked(size)?;
        rest = next;
        if id != 0 {
            continue;
        }
        let (length, section) = leb128(section)?;
        let (title, content) = section.split_at_checked(length)?;
        if title == name.as_bytes() {
            return Some(content);
        }
    }
    None
}

/// An unsigned number in WebAssembly's encoding, and what follows it.
fn leb128(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let end = bytes.iter().position(|byte| byte & 0x80 == 0)? + 1;
    let (number, rest) = bytes.split_at(end);
    let number = number.iter().rev().fold(0, |n, byte| n << 7 | usize::from(byte & 0x7f));
    Some((number, rest))
}

fn source_digest() -> String {
    let happ = happ();
    let mut files = BTreeMap::new();
    collect(&happ, "", &mut files);

    let mut sha = Sha256::new();
    for (name, path) in files {
        let content = fs::read(&path).expect("a source file is readable");
        for part in [name.as_bytes(), &content] {
            sha.update((part.len() as u64).to_be_bytes());
            sha.update(part);
        }
    }
    sha.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Adds the source files of one folder, by their path relative to `happ/`; `prefix` is the folder's own.
fn collect(folder: &Path, prefix: &str, files: &mut BTreeMap<String, PathBuf>) {
    for entry in fs::read_dir(folder).expect("happ/ is readable") {
        let path = entry.expect("happ/ is readable").path();
        let file = path.file_name().and_then(|n| n.to_str()).expect("names in happ/ are UTF-8");
        let name = format!("{prefix}{file}");
        if path.is_dir() {
            if !["bundle", "target"].contains(&name.as_str()) {
                collect(&path, &format!("{name}/"), files);
            }
        } else if name == "build" || ["Cargo.toml", "Cargo.lock"].contains(&file) || file.ends_with(".rs") {
            files.insert(name, path);
        }
    }
}
