//! Files that are no bundle, or one that does not hold what it says.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

use bytes::Bytes;
use flate2::write::GzEncoder;
use flate2::{Compress, Compression, FlushCompress};
use holochain_types::app::AppBundleSource;
use holochain_types::prelude::{AppManifest, AppRoleManifest, CellId, ValidatedDnaManifest, ZomeManifest};
use serde::Serialize;

use crate::support::{Server, fresh_name, payload, run, says, text};
use crate::zome::{Dna, app_manifest, manifest, role, zome};

/// A bundle as it is in a file, whether or not it fits together.
#[derive(Serialize)]
struct Raw<M> {
    manifest: M,
    resources: BTreeMap<String, Bytes>,
}

fn pack<M: Serialize>(manifest: M, resources: impl IntoIterator<Item = (&'static str, Vec<u8>)>) -> Vec<u8> {
    let resources = resources.into_iter().map(|(name, bytes)| (name.to_owned(), bytes.into())).collect();
    mr_bundle::pack(&Raw { manifest, resources }).unwrap().to_vec()
}

fn dna(manifest: ValidatedDnaManifest) -> Vec<u8> {
    let Dna { integrity, coordinator } = Dna::good();
    pack(manifest, [("integrity.wasm", integrity), ("zome.wasm", coordinator)])
}

fn one_role(role: AppRoleManifest) -> AppManifest {
    app_manifest(&fresh_name(), vec![role])
}

fn with_dna(dna: Vec<u8>) -> Vec<u8> {
    pack(one_role(role("role", "it.dna")), [("it.dna", dna)])
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

async fn refused(server: &Server, bundle: Vec<u8>, part: &str) {
    says(&server.install_bytes(bundle).await.expect_err("it was installed"), part);
}

#[test]
fn what_is_not_compressed_is_refused() {
    run(async |server| {
        for bytes in
            [&b""[..], b"\x1f", b"\x1f\x8b", b"PK\x03\x04", &[0; 1000], &[0x1f, 0x8b, 8, 0xff, 0, 0, 0, 0]]
        {
            refused(server, bytes.to_vec(), "Failed to decompress bundle").await;
        }
        let mut cut = with_dna(dna(manifest(&fresh_name(), zome("integrity"), zome("zome"))));
        cut.truncate(cut.len() / 2);
        refused(server, cut, "Failed to decompress bundle").await;
        let mut damaged = gzip(&[0; 100]);
        *damaged.last_mut().unwrap() ^= 1;
        refused(server, damaged, "Failed to decompress bundle").await;
    });
}

#[test]
fn what_is_no_manifest_and_resources_is_refused() {
    run(async |server| {
        let deep = [vec![0x91; 100_000], vec![0xc0]].concat();
        // The manifest as a map within a map without end.
        let deep_manifest = [&b"\x82\xa8manifest"[..], &b"\x81\xa1a".repeat(100_000)].concat();
        for bytes in [
            &b""[..],
            b"\xc0",
            b"\xc1",
            b"\x80",
            b"\x82\xa8manifest",
            b"\xdf\xff\xff\xff\xff",
            b"\xdd\xff\xff\xff\xff",
            &deep,
            &deep_manifest,
            b"{\"manifest\": {}}",
        ] {
            refused(server, gzip(bytes), "MsgpackDecodeError").await;
        }
    });
}

#[test]
fn a_manifest_that_cannot_be_is_refused() {
    run(async |server| {
        let nothing: [(&'static str, Vec<u8>); 0] = [];
        let unknown = serde_json::json!({ "manifest_version": "9", "name": "n", "roles": [] });
        refused(server, pack(unknown, nothing.clone()), "MsgpackDecodeError").await;
        let more = serde_json::json!({ "manifest_version": "0", "name": "n", "roles": [], "surprise": 1 });
        refused(server, pack(more, nothing), "MsgpackDecodeError").await;
    });
}

#[test]
fn resources_that_are_missing_or_too_many_are_refused() {
    run(async |server| {
        let nothing: [(&'static str, Vec<u8>); 0] = [];
        refused(server, pack(one_role(role("role", "it.dna")), nothing.clone()), "MissingResources").await;
        let good = dna(manifest(&fresh_name(), zome("integrity"), zome("zome")));
        let many = [("it.dna", good.clone()), ("more.dna", good)];
        refused(server, pack(one_role(role("role", "it.dna")), many), "UnusedResources").await;
        let without = pack(manifest(&fresh_name(), zome("integrity"), zome("zome")), nothing);
        refused(server, with_dna(without), "MissingResource").await;
        // Each zome takes its code out of the bundle.
        let shared = ZomeManifest { path: "integrity.wasm".to_owned(), ..zome("zome") };
        refused(server, with_dna(dna(manifest(&fresh_name(), zome("integrity"), shared))), "MissingResource")
            .await;
    });
}

#[test]
fn a_path_out_of_the_bundle_leads_nowhere() {
    run(async |server| {
        for path in ["/etc/passwd", "../../etc/passwd", "", "\0", "https://example.com/it.dna"] {
            let bundle = pack(one_role(role("role", path)), [("it.dna", vec![])]);
            server.install_bytes(bundle).await.expect_err("it was installed");
        }
        let source = AppBundleSource::Path("/nowhere/it.happ".into());
        says(&server.admin.install_app(payload(source)).await.map_err(text).unwrap_err(), "nowhere");
        let source = AppBundleSource::Path("/".into());
        server.admin.install_app(payload(source)).await.map_err(text).unwrap_err();
    });
}

#[test]
fn a_dna_that_is_none_is_refused() {
    run(async |server| {
        refused(server, with_dna(vec![]), "Failed to decompress bundle").await;
        refused(server, with_dna(b"garbage".to_vec()), "Failed to decompress bundle").await;
        refused(server, with_dna(gzip(b"garbage")), "MsgpackDecodeError").await;
        // An app in the place of a DNA.
        refused(server, with_dna(with_dna(vec![])), "MsgpackDecodeError").await;
    });
}

#[test]
fn a_wrong_hash_is_refused() {
    run(async |server| {
        let hash = holo_hash::WasmHash::from_raw_32(vec![7; 32]);
        let wrong = ZomeManifest { hash: Some(hash.into()), ..zome("zome") };
        refused(server, with_dna(dna(manifest(&fresh_name(), zome("integrity"), wrong))), "WasmHashMismatch")
            .await;
        let mut other = role("role", "it.dna");
        other.dna.installed_hash = Some(holo_hash::DnaHash::from_raw_32(vec![7; 32]).into());
        let good = dna(manifest(&fresh_name(), zome("integrity"), zome("zome")));
        // `holochain` 0.7.1 does not look at it either where the bundle has the DNA.
        server.install_bytes(pack(one_role(other), [("it.dna", good)])).await.unwrap();
    });
}

#[test]
fn properties_without_end_are_refused() {
    run(async |server| {
        for depth in [900, 100_000] {
            let name = fresh_name();
            // {integrity: {properties: [[[...]]]}} beside what a DNA needs.
            let mut bytes =
                rmp_serde::to_vec_named(&serde_json::json!({ "manifest_version": "0", "name": name }))
                    .unwrap();
            bytes[0] += 2;
            bytes.extend(b"\xabcoordinator\x81\xa5zomes\x90\xa9integrity\x83\xacnetwork_seed\xc0\xa5zomes\x90\xaaproperties");
            bytes.extend(vec![0x91; depth]);
            bytes.push(0xc0);
            let bundle = [&b"\x82\xa8manifest"[..], &bytes, b"\xa9resources\x80"].concat();
            // What is not too deep to be read may be installed, and must not be too deep for anything else.
            let installed = server.install_bytes(with_dna(gzip(&bundle))).await;
            assert!(depth < 1000 || installed.is_err());
        }
    });
}

/// Case: the installation was never answered, and from then on nobody could list the apps.
/// Both roles began the chain of their one cell.
#[test]
fn two_roles_of_one_dna_begin_one_chain() {
    run(async |server| {
        let dna = dna(manifest(&fresh_name(), zome("integrity"), zome("zome")));
        let roles = vec![role("role 0", "it.dna"), role("role 1", "it.dna")];
        let id =
            server.install_bytes(pack(app_manifest(&fresh_name(), roles), [("it.dna", dna)])).await.unwrap();
        let (_, cell) = server.client(&id, "role 0").await;
        assert_eq!(begun(server, &cell).await, 1);
    });
}

/// How often a chain begins.
async fn begun(server: &Server, cell: &CellId) -> usize {
    let dump = server.admin.dump_state(cell.clone(), None, None).await.unwrap();
    let dump: serde_json::Value = serde_json::from_str(&dump).unwrap();
    let records = dump[0]["source_chain_dump"]["records"].as_array().unwrap().clone();
    records.iter().filter(|record| record["action"]["data"]["type"] == "Dna").count()
}

/// Each of them saw that the app awaits them.
#[test]
fn membrane_proofs_that_come_at_once_begin_one_chain() {
    run(async |server| {
        let dna = dna(manifest(&fresh_name(), zome("integrity"), zome("zome")));
        let AppManifest::V0(mut settings) = one_role(role("role 0", "it.dna"));
        settings.allow_deferred_memproofs = true;
        let bundle = pack(AppManifest::V0(settings), [("it.dna", dna)]);
        let source = AppBundleSource::Bytes(bundle.into());
        let id = server.admin.install_app(payload(source)).await.unwrap().installed_app_id;
        let (client, cell) = server.client(&id, "role 0").await;
        let provided = (0..4).map(|_| client.provide_memproofs(Default::default()));
        let provided = futures_util::future::join_all(provided).await;
        assert!(provided.iter().any(Result::is_ok), "{provided:?}");
        server.admin.enable_app(id).await.unwrap();
        assert_eq!(begun(server, &cell).await, 1);
    });
}

#[test]
fn a_role_that_has_clones_only_is_served() {
    use holochain_types::prelude::CellProvisioning;
    run(async |server| {
        let mut only = role("clones", "it.dna");
        only.provisioning = Some(CellProvisioning::CloneOnly);
        only.dna.clone_limit = 1;
        let good = dna(manifest(&fresh_name(), zome("integrity"), zome("zome")));
        let id = server.install_bytes(pack(one_role(only), [("it.dna", good)])).await.unwrap();
        let apps = server.admin.list_apps(None).await.unwrap();
        let app = apps.iter().find(|app| app.installed_app_id == id).unwrap();
        assert!(app.cell_info["clones"].is_empty());
        server.serves().await;
    });
}

/// Mebibytes of zeros from kilobytes: a deflate stream of one block over and over.
fn bomb(mebibytes: usize) -> Vec<u8> {
    let mut compress = Compress::new(Compression::best(), false);
    let mut block = Vec::with_capacity(8192);
    compress.compress_vec(&vec![0; 1 << 20], &mut block, FlushCompress::Full).unwrap();
    let header = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    [header.to_vec(), block.repeat(mebibytes)].concat()
}

#[test]
fn a_bomb_is_unpacked_only_up_to_a_bound() {
    run(async |server| {
        refused(server, bomb(3000), "larger than").await;
        refused(server, with_dna(bomb(3000)), "larger than").await;
        // Each would do, together they do not.
        let half = gzip(&vec![0; 260 << 20]);
        let roles = vec![role("one", "one.dna"), role("other", "other.dna")];
        let both = [("one.dna", half.clone()), ("other.dna", half)];
        refused(server, pack(app_manifest(&fresh_name(), roles), both), "larger than").await;
    });
}

/// Case: seven megabytes were unpacked until the memory ended. A device has no end at all.
#[test]
fn a_bundle_that_is_named_by_its_path_has_the_same_bound() {
    use holochain_types::app::{CoordinatorSource, UpdateCoordinatorsPayload};
    run(async |server| {
        let app = server.connect(&server.install(Dna::good()).await.unwrap()).await;
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bomb(3000)).unwrap();
        let directory = tempfile::tempdir().unwrap();
        for (path, part, as_app) in [
            (file.path(), "larger than", "larger than"),
            (Path::new("/dev/zero"), "not a regular file", "not a regular file"),
            (directory.path(), "not a regular file", "Is a directory"),
            (Path::new("/nowhere"), "No such file", "No such file"),
        ] {
            let source = CoordinatorSource::Path(path.to_owned());
            let update = UpdateCoordinatorsPayload { cell_id: app.cell.clone(), source };
            says(&format!("{:?}", server.admin.update_coordinators(update).await.unwrap_err()), part);
            let install = payload(AppBundleSource::Path(path.to_owned()));
            says(&format!("{:?}", server.admin.install_app(install).await.unwrap_err()), as_app);
        }
        app.call("good", ()).await.unwrap();
    });
}
