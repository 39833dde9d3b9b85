//! Bodies of requests: each is read within a length and a time, all of them together within a number of bytes.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The bytes that the bodies of a server may take together. A clone counts together with its original.
#[derive(Clone, Debug)]
pub struct Bodies {
    room: Arc<Semaphore>,
    most: u32,
}

/// A body that has arrived. It takes up its room until it is dropped.
#[derive(Debug)]
pub struct Received {
    /// The whole of it.
    pub bytes: Bytes,
    /// Its share of the bytes for all bodies.
    pub room: Room,
}

/// The room of one body, until this is dropped.
#[derive(Debug)]
pub struct Room(
    #[expect(dead_code, reason = "it is given back when it is dropped")] Option<OwnedSemaphorePermit>,
);

/// Why a body could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BodyError {
    /// It broke off.
    #[error("the body broke off")]
    Broken {
        /// How.
        #[source]
        source: axum::Error,
    },
    /// Other bodies took up all the room for as long as this one could wait.
    #[error("other bodies took all of the {most} bytes that there are for them, for {after:?}")]
    Busy {
        /// Bytes for all bodies.
        most: usize,
        /// How long it waited.
        after: Duration,
    },
    /// It has more bytes than a body may have.
    #[error("the body has more than {limit} bytes")]
    TooLarge {
        /// How many a body may have.
        limit: usize,
    },
    /// It did not arrive in time.
    #[error("the body did not come within {after:?}")]
    TooSlow {
        /// How long it was waited for.
        after: Duration,
    },
}

impl Bodies {
    /// This many bytes for all bodies that are read or worked on at a time.
    #[must_use]
    pub fn of(bytes: usize) -> Self {
        let most = u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX).max(1);
        Self { room: Arc::new(Semaphore::new(most as usize)), most }
    }

    /// Reads a body. One of 64 KiB or less needs no room: there are no more of those than connections. Larger ones wait
    /// for their room before a byte is read, in the order in which they came: as many bytes as they declare, or `limit`
    /// if they declare nothing.
    ///
    /// # Errors
    /// See [`BodyError`]; `time` covers waiting and reading together.
    ///
    /// # Cancel safety
    /// Dropping the future gives its room back; the rest of the body is not read.
    pub async fn read(&self, body: Body, limit: usize, time: Duration) -> Result<Received, BodyError> {
        let said = body.size_hint().upper().map_or(limit, |said| usize::try_from(said).unwrap_or(usize::MAX));
        if said > limit {
            return Err(BodyError::TooLarge { limit });
        }
        let until = tokio::time::Instant::now() + time;
        let room = if said <= FREE {
            None
        } else {
            let units = u32::try_from(said.div_ceil(UNIT)).unwrap_or(u32::MAX).min(self.most);
            let waiting = Arc::clone(&self.room).acquire_many_owned(units);
            match tokio::time::timeout_at(until, waiting).await {
                Ok(room) => room.ok(),
                Err(_) => return Err(BodyError::Busy { most: self.most as usize * UNIT, after: time }),
            }
        };
        let reading = tokio::time::timeout_at(until, whole(body, said, limit));
        let bytes = reading.await.map_err(|_| BodyError::TooSlow { after: time })??;
        Ok(Received { bytes, room: Room(room) })
    }
}

impl Received {
    /// Keeps the room until the response is sent: for a body as large as its answer. The response is then sent in chunks.
    #[must_use]
    pub fn until_sent(self, response: Response) -> Response {
        let room = self.room;
        response.map(|body| {
            Body::from_stream(body.into_data_stream().map(move |part| {
                let _ = &room;
                part
            }))
        })
    }
}

async fn whole(body: Body, said: usize, limit: usize) -> Result<Bytes, BodyError> {
    let mut parts = body.into_data_stream();
    // Memory that is not written to takes no room.
    let mut whole = BytesMut::with_capacity(said);
    while let Some(part) = parts.next().await {
        let part = part.map_err(|source| BodyError::Broken { source })?;
        if whole.len() + part.len() > limit {
            return Err(BodyError::TooLarge { limit });
        }
        whole.extend_from_slice(&part);
    }
    Ok(whole.freeze())
}

/// Bytes of a body that needs no room.
const FREE: usize = 64 << 10;
/// The unit in which room is counted.
const UNIT: usize = 1 << 10;

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::stream;

    use super::*;

    const LONG: Duration = Duration::from_secs(30);

    /// A body that never ends.
    fn endless(begins: usize) -> Body {
        let first = stream::iter([Ok::<_, Infallible>(Bytes::from(vec![0; begins]))]);
        Body::from_stream(first.chain(stream::pending()))
    }

    /// Forty unfinished bodies took 700 MB.
    #[tokio::test(start_paused = true)]
    async fn unfinished_bodies_take_what_there_is_and_hold_up_no_small_one() {
        let bodies = Bodies::of(1 << 20);
        let started = tokio::time::Instant::now();
        let slow = async {
            let read = bodies.read(endless(900 << 10), 1 << 20, LONG).await;
            assert!(matches!(read, Err(BodyError::TooSlow { .. })), "{read:?}");
        };
        let waiting = async {
            let read = bodies.read(endless(1), 1 << 20, LONG / 2).await;
            assert!(matches!(read, Err(BodyError::Busy { most: 0x10_0000, .. })), "{read:?}");
        };
        let small = async {
            let read = bodies.read(Body::from(vec![1; FREE]), 1 << 20, LONG).await.expect("it is read");
            assert_eq!((read.bytes.len(), started.elapsed()), (FREE, Duration::ZERO));
        };
        tokio::join!(slow, waiting, small);
        let read = bodies.read(Body::from(vec![1; 1 << 20]), 1 << 20, LONG).await.expect("the room is back");
        assert_eq!(read.bytes.len(), 1 << 20);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_is_as_long_as_it_may_be_whatever_it_says() {
        let bodies = Bodies::of(1 << 20);
        for body in [Body::from(vec![0; 101]), endless(101)] {
            let read = bodies.read(body, 100, LONG).await;
            assert!(matches!(read, Err(BodyError::TooLarge { limit: 100 })), "{read:?}");
        }
    }

    /// Forty signed calls whose answers nobody read would take as much as forty bodies that never arrive.
    #[tokio::test(start_paused = true)]
    async fn an_answer_takes_the_room_until_it_is_sent() {
        let bodies = Bodies::of(FREE * 2);
        let read = bodies.read(Body::from(vec![1; FREE * 2]), 1 << 20, LONG).await.expect("it is read");
        let answer = read.until_sent(Response::new(Body::from("signed")));
        let next = bodies.read(Body::from(vec![1; FREE * 2]), 1 << 20, LONG).await;
        assert!(matches!(next, Err(BodyError::Busy { .. })), "{next:?}");
        assert_eq!(axum::body::to_bytes(answer.into_body(), 100).await.expect("it is sent"), "signed");
        bodies.read(Body::from(vec![1; FREE * 2]), 1 << 20, LONG).await.expect("the room is back");
    }
}
