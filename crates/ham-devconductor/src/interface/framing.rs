//! Where a reader of WebSocket frames is: between messages or in the middle of one, and how much of it has come.

/// It only counts; the reader of the messages finds out what is wrong with a frame.
#[derive(Debug, Default)]
pub(super) struct Framing {
    head: [u8; LONGEST_HEAD],
    /// Bytes of the head that have come.
    headed: usize,
    /// Bytes of the frame that are still to come.
    left: u64,
    control: bool,
    last: bool,
    /// Bytes of the message that has begun but is not complete.
    message: u64,
    begun: bool,
}

impl Framing {
    /// Whether something has begun that is not complete.
    pub(super) fn is_amid(&self) -> bool {
        self.begun || self.headed > 0 || self.left > 0
    }

    /// How many bytes of the incomplete message have come.
    pub(super) fn message(&self) -> u64 {
        self.message
    }

    /// Follows what has come; returns whether that completed something.
    pub(super) fn read(&mut self, mut bytes: &[u8]) -> bool {
        let mut completed = false;
        while let Some((&first, rest)) = bytes.split_first() {
            if self.left > 0 {
                let part = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len());
                bytes = &bytes[part..];
                self.left -= part as u64;
                if !self.control {
                    self.message += part as u64;
                }
            } else {
                bytes = rest;
                self.head[self.headed] = first;
                self.headed += 1;
                if self.headed < self.head_length() {
                    continue;
                }
                self.begin_frame();
            }
            if self.left == 0 {
                completed |= self.end_frame();
            }
        }
        completed
    }

    /// As far as it is known.
    fn head_length(&self) -> usize {
        if self.headed < 2 {
            return 2;
        }
        let length = match self.head[1] & 0x7f {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        2 + length + if self.head[1] & MASKED == 0 { 0 } else { 4 }
    }

    fn begin_frame(&mut self) {
        let length = |bytes: &[u8]| bytes.iter().fold(0, |sum: u64, byte| sum << 8 | u64::from(*byte));
        self.left = match self.head[1] & 0x7f {
            126 => length(&self.head[2..4]),
            127 => length(&self.head[2..10]),
            short => short.into(),
        };
        (self.control, self.last) = (self.head[0] & CONTROL != 0, self.head[0] & LAST != 0);
        self.begun |= !self.control;
        self.headed = 0;
    }

    fn end_frame(&mut self) -> bool {
        if self.control {
            return !self.begun;
        }
        if self.last {
            (self.begun, self.message) = (false, 0);
        }
        self.last
    }
}

/// Two bytes, a length of eight, a mask of four.
const LONGEST_HEAD: usize = 14;
const LAST: u8 = 0x80;
const CONTROL: u8 = 0x08;
const MASKED: u8 = 0x80;

#[cfg(test)]
mod tests {
    use super::*;

    /// A client's frame, with a mask of zeros.
    fn frame(first: u8, length: usize) -> Vec<u8> {
        let mut frame = vec![first];
        match length {
            0..126 => frame.push(MASKED | u8::try_from(length).unwrap()),
            126..0x1_0000 => {
                frame.push(MASKED | 126);
                frame.extend(u16::try_from(length).unwrap().to_be_bytes());
            }
            _ => {
                frame.push(MASKED | 127);
                frame.extend((length as u64).to_be_bytes());
            }
        }
        frame.extend([0; 4]);
        frame.extend(vec![0xff; length]);
        frame
    }

    #[test]
    fn a_message_is_as_long_as_its_frames_however_it_comes() {
        let messages = [
            frame(0x82, 0),
            frame(0x82, 5),
            frame(0x81, 200),
            frame(0x82, 70_000),
            // In parts, with a ping between them.
            [frame(0x02, 300), frame(0x89, 4), frame(0x00, 0), frame(0x80, 7)].concat(),
            frame(0x8a, 0),
        ];
        let all = messages.concat();
        for step in [1, 2, 3, 7, 1000, all.len()] {
            let mut framing = Framing::default();
            let mut completed = 0;
            for part in all.chunks(step) {
                completed += usize::from(framing.read(part));
            }
            assert!(!framing.is_amid() && framing.message() == 0, "{step}");
            assert!(step > 1 || completed == messages.len(), "{completed}");
        }
    }

    #[test]
    fn what_is_incomplete_is_counted_and_a_ping_amid_it_is_not() {
        let mut framing = Framing::default();
        assert!(framing.read(&frame(0x82, 9)), "the one before it");
        assert!(!framing.read(&frame(0x02, 3000)) && framing.is_amid() && framing.message() == 3000);
        assert!(!framing.read(&frame(0x89, 100)) && framing.message() == 3000);
        assert!(!framing.read(&frame(0x80, 500)[..100]) && framing.message() == 3000 + 100 - 8);
        // One byte of a head is something that has begun.
        let mut framing = Framing::default();
        assert!(!framing.read(&[0x89]) && framing.is_amid());
    }
}
