//! One connection: requests are answered as they are done, a bounded number at a time.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream;
use holochain_conductor_api::ExternalApiWireError;
use holochain_serialized_bytes::{SerializedBytes, SerializedBytesError};
use holochain_websocket::{ReceiveMessage, WebsocketError, WebsocketReceiver};
use serde::de::DeserializeOwned;
use tokio_util::sync::CancellationToken;

use crate::decode::decode;

/// Answers requests until the client goes or `stop` is cancelled; `refuse` makes the answer to one that cannot be decoded.
/// A message that names no request is answered by nobody.
pub(super) async fn answer<Q, A, F>(
    receiver: WebsocketReceiver,
    stop: CancellationToken,
    delay: impl Fn() -> Duration + Send + Sync + 'static,
    refuse: impl Fn(ExternalApiWireError) -> A + Send + Sync + 'static,
    handle: impl Fn(Q) -> F + Send + Sync + 'static,
) where
    Q: DeserializeOwned + Debug + Send,
    A: Debug,
    SerializedBytes: TryFrom<A, Error = SerializedBytesError>,
    F: Future<Output = A> + Send,
{
    let requests = stream::unfold(receiver, async |mut receiver| {
        loop {
            match receiver.recv::<Shallow<Q>>().await {
                Ok(message) => return Some((message, receiver)),
                // It is in the log already.
                Err(WebsocketError::Deserialize(_)) => {}
                Err(error) => {
                    tracing::debug!(%error, "a connection ended");
                    return None;
                }
            }
        }
    });
    let (handle, delay, refuse) = (Arc::new(handle), Arc::new(delay), Arc::new(refuse));
    let all = requests.for_each_concurrent(CONCURRENT_REQUESTS, |message| {
        let (handle, delay, refuse) = (Arc::clone(&handle), Arc::clone(&delay), Arc::clone(&refuse));
        async move {
            let (answer, respond) = match message {
                ReceiveMessage::Request(Shallow(request), respond) => (handle(request).await, respond),
                ReceiveMessage::BadRequest(respond) => (refuse(malformed()), respond),
                ReceiveMessage::Authenticate(_) | ReceiveMessage::Signal(_) => {
                    tracing::warn!("a client sent what is no request");
                    return;
                }
            };
            hold_back(delay()).await;
            if let Err(error) = respond.respond(answer).await {
                tracing::debug!(%error, "an answer could not be sent");
            }
        }
    });
    stop.run_until_cancelled(Box::pin(all)).await;
}

/// A message as [`decode`] reads it.
#[derive(Debug)]
pub(super) struct Shallow<Q>(pub(super) Q);

impl<Q: DeserializeOwned> TryFrom<SerializedBytes> for Shallow<Q> {
    type Error = SerializedBytesError;

    fn try_from(bytes: SerializedBytes) -> Result<Self, SerializedBytesError> {
        decode(bytes.bytes()).map(Self)
    }
}

/// The text tells nothing of the request: it may hold a secret.
fn malformed() -> ExternalApiWireError {
    ExternalApiWireError::Deserialization("Failed to deserialize request".to_owned())
}

#[expect(clippy::disallowed_methods, reason = "a test asked for answers that are late")]
async fn hold_back(delay: Duration) {
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
}

/// Requests of one connection that are worked on at a time, as in `holochain` 0.7.1.
const CONCURRENT_REQUESTS: usize = 128;
