//! Bundles are compressed, and are unpacked in memory: this bounds how much that may take.

use std::io::{self, Read as _};

use bytes::Bytes;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

/// How many bytes the bundles of one app may unpack to, together; no app comes near it.
pub const MAX_INFLATED: u64 = 512 << 20;

/// How much more may be unpacked: one value for everything that belongs together, so that bundles within bundles do not each have a
/// bound of their own.
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
    /// At most this many bytes.
    pub fn within(limit: u64) -> Self {
        Self { left: limit, limit }
    }

    /// The same file with its content uncompressed: decoding it needs no bound and little work. Content that cannot be unpacked is
    /// left as it is; whoever decodes it says why.
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
