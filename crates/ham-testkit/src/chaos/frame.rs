//! Finds the HTTP head and the frame boundaries in one direction of a WebSocket connection. Pure: bytes in, pieces out.

use bytes::{Bytes, BytesMut};

use super::fault::Direction;

/// The header of one WebSocket frame (RFC 6455, section 5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct FrameHeader {
    /// 0 continuation, 1 text, 2 binary, 8 close, 9 ping, 10 pong.
    pub opcode: u8,
    /// Whether this is the last frame of its message.
    pub fin: bool,
    /// Bytes on the wire: header and payload.
    pub length: u64,
}

impl FrameHeader {
    /// Whether the frame carries data and is therefore counted.
    #[must_use]
    pub fn is_data(&self) -> bool {
        self.opcode < 8
    }
}

/// Some bytes that lie entirely in one place.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) bytes: Bytes,
    pub(crate) place: Place,
}

/// Where a [`Piece`] lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// `offset` bytes of the frame came before the piece.
    Frame { header: FrameHeader, offset: u64 },
    /// The HTTP head; `upgraded` when it is complete and frames follow.
    Head { upgraded: bool },
    /// Not WebSocket.
    Opaque,
}

/// The parser of one direction.
#[derive(Debug)]
pub(crate) struct Scanner {
    direction: Direction,
    state: State,
}

#[derive(Debug, Clone, Copy)]
enum State {
    Frame { header: FrameHeader, offset: u64 },
    FrameStart,
    Head,
    Opaque,
}

/// A head longer than this is not an upgrade; the stream is passed on unparsed.
const MAX_HEAD: usize = 64 * 1024;

impl Scanner {
    pub(crate) fn new(direction: Direction) -> Self {
        Self { direction, state: State::Head }
    }

    /// Takes the next piece off the front of `buffer`; `None` if more bytes are needed to say where they belong.
    ///
    /// The HTTP head and each frame header are held back until complete, so a frame's length is known with its first piece.
    pub(crate) fn next(&mut self, buffer: &mut BytesMut) -> Option<Piece> {
        if buffer.is_empty() {
            return None;
        }
        match self.state {
            State::Head => self.head(buffer),
            State::FrameStart => {
                let header = parse_header(buffer)?;
                self.state = State::Frame { header, offset: 0 };
                Some(self.payload(buffer, header, 0))
            }
            State::Frame { header, offset } => Some(self.payload(buffer, header, offset)),
            State::Opaque => Some(Piece { bytes: buffer.split().freeze(), place: Place::Opaque }),
        }
    }

    /// Whatever is left when the stream ends: an incomplete head or frame header.
    pub(crate) fn rest(buffer: &mut BytesMut) -> Option<Piece> {
        (!buffer.is_empty()).then(|| Piece { bytes: buffer.split().freeze(), place: Place::Opaque })
    }

    fn head(&mut self, buffer: &mut BytesMut) -> Option<Piece> {
        // Neither a request nor a response of HTTP/1.1: TLS, or another protocol altogether.
        let foreign = !buffer[0].is_ascii_uppercase();
        let Some(end) = head_end(buffer).filter(|_| !foreign) else {
            if !foreign && buffer.len() < MAX_HEAD {
                return None;
            }
            self.state = State::Opaque;
            return self.next(buffer);
        };
        let bytes = buffer.split_to(end).freeze();
        let upgraded = is_upgrade(self.direction, &bytes);
        self.state = if upgraded { State::FrameStart } else { State::Opaque };
        Some(Piece { bytes, place: Place::Head { upgraded } })
    }

    fn payload(&mut self, buffer: &mut BytesMut, header: FrameHeader, offset: u64) -> Piece {
        let left = header.length - offset;
        let length = usize::try_from(left).map_or(buffer.len(), |left| left.min(buffer.len()));
        let bytes = buffer.split_to(length).freeze();
        let offset_after = offset + length as u64;
        self.state = if offset_after == header.length {
            State::FrameStart
        } else {
            State::Frame { header, offset: offset_after }
        };
        Piece { bytes, place: Place::Frame { header, offset } }
    }
}

fn head_end(buffer: &[u8]) -> Option<usize> {
    buffer.windows(4).position(|window| window == b"\r\n\r\n").map(|start| start + 4)
}

fn is_upgrade(direction: Direction, head: &[u8]) -> bool {
    match direction {
        Direction::ToClient => head.split(|byte| *byte == b' ').nth(1) == Some(b"101"),
        Direction::ToServer => {
            String::from_utf8_lossy(head).to_ascii_lowercase().contains("\r\nupgrade: websocket")
        }
    }
}

fn parse_header(buffer: &[u8]) -> Option<FrameHeader> {
    let (first, second) = (*buffer.first()?, *buffer.get(1)?);
    let mask: u64 = if second & 0x80 == 0 { 0 } else { 4 };
    let (header, payload) = match second & 0x7f {
        126 => (4, u64::from(u16::from_be_bytes(buffer.get(2..4)?.try_into().ok()?))),
        127 => (10, u64::from_be_bytes(buffer.get(2..10)?.try_into().ok()?)),
        short => (2, u64::from(short)),
    };
    let header = header + mask;
    if (buffer.len() as u64) < header {
        return None;
    }
    // A length beyond u64 cannot be reached by any real stream; saturating keeps peer data from panicking here.
    let length = header.saturating_add(payload);
    Some(FrameHeader { opcode: first & 0x0f, fin: first & 0x80 != 0, length })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";

    /// Frame lengths seen when the stream arrives in portions of `portion` bytes.
    fn lengths(stream: &[u8], portion: usize) -> (Vec<(u8, u64)>, Vec<u8>) {
        let (mut scanner, mut buffer) = (Scanner::new(Direction::ToClient), BytesMut::new());
        let (mut frames, mut passed) = (Vec::new(), Vec::new());
        for bytes in stream.chunks(portion) {
            buffer.extend_from_slice(bytes);
            while let Some(piece) = scanner.next(&mut buffer) {
                passed.extend_from_slice(&piece.bytes);
                if let Place::Frame { header, offset: 0 } = piece.place {
                    frames.push((header.opcode, header.length));
                }
            }
        }
        (frames, passed)
    }

    #[test]
    fn every_length_form_is_found_however_the_bytes_arrive() {
        let mut stream = ANSWER.to_vec();
        stream.extend([0x81, 2, b'h', b'i']);
        stream.extend([0x82, 126, 1, 0]);
        stream.extend([7; 256]);
        stream.extend([0x89, 0x80, 1, 2, 3, 4]);
        stream.extend([0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
        stream.extend([9; 65_536]);
        for portion in [1, 3, 7, 64, 4096, stream.len()] {
            let (frames, passed) = lengths(&stream, portion);
            assert_eq!(frames, [(1, 4), (2, 260), (9, 6), (2, 65_546)], "portion {portion}");
            assert_eq!(passed, stream, "every byte passes unchanged");
        }
    }

    #[test]
    fn a_refused_upgrade_and_tls_are_opaque() {
        for stream in [&b"HTTP/1.1 403 Forbidden\r\n\r\nno"[..], &[0x16, 3, 1, 0, 5]] {
            let (frames, passed) = lengths(stream, 2);
            assert!(frames.is_empty());
            assert_eq!(passed, stream);
        }
    }

    #[test]
    fn an_absurd_length_does_not_overflow() {
        let mut stream = ANSWER.to_vec();
        stream.extend([0x82, 127]);
        stream.extend([0xff; 8]);
        stream.extend([0; 32]);
        assert_eq!(lengths(&stream, 5).0, [(2, u64::MAX)]);
    }
}
