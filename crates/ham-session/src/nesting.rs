//! How deep a MessagePack value nests, determined without recursion.

/// How deep a message from a peer may nest before it counts as incomprehensible. `serde_json` has the same bound; no message of a
/// protocol in use comes near it. Decoders recurse, and in a development build a thread's stack of 2 MiB runs out before the thousand
/// levels that MessagePack's own decoder allows.
pub const MAX_NESTING: usize = 128;

/// Whether the MessagePack value at the start of `bytes` has at most `levels` containers within each other: the check to
/// make before a recursive decoder sees what a peer sent.
///
/// It judges nothing else: truncated or malformed input nests as deep as it is, and the decoder says what is wrong with it. It looks
/// at each value once, skips texts and binaries by their length, and needs 8 bytes per level. Containers count, even empty ones;
/// binaries that hold MessagePack are values of their own.
#[must_use]
pub fn nests_within(bytes: &[u8], levels: usize) -> bool {
    // How many values are still to come in each open container.
    let mut open: Vec<u64> = Vec::new();
    let mut rest = bytes;
    while let Some(head) = Head::read(rest) {
        rest = rest.get(head.size..).unwrap_or_default();
        if let Some(values) = head.values {
            if open.len() >= levels {
                return false;
            }
            open.push(values);
        } else if let Some(left) = open.last_mut() {
            *left -= 1;
        }
        // A complete container is one value of the container around it.
        while open.last() == Some(&0) {
            open.pop();
            if let Some(left) = open.last_mut() {
                *left -= 1;
            }
        }
        if open.is_empty() {
            return true;
        }
    }
    true
}

/// The start of a value: all of it, unless it is a container.
struct Head {
    size: usize,
    /// How many values a container holds.
    values: Option<u64>,
}

impl Head {
    /// `None` at the end of the input.
    fn read(bytes: &[u8]) -> Option<Self> {
        let (&marker, rest) = bytes.split_first()?;
        let scalar = |size: usize| Some(Self { size, values: None });
        let container = |width: usize, values: u64| Some(Self { size: 1 + width, values: Some(values) });
        // The width of a length, and what follows it besides the bytes that it counts.
        let counted = |width: usize, more: usize| {
            let length = usize::try_from(length(rest, width)?).unwrap_or(usize::MAX);
            scalar(length.saturating_add(1 + width + more))
        };
        match marker {
            0x00..=0x7f | 0xc0..=0xc3 | 0xe0..=0xff => scalar(1),
            0x80..=0x8f => container(0, u64::from(marker & 0x0f) * 2),
            0x90..=0x9f => container(0, u64::from(marker & 0x0f)),
            0xa0..=0xbf => scalar(1 + usize::from(marker & 0x1f)),
            0xc4 | 0xd9 => counted(1, 0),
            0xc5 | 0xda => counted(2, 0),
            0xc6 | 0xdb => counted(4, 0),
            0xc7 => counted(1, 1),
            0xc8 => counted(2, 1),
            0xc9 => counted(4, 1),
            0xcc | 0xd0 => scalar(2),
            0xcd | 0xd1 | 0xd4 => scalar(3),
            0xd5 => scalar(4),
            0xca | 0xce | 0xd2 => scalar(5),
            0xd6 => scalar(6),
            0xcb | 0xcf | 0xd3 => scalar(9),
            0xd7 => scalar(10),
            0xd8 => scalar(18),
            0xdc => container(2, length(rest, 2)?),
            0xdd => container(4, length(rest, 4)?),
            0xde => container(2, length(rest, 2)? * 2),
            0xdf => container(4, length(rest, 4)? * 2),
        }
    }
}

/// A big-endian number of `width` bytes.
fn length(bytes: &[u8], width: usize) -> Option<u64> {
    Some(bytes.get(..width)?.iter().fold(0, |number, byte| (number << 8) | u64::from(*byte)))
}

#[cfg(test)]
mod tests;
