//! Zomes written by hand, and bundles of them.

use holochain_types::prelude::{
    AppBundle, AppManifest, AppManifestV0, AppRoleDnaManifest, AppRoleManifest, CellProvisioning,
    CoordinatorManifest, DnaBundle, DnaManifestV0, DnaModifiersOpt, IntegrityManifest, ValidatedDnaManifest,
    ZomeManifest,
};

use crate::support::fresh_name;

/// The code of a DNA's zomes: `integrity`, and `zome` which tests call.
#[derive(Clone)]
pub(crate) struct Dna {
    pub(crate) integrity: Vec<u8>,
    pub(crate) coordinator: Vec<u8>,
}

impl Dna {
    pub(crate) fn good() -> Self {
        Self::with_coordinator(&module("", ""))
    }

    pub(crate) fn with_coordinator(text: &str) -> Self {
        Self { integrity: compile(&module("", "")), coordinator: compile(text) }
    }

    pub(crate) fn with_integrity(text: &str) -> Self {
        Self { integrity: compile(text), coordinator: compile(&module("", "")) }
    }

    pub(crate) fn bundle(&self) -> (String, DnaBundle) {
        self.named(&fresh_name())
    }

    fn named(&self, name: &str) -> (String, DnaBundle) {
        let file = format!("{name}.dna");
        let manifest = manifest(name, zome("integrity"), zome("zome"));
        let resources = vec![
            ("integrity.wasm".to_owned(), self.integrity.clone().into()),
            ("zome.wasm".to_owned(), self.coordinator.clone().into()),
        ];
        (file, DnaBundle::new(manifest, resources).unwrap())
    }
}

pub(crate) fn manifest(
    name: &str,
    integrity: ZomeManifest,
    coordinator: ZomeManifest,
) -> ValidatedDnaManifest {
    let manifest = DnaManifestV0 {
        name: name.to_owned(),
        integrity: IntegrityManifest {
            // No two DNAs of these tests are one.
            network_seed: Some(name.to_owned()),
            properties: None,
            zomes: vec![integrity],
        },
        coordinator: CoordinatorManifest { zomes: vec![coordinator] },
    };
    manifest.try_into().unwrap()
}

pub(crate) fn zome(name: &str) -> ZomeManifest {
    ZomeManifest { name: name.into(), hash: None, path: format!("{name}.wasm"), dependencies: None }
}

/// A role for the DNA in this file of the bundle.
pub(crate) fn role(name: &str, file: &str) -> AppRoleManifest {
    AppRoleManifest {
        name: name.to_owned(),
        provisioning: Some(CellProvisioning::Create { deferred: false }),
        dna: AppRoleDnaManifest {
            path: Some(file.to_owned()),
            modifiers: DnaModifiersOpt::none(),
            installed_hash: None,
            clone_limit: 0,
        },
    }
}

pub(crate) fn app_manifest(name: &str, roles: Vec<AppRoleManifest>) -> AppManifest {
    AppManifest::V0(AppManifestV0 {
        name: name.to_owned(),
        description: None,
        roles,
        allow_deferred_memproofs: false,
        bootstrap_url: None,
        relay_url: None,
    })
}

/// The bundle file of an app with a role for each DNA.
pub(crate) fn app(name: &str, dnas: &[Dna]) -> Vec<u8> {
    let dnas: Vec<_> = dnas.iter().map(Dna::bundle).collect();
    let roles = dnas.iter().enumerate().map(|(at, (file, _))| role(&format!("role {at}"), file)).collect();
    AppBundle::new(app_manifest(name, roles), dnas).unwrap().pack().unwrap().to_vec()
}

/// The bundle file of an app of one DNA, which has the name of the app: twice made, it is the same.
pub(crate) fn same_app(name: &str, dna: &Dna) -> Vec<u8> {
    let (file, dna) = dna.named(name);
    let role = role("role 0", &file);
    AppBundle::new(app_manifest(name, vec![role]), vec![(file, dna)]).unwrap().pack().unwrap().to_vec()
}

/// The bundle file of an app whose one role may be cloned.
pub(crate) fn cloned(name: &str, dna: &Dna) -> Vec<u8> {
    let (file, dna) = dna.bundle();
    let mut role = role("role 0", &file);
    role.dna.clone_limit = 100;
    AppBundle::new(app_manifest(name, vec![role]), vec![(file, dna)]).unwrap().pack().unwrap().to_vec()
}

/// The bundle file of an app that waits for a membrane proof.
pub(crate) fn waiting(name: &str, dna: &Dna) -> Vec<u8> {
    let (file, dna) = dna.bundle();
    let AppManifest::V0(mut manifest) = app_manifest(name, vec![role("role 0", &file)]);
    manifest.allow_deferred_memproofs = true;
    AppBundle::new(AppManifest::V0(manifest), vec![(file, dna)]).unwrap().pack().unwrap().to_vec()
}

pub(crate) fn compile(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap_or_else(|error| panic!("{error}"))
}

/// A zome that keeps the memory protocol: it allocates without end, frees nothing, and has a function that answers `()`.
pub(crate) fn module(imports: &str, body: &str) -> String {
    let allocator = r#"
        (func $allocate (export "__hc__allocate_1") (param $length i32) (result i32)
            global.get $top
            (global.set $top (i32.add (global.get $top) (local.get $length))))
        (func (export "__hc__deallocate_1") (param i32 i32))"#;
    with_allocator(imports, allocator, body)
}

/// The same with another allocator.
pub(crate) fn with_allocator(imports: &str, allocator: &str, body: &str) -> String {
    format!(
        r#"(module {imports}
        (memory (export "memory") 4)
        (global $top (mut i32) (i32.const 8192))
        {allocator}
        (data (i32.const {ANSWER_AT}) "{ANSWER}")
        (func (export "good") (param i32 i32) (result i64) {GOOD})
        {body})"#
    )
}

/// The function `run` with this body, which leaves an `i64`.
pub(crate) fn function(body: &str) -> String {
    format!(r#"(func $run (export "run") (param $at i32) (param $length i32) (result i64) {body})"#)
}

/// The function `run` that answers with this place and length.
pub(crate) fn answers(at: u32, length: u32) -> String {
    function(&format!("(i64.const {})", (u64::from(at) << 32) | u64::from(length)))
}

/// The function `run` that answers with these bytes, written as in WASM text.
pub(crate) fn answers_with(escaped: &str, length: u32) -> String {
    format!(r#"(data (i32.const 1024) "{escaped}") {}"#, answers(1024, length))
}

/// A host function under the name `$host`.
pub(crate) fn import(name: &str) -> String {
    format!(r#"(import "env" "__hc__{name}" (func $host (param i32 i32) (result i64)))"#)
}

/// The function `run` that gives these bytes to `$host`, and answers `()` if that comes back.
pub(crate) fn asks_with(escaped: &str, length: u32) -> String {
    format!(r#"(data (i32.const 1024) "{escaped}") {}"#, asks(1024, length))
}

/// The function `run` that gives this place and length to `$host`, and answers with the host's answer, which is read as
/// that of the function.
pub(crate) fn asks(at: u32, length: u32) -> String {
    let (at, length) = (at.cast_signed(), length.cast_signed());
    function(&format!("(call $host (i32.const {at}) (i32.const {length}))"))
}

/// Leaves the place and length of the answer `Ok(ExternIO(nil))`.
pub(crate) const GOOD: &str = "(i64.const 68719476743)";
const ANSWER_AT: u32 = 16;
const ANSWER: &str = r"\81\a2Ok\c4\01\c0";
