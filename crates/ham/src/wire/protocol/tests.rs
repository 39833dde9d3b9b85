use bytes::Bytes;
use holochain_zome_types::prelude::Signature;
use upstream::WireMessage;

use super::*;
use crate::wire::request::CALL_OVERHEAD;

/// Upstream's own envelope, written the way `holochain_websocket` writes it.
mod upstream {
    use serde::{Deserialize, Serialize};

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case", tag = "type")]
    pub(super) enum WireMessage {
        Signal {
            #[serde(with = "serde_bytes")]
            data: Vec<u8>,
        },
        Authenticate {
            #[serde(with = "serde_bytes")]
            data: Vec<u8>,
        },
        Request {
            id: u64,
            #[serde(with = "serde_bytes")]
            data: Vec<u8>,
        },
        Response {
            id: u64,
            #[serde(with = "serde_bytes")]
            data: Option<Vec<u8>>,
        },
    }
}

fn admin() -> ConductorProtocol {
    ConductorProtocol::new(Interface::Admin)
}

fn frame(message: &WireMessage) -> Frame {
    Frame::Binary(rmp_serde::to_vec_named(message).unwrap().into())
}

#[test]
fn a_zome_call_is_written_as_upstream_writes_it() {
    use holochain_conductor_api::ZomeCallParamsSigned;
    let signature = Signature([9; 64]);
    for size in [0, 255, 256, 65_536] {
        let bytes = vec![7; size];
        let signed = ZomeCallParamsSigned::new(bytes.clone(), signature.clone());
        let upstream = encode(&AppRequest::CallZome(Box::new(signed))).unwrap();
        assert_eq!(Request::call_zome(&bytes, &signature).unwrap().body, upstream);
        assert!(upstream.len() <= size + CALL_OVERHEAD, "no growing");
    }
}

#[test]
fn what_we_write_is_what_upstream_writes() {
    let request = Request { id: 7, body: Bytes::from_static(b"body") };
    let upstream = WireMessage::Request { id: 7, data: b"body".to_vec() };
    assert_eq!(admin().encode(request).unwrap(), frame(&upstream));
    let upstream = WireMessage::Authenticate { data: b"token".to_vec() };
    assert_eq!(super::frame("authenticate", None, b"token").unwrap(), frame(&upstream));
}

#[test]
fn answers_and_signals_are_read_without_copying() {
    let encoded = frame(&WireMessage::Response { id: 9, data: Some(b"answer".to_vec()) });
    let Frame::Binary(bytes) = &encoded else { panic!("binary") };
    let range = bytes.as_ptr_range();
    let Decoded::Response { key: 9, body: Incoming::Answer(Some(body)) } = admin().decode(encoded.clone())
    else {
        panic!("no response");
    };
    assert_eq!(&*body, b"answer");
    assert!(range.contains(&body.as_ptr()));
    let signal = frame(&WireMessage::Signal { data: b"signal".to_vec() });
    assert!(matches!(admin().decode(signal), Decoded::Push(Incoming::Signal(body)) if &*body == b"signal"));
}

#[test]
fn an_answer_without_a_body_is_told_apart() {
    let empty = frame(&WireMessage::Response { id: 9, data: None });
    assert!(matches!(admin().decode(empty), Decoded::Response { key: 9, body: Incoming::Answer(None) }));
}

#[test]
fn what_a_conductor_does_not_send_is_skipped() {
    let strange = [
        Frame::Text("hello".into()),
        Frame::Binary(Bytes::new()),
        Frame::Binary(Bytes::from_static(&[0xc1; 64])),
        frame(&WireMessage::Request { id: 1, data: Vec::new() }),
        frame(&WireMessage::Authenticate { data: Vec::new() }),
    ];
    for frame in strange {
        assert!(matches!(admin().decode(frame), Decoded::Skip(_)));
    }
}

/// Case: a frame of 1 KB, nested a thousand deep in an unknown field, ended the process.
#[test]
fn no_decoder_follows_what_nests_without_end() {
    let deep = [0x91; 1000];
    let unknown_field = [&b"\x83\xa4type\xa8response\xa2id\x09\xa1x"[..], &deep].concat();
    let Decoded::Skip(why) = admin().decode(Frame::Binary(unknown_field.into())) else { panic!("decoded") };
    assert!(why.contains("nests deeper"), "{why}");
    let body = || Incoming::Answer(Some(Bytes::copy_from_slice(&deep)));
    let refused = [
        answer::app_answer(body()).unwrap_err(),
        answer::admin_answer(body()).unwrap_err(),
        answer::zome_output(body()).unwrap_err(),
        answer::named::<u8>(body(), "x").unwrap_err(),
        answer::was_read(body()).unwrap_err(),
    ];
    for why in refused.map(|bad| bad.to_string()).into_iter().chain(answer::app_info(&deep).err()) {
        assert!(why.contains("nests deeper"), "{why}");
    }
}

#[test]
fn a_token_is_not_in_the_protocols_debug() {
    let protocol = ConductorProtocol::new(Interface::App { token: Secret::new(vec![222, 173, 190, 239]) });
    let shown = format!("{protocol:?}");
    assert!(shown.contains("redacted") && !shown.contains("222"), "{shown}");
}

proptest::proptest! {
    #[test]
    fn decoding_never_panics(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..512)) {
        let _ = admin().decode(Frame::Binary(bytes.into()));
    }

    #[test]
    fn every_answer_survives_the_envelope(id: u64, body in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..2048)) {
        let encoded = frame(&WireMessage::Response { id, data: Some(body.clone()) });
        let Decoded::Response { key, body: Incoming::Answer(Some(read)) } = admin().decode(encoded) else {
            panic!("no response");
        };
        proptest::prop_assert_eq!((key, &*read), (id, &*body));
    }
}
