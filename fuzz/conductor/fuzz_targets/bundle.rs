//! No file panics as an app bundle on the embedded conductor, nor does a DNA bundle in one, nor code of a zome.

#![no_main]

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::LazyLock;

use flate2::Compression;
use flate2::write::GzEncoder;
use ham_devconductor::decoding::app_bundle;
use libfuzzer_sys::fuzz_target;
use serde::Serialize;
use serde_bytes::ByteBuf;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

fuzz_target!(|data: &[u8]| {
    static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime"));
    let Some((layer, content)) = data.split_first() else { return };
    let file = match layer {
        b'f' => content.to_vec(),
        // The checksum of what is damaged would have to be guessed; these are right.
        b'a' => gzip(content),
        b'd' => app(gzip(content)),
        _ => return,
    };
    let _ = RUNTIME.block_on(app_bundle(file));
});

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).expect("memory");
    encoder.finish().expect("memory")
}

/// The file of an app with one role, whose DNA bundle is this.
fn app(dna: Vec<u8>) -> Vec<u8> {
    #[derive(Serialize)]
    struct Bundle {
        manifest: Value,
        resources: BTreeMap<&'static str, ByteBuf>,
    }
    let dna_of_role = json!({ "path": DNA, "modifiers": {}, "installed_hash": null, "clone_limit": 0 });
    let role = json!({ "name": "role", "provisioning": { "strategy": "create", "deferred": false }, "dna": dna_of_role });
    let manifest = json!({ "manifest_version": "0", "name": "app", "description": null, "roles": [role] });
    let bundle = Bundle { manifest, resources: BTreeMap::from([(DNA, ByteBuf::from(dna))]) };
    gzip(&rmp_serde::to_vec_named(&bundle).expect("an app bundle"))
}

const DNA: &str = "role.dna";
