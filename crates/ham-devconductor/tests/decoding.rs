//! Whatever a file or a message is made of, it is read or refused: nothing panics, hangs or overflows.
//!
//! Valid ones are damaged on every layer (compressed, MessagePack, code), so that damage gets past the layers before.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

#[path = "hostile/zome.rs"]
#[expect(dead_code, reason = "only bundles are made here")]
mod zome;

/// What `zome` asks of the other tests.
mod support {
    pub(crate) fn fresh_name() -> String {
        "app".to_owned()
    }
}

use std::io::{Read as _, Write as _};
use std::sync::LazyLock;

use bytes::Bytes;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use ham_devconductor::decoding::{NoApp, Understood, app_bundle, message};
use holo_hash::{AgentPubKey, DnaHash};
use holochain_conductor_api::{
    AdminRequest, AppAuthenticationRequest, AppRequest, IssueAppAuthenticationTokenPayload,
    ZomeCallParamsSigned,
};
use holochain_types::app::{AppBundleSource, InstallAppPayload};
use holochain_types::prelude::{
    CellId, ExternIO, GrantConstraint, GrantedFunctions, Nonce256Bits, Signature, Timestamp, ZomeCallParams,
};
use holochain_websocket::WireMessage;
use proptest::collection::vec;
use proptest::prelude::{Strategy, any, prop_oneof};
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};
use tokio::runtime::Runtime;

/// One way to damage bytes.
#[derive(Debug, Clone)]
enum Damage {
    Set(Index, u8),
    Remove(Index, usize),
    Insert(Index, Vec<u8>),
    Repeat(Index, usize, usize),
    Cut(Index),
}

impl Damage {
    fn any() -> impl Strategy<Value = Self> {
        // What begins arrays, maps, bytes and texts that are longer than there is, and what nests.
        let telling = prop_oneof![
            any::<u8>(),
            proptest::sample::select(&[0x80, 0x90, 0x91, 0xc0, 0xc1, 0xc6, 0xd9, 0xdb, 0xdd, 0xdf, 0xff][..]),
        ];
        let bytes = vec(telling.clone(), 1..12);
        prop_oneof![
            8 => (any::<Index>(), telling).prop_map(|(at, byte)| Self::Set(at, byte)),
            2 => (any::<Index>(), 1..40_usize).prop_map(|(at, count)| Self::Remove(at, count)),
            2 => (any::<Index>(), bytes).prop_map(|(at, bytes)| Self::Insert(at, bytes)),
            1 => (any::<Index>(), 1..8_usize, 2..3000_usize).prop_map(|(at, size, times)| Self::Repeat(at, size, times)),
            1 => any::<Index>().prop_map(Self::Cut),
        ]
    }

    fn apply(&self, bytes: &mut Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        match self {
            Self::Set(at, byte) => *at.get_mut(bytes) = *byte,
            Self::Remove(at, count) => {
                let from = at.index(bytes.len());
                bytes.drain(from..(from + count).min(bytes.len()));
            }
            Self::Insert(at, more) => {
                let at = at.index(bytes.len());
                bytes.splice(at..at, more.iter().copied());
            }
            Self::Repeat(at, size, times) => {
                let from = at.index(bytes.len());
                let part = bytes[from..(from + size).min(bytes.len())].repeat(*times);
                bytes.splice(from..from, part);
            }
            Self::Cut(at) => bytes.truncate(at.index(bytes.len())),
        }
    }
}

fn damaged(mut bytes: Vec<u8>, damages: &[Damage]) -> Vec<u8> {
    damages.iter().for_each(|damage| damage.apply(&mut bytes));
    bytes
}

/// Checks so many cases, the same ones at every run.
fn check<S: Strategy>(cases: u32, strategy: &S, test: impl Fn(S::Value)) {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let algorithm = proptest::test_runner::RngAlgorithm::ChaCha;
    let rng = proptest::test_runner::TestRng::deterministic_rng(algorithm);
    let mut runner = TestRunner::new_with_rng(config, rng);
    runner
        .run(strategy, |value| {
            test(value);
            Ok(())
        })
        .unwrap();
}

fn read(bundle: Vec<u8>) -> Result<usize, NoApp> {
    static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());
    let read = RUNTIME.block_on(app_bundle(bundle));
    // It is read on a thread of its own, whose panic is told so.
    assert!(!matches!(read, Err(NoApp::Panicked)), "{read:?}");
    read
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn gunzip(bytes: &[u8]) -> Vec<u8> {
    let mut content = Vec::new();
    GzDecoder::new(bytes).read_to_end(&mut content).unwrap();
    content
}

/// Where a bundle is damaged.
#[derive(Debug, Clone, Copy)]
enum Layer {
    File,
    App,
    DnaFile,
    Dna,
    Code,
}

/// A bundle, damaged in one layer.
fn bundle(layer: Layer, damages: &[Damage]) -> Vec<u8> {
    static GOOD: LazyLock<Vec<u8>> = LazyLock::new(|| zome::app("app", &[zome::Dna::good()]));
    let app = gunzip(&GOOD);
    let change = |bytes: Vec<u8>, at: Layer| {
        if layer as u8 == at as u8 { damaged(bytes, damages) } else { bytes }
    };
    let app = with_resources(&app, |dna_file| {
        let dna = with_resources(&gunzip(&dna_file), |code| change(code, Layer::Code));
        change(gzip(&change(dna, Layer::Dna)), Layer::DnaFile)
    });
    change(gzip(&change(app, Layer::App)), Layer::File)
}

