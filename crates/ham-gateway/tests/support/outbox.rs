//! What the tests of the outbox on disks in memory share.

use std::io;

use ham_gateway::outbox::machine::{Mode, Record};
use ham_gateway::outbox::{Call, CallId, Fingerprint};

/// A call that waits, under this key, with so many bytes.
pub(crate) fn call(key: &str, bytes: usize) -> Call {
    Call {
        id: CallId::fresh(),
        record: Record::accepted(Mode::Async).0,
        api_key: "7QK2".into(),
        key: Some(key.into()),
        fingerprint: Fingerprint([0; 32]),
        app: "supply".into(),
        role: "main".into(),
        zome: "bridge".into(),
        function: "pay".into(),
        read_only: false,
        retry_chain_moved: false,
        payload: Some(serde_bytes::ByteBuf::from(vec![7; bytes])),
        accepted_at: 1,
        deliver_until: 2,
        signed: None,
        not_started_after: None,
        answer: None,
        settled_at: None,
        keep_until: None,
    }
}

pub(crate) fn read(file: &[u8], offset: u64, out: &mut [u8]) -> io::Result<()> {
    let at = index(offset);
    let bytes = file.get(at..at + out.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
    out.copy_from_slice(bytes);
    Ok(())
}

/// Writes over what is there; the file grows where it is shorter.
pub(crate) fn write(file: &mut Vec<u8>, at: usize, data: &[u8]) {
    let end = at + data.len();
    if file.len() < end {
        file.resize(end, 0);
    }
    file[at..end].copy_from_slice(data);
}

pub(crate) fn index(offset: u64) -> usize {
    usize::try_from(offset).expect("it is in memory")
}
