//! The conductor's envelope, written and read by hand so that it costs the servers next to nothing.
//!
//! `holochain_websocket` 0.7.1 writes `{type, id, data}` as a MessagePack map in this order; the benches check it by
//! failing when an answer does not come.

use bytes::{BufMut, Bytes, BytesMut};

const REQUEST: &[u8] = b"\x83\xa4type\xa7request";
const RESPONSE: &[u8] = b"\x83\xa4type\xa8response";

/// A request under `id` around an encoded body.
pub(crate) fn request(id: u64, body: &[u8]) -> Vec<u8> {
    let mut buffer = Vec::with_capacity(REQUEST.len() + 22 + body.len());
    buffer.put_slice(REQUEST);
    put_rest(&mut buffer, id, body);
    buffer
}

/// The answer under `id` around an encoded body.
pub(crate) fn response(id: u64, body: &[u8]) -> Bytes {
    let mut buffer = BytesMut::with_capacity(RESPONSE.len() + 22 + body.len());
    buffer.put_slice(RESPONSE);
    put_rest(&mut buffer, id, body);
    buffer.freeze()
}

fn put_rest(buffer: &mut impl BufMut, id: u64, body: &[u8]) {
    buffer.put_slice(b"\xa2id\xcf");
    buffer.put_u64(id);
    buffer.put_slice(b"\xa4data\xc6");
    buffer.put_u32(u32::try_from(body.len()).expect("bodies are small"));
    buffer.put_slice(body);
}

/// Makes an answer of a request by exchanging its first field; id and body are echoed as they stand.
pub(crate) fn answer_to(request: &[u8], out: &mut Vec<u8>) -> bool {
    let Some(rest) = request.strip_prefix(REQUEST) else { return false };
    out.extend_from_slice(RESPONSE);
    out.extend_from_slice(rest);
    true
}

/// How much longer an answer is than its request.
pub(crate) const GROWTH: usize = RESPONSE.len() - REQUEST.len();

/// The id and the range of the body of an answer that echoes [`request`] or comes from [`response`], or of any other
/// MessagePack form of the same map.
pub(crate) fn parse(frame: &[u8]) -> Option<(u64, std::ops::Range<usize>)> {
    let start = if frame.starts_with(RESPONSE) { RESPONSE.len() } else { REQUEST.len() };
    let rest = frame.get(start..)?.strip_prefix(b"\xa2id")?;
    let (id, rest) = integer(rest)?;
    let rest = rest.strip_prefix(b"\xa4data")?;
    let (length_bytes, rest) = match *rest.first()? {
        0xc4 => (1, &rest[1..]),
        0xc5 => (2, &rest[1..]),
        0xc6 => (4, &rest[1..]),
        _ => return None,
    };
    let begin = frame.len() - rest.len() + length_bytes;
    Some((id, begin..frame.len()))
}

fn integer(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (&first, rest) = bytes.split_first()?;
    let width = match first {
        0..=0x7f => return Some((u64::from(first), rest)),
        0xcc => 1,
        0xcd => 2,
        0xce => 4,
        0xcf => 8,
        _ => return None,
    };
    let (number, rest) = rest.split_at_checked(width)?;
    Some((number.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)), rest))
}
