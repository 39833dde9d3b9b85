//! The bytes of a call, a signal or an entry, as they are reported.

/// MessagePack bytes, unless they are too many to be kept for watchers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payload {
    /// All of them.
    Whole(Vec<u8>),
    /// The number of bytes, if it is more than [`MAX_SHOWN`].
    TooLong(usize),
}

impl Payload {
    /// At most [`MAX_SHOWN`] bytes of it are kept: all or none.
    pub(super) fn of(bytes: &[u8]) -> Self {
        if bytes.len() > MAX_SHOWN { Self::TooLong(bytes.len()) } else { Self::Whole(bytes.to_owned()) }
    }

    /// How many bytes it holds.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Whole(bytes) => bytes.len(),
            Self::TooLong(_) => 0,
        }
    }
}

/// The most bytes of one payload or entry that watchers are told.
pub const MAX_SHOWN: usize = 32 << 10;