/// A bundle's content with other resources.
fn with_resources(content: &[u8], change: impl Fn(Vec<u8>) -> Vec<u8>) -> Vec<u8> {
    #[derive(serde::Serialize, serde::Deserialize)]
    struct Raw {
        manifest: serde_json::Value,
        resources: std::collections::BTreeMap<String, Bytes>,
    }
    let mut raw: Raw = rmp_serde::from_slice(content).unwrap();
    for resource in raw.resources.values_mut() {
        *resource = change(resource.to_vec()).into();
    }
    rmp_serde::to_vec_named(&raw).unwrap()
}

#[test]
fn a_bundle_that_is_not_damaged_is_read() {
    // Its two zomes are the same code.
    assert_eq!(read(bundle(Layer::File, &[])).unwrap(), 1);
}

#[test]
fn a_damaged_bundle_is_read_or_refused() {
    let layers = [Layer::File, Layer::App, Layer::DnaFile, Layer::Dna, Layer::Code];
    let strategy = (proptest::sample::select(layers.to_vec()), vec(Damage::any(), 1..6));
    check(1000, &strategy, |(layer, damages)| drop(read(bundle(layer, &damages))));
}

#[test]
fn bytes_are_a_bundle_or_refused() {
    check(200, &vec(any::<u8>(), 0..200), |bytes| {
        drop(read(bytes.clone()));
        drop(read(gzip(&bytes)));
    });
}

fn encode<T: serde::Serialize>(value: &T) -> Vec<u8> {
    rmp_serde::to_vec_named(value).unwrap()
}

fn call() -> AppRequest {
    let agent = AgentPubKey::from_raw_32(vec![1; 32]);
    let params = ZomeCallParams {
        provenance: agent.clone(),
        cell_id: CellId::new(DnaHash::from_raw_32(vec![2; 32]), agent),
        zome_name: "zome".into(),
        fn_name: "function".into(),
        cap_secret: Some([3; 64].into()),
        payload: ExternIO::encode("payload").unwrap(),
        nonce: Nonce256Bits::from([4; 32]),
        expires_at: Timestamp::from_micros(5),
    };
    let bytes = ExternIO::encode(params).unwrap();
    AppRequest::CallZome(Box::new(ZomeCallParamsSigned { bytes, signature: Signature([6; 64]) }))
}

/// Requests in the shapes of earlier releases.
fn earlier() -> Vec<Vec<u8>> {
    #[derive(serde::Serialize)]
    struct Asked<T> {
        r#type: &'static str,
        value: T,
    }
    #[derive(serde::Serialize)]
    struct Payload {
        cell_id: CellId,
        cap_grant: Grant,
        dht_ops_cursor: u64,
    }
    #[derive(serde::Serialize)]
    struct Grant {
        tag: &'static str,
        access: GrantConstraint,
        functions: GrantedFunctions,
    }
    let agent = AgentPubKey::from_raw_32(vec![1; 32]);
    let cell_id = CellId::new(DnaHash::from_raw_32(vec![2; 32]), agent.clone());
    let access = GrantConstraint::Assigned { secret: [3; 64].into(), assignees: [agent].into() };
    let cap_grant = Grant { tag: "tag", access, functions: GrantedFunctions::All };
    let value = Payload { cell_id, cap_grant, dht_ops_cursor: 7 };
    let grant = Asked { r#type: "grant_zome_call_capability", value };
    let dump = Asked { r#type: "dump_full_state", value: &grant.value };
    vec![encode(&dump), encode(&grant)]
}

/// What requests carry, of both interfaces.
fn requests() -> Vec<Vec<u8>> {
    let install = InstallAppPayload {
        source: AppBundleSource::Bytes(vec![1, 2, 3].into()),
        agent_key: None,
        installed_app_id: Some("app".to_owned()),
        network_seed: None,
        roles_settings: Some(Default::default()),
        ignore_genesis_failure: false,
        restore_from_dht: false,
    };
    let token = IssueAppAuthenticationTokenPayload::for_installed_app_id("app".to_owned());
    let today = vec![
        encode(&call()),
        encode(&AppRequest::AppInfo),
        encode(&AdminRequest::InstallApp(Box::new(install))),
        encode(&AdminRequest::IssueAppAuthenticationToken(token)),
        encode(&AdminRequest::ListApps { status_filter: None }),
        encode(&AdminRequest::RevokeAppAuthenticationToken(vec![7; 64])),
    ];
    [today, earlier()].concat()
}

#[test]
fn messages_that_are_not_damaged_are_understood() {
    for data in requests() {
        assert!(message(&encode(&WireMessage::Request { id: 1, data })) >= Understood::Request);
    }
    let data = encode(&AppAuthenticationRequest { token: vec![1; 64] });
    assert_eq!(message(&encode(&WireMessage::Authenticate { data })), Understood::Request);
    assert_eq!(message(&encode(&WireMessage::Request { id: 1, data: encode(&call()) })), Understood::Call);
    assert_eq!(message(&encode(&WireMessage::Request { id: 1, data: vec![] })), Understood::Message);
    assert_eq!(message(&[]), Understood::Nothing);
}

#[test]
fn damaged_messages_are_understood_or_refused() {
    let strategy = (proptest::sample::select(requests()), vec(Damage::any(), 0..4), vec(Damage::any(), 0..3));
    check(5000, &strategy, |(data, inner, outer)| {
        let data = damaged(data, &inner);
        message(&damaged(encode(&WireMessage::Request { id: 1, data: data.clone() }), &outer));
        message(&damaged(encode(&WireMessage::Authenticate { data }), &outer));
    });
}

#[test]
fn bytes_are_a_message_or_refused() {
    check(2000, &vec(any::<u8>(), 0..300), |bytes| {
        message(&bytes);
        message(&encode(&WireMessage::Request { id: 1, data: bytes.clone() }));
        message(&encode(&WireMessage::Authenticate { data: bytes }));
    });
}
