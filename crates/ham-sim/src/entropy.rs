//! The randomness of a simulated process.

use std::sync::{Mutex, PoisonError};

use crate::dice::Stream;

/// Bytes from one stream of the life's dice.
#[derive(Debug)]
pub(crate) struct Drawn {
    stream: Mutex<Stream>,
}

impl Drawn {
    pub(crate) fn new(stream: Stream) -> Self {
        Self { stream: Mutex::new(stream) }
    }
}

impl ham::Entropy for Drawn {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), String> {
        let mut stream = self.stream.lock().unwrap_or_else(PoisonError::into_inner);
        for chunk in bytes.chunks_mut(8) {
            let bits = stream.bits().to_le_bytes();
            chunk.copy_from_slice(&bits[..chunk.len()]);
        }
        Ok(())
    }
}
