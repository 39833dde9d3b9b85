//! One connection of a server: upgraded or not, then treated as its behaviour says.

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::StatusCode;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use super::behaviour::Behaviour;
use super::event::ServerEvent;
use super::message::Message;
use super::peer::Peer;
use super::upgrade::Upgrade;
use crate::events::EventLog;

/// How the connections of a server are treated.
#[derive(Debug)]
pub(super) struct Service {
    /// The behaviour of the n-th connection; the last one repeats.
    pub(super) behaviours: Vec<Behaviour>,
    pub(super) log: EventLog<ServerEvent>,
    /// The connections that the test drives.
    pub(super) driven: mpsc::Sender<Peer>,
}

impl Service {
    /// One connection, from its first byte to its end.
    pub(super) async fn serve(&self, connection: u64, stream: TcpStream) {
        let last = self.behaviours.len().saturating_sub(1);
        let nth = usize::try_from(connection).map_or(last, |nth| nth.min(last));
        let behaviour = self.behaviours.get(nth).cloned().unwrap_or(Behaviour::Echo);
        self.treat(connection, stream, behaviour).await;
        self.log.record(ServerEvent::Ended { connection });
    }

    async fn treat(&self, connection: u64, stream: TcpStream, behaviour: Behaviour) {
        let refused = match behaviour {
            // The stream must stay open, so it is moved into a wait that only the server's end ends.
            Behaviour::NeverUpgrade => return hold_open(stream).await,
            Behaviour::RefuseUpgrade { status } => Some(status),
            _ => None,
        };
        // Batching would hide the order in which answers were written; if this fails, they merely come later.
        let _ = stream.set_nodelay(true);
        let Some((upgrade, socket)) = accept_upgrade(stream, refused).await else { return };
        self.log.record(ServerEvent::Upgraded { connection, upgrade: upgrade.clone() });
        match behaviour {
            Behaviour::Driven => {
                // A full queue drops the peer, which drops the connection, as documented.
                let _ = self.driven.try_send(Peer { connection, upgrade, socket });
            }
            Behaviour::Deaf => hold_open(socket).await,
            other => {
                // A failing socket ends the connection; it is for the client under test to notice.
                let _ = self.converse(connection, socket, other).await;
            }
        }
    }

    async fn converse(
        &self,
        connection: u64,
        mut socket: WebSocketStream<TcpStream>,
        behaviour: Behaviour,
    ) -> Result<(), tungstenite::Error> {
        let mut left = match behaviour {
            Behaviour::CloseAfter { messages, .. } | Behaviour::DropAfter { messages } => Some(messages),
            _ => None,
        };
        while left != Some(0) {
            let Some(message) = socket.next().await.transpose()? else { return Ok(()) };
            let Some(message) = Message::from_wire(message) else { continue };
            self.log.record(ServerEvent::Received { connection, message: message.clone() });
            let answers = match &behaviour {
                Behaviour::Answer(answering) => answering.answers(message),
                Behaviour::Silent => Vec::new(),
                _ => vec![message],
            };
            for answer in answers {
                socket.send(answer.into_wire()).await?;
            }
            left = left.map(|left| left - 1);
        }
        if let Behaviour::CloseAfter { code, .. } = behaviour {
            socket.close(Some(CloseFrame { code: code.into(), reason: "".into() })).await?;
            while socket.next().await.transpose()?.is_some() {}
        }
        Ok(())
    }
}

async fn hold_open<T>(_held: T) {
    std::future::pending().await
}

async fn accept_upgrade(
    stream: TcpStream,
    refused: Option<u16>,
) -> Option<(Upgrade, WebSocketStream<TcpStream>)> {
    let mut seen = None;
    #[expect(clippy::result_large_err, reason = "the signature is tungstenite's")]
    let callback = |request: &Request, response: Response| {
        seen = Some(Upgrade::of(request));
        let Some(status) = refused else { return Ok(response) };
        let mut refusal = ErrorResponse::new(None);
        *refusal.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Err(refusal)
    };
    let accepted = tokio_tungstenite::accept_hdr_async(stream, callback).await;
    accepted.ok().and_then(|socket| Some((seen?, socket)))
}
