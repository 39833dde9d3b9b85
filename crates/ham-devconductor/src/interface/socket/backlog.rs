//! Requests of a client that were read while all its places were taken: after them it may say that it leaves.

use std::collections::VecDeque;

use holochain_serialized_bytes::SerializedBytesError;
use holochain_websocket::WireMessage;

/// Requests that have been read and have no place yet.
#[derive(Default)]
pub(super) struct Backlog {
    requests: VecDeque<(u64, Vec<u8>)>,
    bytes: usize,
}

impl Backlog {
    pub(super) fn push(&mut self, message: Result<WireMessage, SerializedBytesError>) {
        match message {
            Ok(WireMessage::Request { id, data }) => {
                self.bytes += data.len();
                self.requests.push_back((id, data));
            }
            // It names no request, so nobody can be told.
            _ => tracing::warn!("a client sent something that is not a request"),
        }
    }

    pub(super) fn pop(&mut self) -> Option<(u64, Vec<u8>)> {
        let request = self.requests.pop_front()?;
        self.bytes -= request.1.len();
        Some(request)
    }

    pub(super) fn has_room(&self) -> bool {
        self.requests.len() < MOST_REQUESTS && self.bytes < MOST_BYTES
    }
}

/// As many as have a place, and their bytes. The last one may be as large as any message may be.
const MOST_REQUESTS: usize = 128;
const MOST_BYTES: usize = 16 << 20;
