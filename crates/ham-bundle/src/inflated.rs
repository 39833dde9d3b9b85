//! Bundles are compressed, and unpacked in memory: how much that may take is bounded.

use std::io::{self, Read as _};

use bytes::Bytes;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

/// What the bundles of one app may be unpacked to, together, in bytes; no app is near it.
pub const MAX_INFLATED: u64 = 512 << 20;

/// How much more may be unpacked: one for all that belongs together, so that bundles in bundles have no bound of their own each.
#[derive(Debug)]
pub struct Inflated {
    left: u64,
    limit: u64,
}

impl Default for Inflated {
    fn default() -> Self {
        Self::within(MAX_INFLATED)
    }
}

impl Inflated {
    /// At most so many bytes.
    pub fn within(limit: u64) -> Self {
        Self { left: limit, limit }
    }

    /// The same file with its content as it is, not compressed: decoding it needs no bound, and little work. What cannot be
    /// unpacked is left to whoever does it and says why.
    ///
    /// # Errors
    /// It unpacks to more than is left.
    pub fn stored(&mut self, compressed: Bytes) -> io::Result<Bytes> {
        let mut file = GzEncoder::new(Vec::new(), Compression::none());
        match io::copy(&mut GzDecoder::new(&*compressed).take(self.left.saturating_add(1)), &mut file) {
            Ok(size) if size > self.left => {
                Err(io::Error::other(format!("it is larger than {} bytes", self.limit)))
            }
            Ok(size) => {
                self.left -= size;
                file.finish().map(Bytes::from)
            }
            Err(_) => Ok(compressed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zeros(count: usize) -> Bytes {
        let mut file = GzEncoder::new(Vec::new(), Compression::best());
        io::Write::write_all(&mut file, &vec![0; count]).unwrap();
        file.finish().unwrap().into()
    }

    #[test]
    fn what_is_unpacked_is_bounded_together() {
        let mut inflated = Inflated::within(3000);
        let once = inflated.stored(zeros(2000)).unwrap();
        let mut content = Vec::new();
        GzDecoder::new(&*once).read_to_end(&mut content).unwrap();
        assert_eq!(content, [0; 2000]);
        assert!(inflated.stored(zeros(1001)).is_err());
        assert!(inflated.stored(zeros(1000)).is_ok());
        assert!(inflated.stored(zeros(1)).is_err());
    }

    #[test]
    fn what_is_not_compressed_is_left_as_it_is() {
        assert_eq!(Inflated::default().stored("no bundle".into()).unwrap(), "no bundle");
    }
}
