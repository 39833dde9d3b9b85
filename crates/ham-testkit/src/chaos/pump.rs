//! One direction of one connection: read, find the frames, strike at the right byte, write.

use std::io;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::sync::watch;

use super::event::Event;
use super::fault::{Action, Boundary, Direction, Fault};
use super::frame::{FrameHeader, Piece, Place, Scanner};
use super::shared::{Control, Shared};

/// How many bytes are read at once.
const PORTION: usize = 16 * 1024;

/// How a direction ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PumpEnd {
    Cut,
    Failed(io::ErrorKind),
    /// The source closed its side; that was passed on, and the other direction may go on.
    Finished,
    HalfOpen,
    Reset,
}

/// The direction from `source` to `target`.
pub(super) struct Pump<'a> {
    connection: u64,
    direction: Direction,
    source: ReadHalf<'a>,
    target: WriteHalf<'a>,
    shared: &'a Shared,
    control: watch::Receiver<Control>,
    faults: Vec<Fault>,
    /// Data frames begun so far; the current one has number `begun - 1`.
    begun: u64,
    throttle: Option<(usize, Duration)>,
}

impl<'a> Pump<'a> {
    pub(super) fn new(
        connection: u64,
        direction: Direction,
        source: ReadHalf<'a>,
        target: WriteHalf<'a>,
        shared: &'a Shared,
    ) -> Self {
        let mut faults = shared.faults.plan(connection);
        faults.retain(|fault| fault.direction == direction);
        let control = shared.control.subscribe();
        Self { connection, direction, source, target, shared, control, faults, begun: 0, throttle: None }
    }

    pub(super) async fn run(mut self) -> PumpEnd {
        match self.pass_all().await {
            Ok(()) => PumpEnd::Finished,
            Err(end) => end,
        }
    }

    async fn pass_all(&mut self) -> Result<(), PumpEnd> {
        let mut scanner = Scanner::new(self.direction);
        let mut buffer = BytesMut::with_capacity(PORTION);
        loop {
            while let Some(piece) = scanner.next(&mut buffer) {
                self.pass(piece).await?;
            }
            self.released().await;
            buffer.reserve(PORTION);
            if self.source.read_buf(&mut buffer).await? == 0 {
                if let Some(piece) = Scanner::rest(&mut buffer) {
                    self.pass(piece).await?;
                }
                return Ok(self.target.shutdown().await?);
            }
        }
    }

    async fn pass(&mut self, piece: Piece) -> Result<(), PumpEnd> {
        match piece.place {
            Place::Frame { header, offset } => self.pass_frame(header, offset, piece.bytes).await,
            Place::Head { upgraded } => {
                self.write(piece.bytes).await?;
                if upgraded && self.direction == Direction::ToClient {
                    self.shared.record(Event::Upgraded { connection: self.connection });
                }
                Ok(())
            }
            Place::Opaque => self.write(piece.bytes).await,
        }
    }

    async fn pass_frame(
        &mut self,
        header: FrameHeader,
        offset: u64,
        mut bytes: Bytes,
    ) -> Result<(), PumpEnd> {
        if !header.is_data() {
            return self.write(bytes).await;
        }
        if offset == 0 {
            self.begun += 1;
            self.strike(Boundary::Before).await?;
        }
        // Every frame has at least two header bytes, so the middle is neither its start nor its end.
        let middle = header.length / 2;
        let end = offset + bytes.len() as u64;
        if offset < middle && middle <= end {
            let first_half = bytes.split_to(usize::try_from(middle - offset).unwrap_or(bytes.len()));
            self.write(first_half).await?;
            self.strike(Boundary::Inside).await?;
        }
        self.write(bytes).await?;
        if end == header.length {
            let (connection, direction) = (self.connection, self.direction);
            self.shared.record(Event::Frame { connection, direction, frame: self.begun - 1, header });
            self.strike(Boundary::After).await?;
        }
        Ok(())
    }

    /// Carries out the faults of this place, in the order given.
    async fn strike(&mut self, boundary: Boundary) -> Result<(), PumpEnd> {
        let frame = self.begun - 1;
        let here = |fault: &Fault| fault.frame == frame && fault.boundary == boundary;
        while let Some(place) = self.faults.iter().position(here) {
            let fault = self.faults.remove(place);
            self.shared.record(Event::Faulted { connection: self.connection, fault: fault.clone() });
            match fault.action {
                Action::Cut => return Err(PumpEnd::Cut),
                Action::Reset => return Err(PumpEnd::Reset),
                Action::HalfOpen => return Err(PumpEnd::HalfOpen),
                Action::Delay(pause) => wait(pause).await,
                Action::Garbage(bytes) => self.write(bytes).await?,
                Action::Throttle { bytes, every } => self.throttle = Some((bytes.max(1), every)),
            }
        }
        Ok(())
    }

    async fn write(&mut self, mut bytes: Bytes) -> Result<(), PumpEnd> {
        while !bytes.is_empty() {
            self.released().await;
            let portion = self.throttle.map_or(bytes.len(), |(portion, _)| portion.min(bytes.len()));
            self.target.write_all(&bytes.split_to(portion)).await?;
            self.shared.count_bytes(portion);
            if let Some((_, every)) = self.throttle {
                wait(every).await;
            }
        }
        Ok(())
    }

    /// Returns at once unless the proxy is held.
    async fn released(&mut self) {
        // The sender outlives the connection; if it were gone, there would be nobody left to hold us.
        let _ = self.control.wait_for(|control| !control.held).await;
    }
}

impl From<io::Error> for PumpEnd {
    fn from(error: io::Error) -> Self {
        Self::Failed(error.kind())
    }
}

#[expect(clippy::disallowed_methods, reason = "a delay is what was ordered; the only wait of the proxy")]
async fn wait(pause: Duration) {
    tokio::time::sleep(pause).await;
}
