//! Calls for tests.

use std::sync::Mutex;

use super::call::{Call, CallId, Fingerprint};
use super::machine::{Mode, Record};

/// A waiting call, under this key. Later ones have higher ids.
pub(crate) fn call(key: &str) -> Call {
    static LAST: Mutex<CallId> = Mutex::new(CallId::of_number(0));
    let mut last = LAST.lock().unwrap();
    *last = CallId::after(*last, 1, 0);
    Call {
        id: *last,
        record: Record::accepted(Mode::Async).0,
        api_key: "7QK2".into(),
        key: Some(key.into()),
        fingerprint: Fingerprint([1; 32]),
        app: "supply".into(),
        role: "main".into(),
        zome: "bridge".into(),
        function: "pay".into(),
        read_only: false,
        retry_chain_moved: false,
        payload: Some(serde_bytes::ByteBuf::from(b"secret".to_vec())),
        accepted_at: 1,
        deliver_until: 2,
        signed: None,
        not_started_after: None,
        answer: None,
        settled_at: None,
        keep_until: None,
    }
}
