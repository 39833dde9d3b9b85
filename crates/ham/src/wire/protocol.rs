//! The protocol of one link to a conductor: its handshake, and which frame answers which request.

use std::sync::Arc;

use ham_session::{Decoded, Frame, HandshakeError, HandshakeIo, Protocol};
use holochain_conductor_api::{AdminRequest, AppAuthenticationRequest, AppInfo, AppRequest};
use tokio::sync::OnceCell;

use super::answer;
use super::codec::{Incoming, Message, classify, encode, frame};
use super::request::Request;
use crate::dialect::Release;
use crate::redact::Secret;

/// Which of a conductor's two interfaces a link talks to.
#[derive(Clone, Debug)]
pub enum Interface {
    /// The admin interface: no handshake.
    Admin,
    /// An app interface, opened by a token.
    App {
        /// The token that says which app this is for.
        token: Secret,
    },
}

/// What the handshake learned, and the conductor's release, which is found out when first needed.
#[derive(Clone, Debug)]
pub struct Welcome {
    app: Option<Box<AppInfo>>,
    /// The release that the owner names.
    named: Option<Release>,
    release: Arc<OnceCell<Release>>,
}

impl Welcome {
    /// The app behind the token, as it was when the link opened; `None` on an admin interface, which says nothing.
    pub fn app(&self) -> Option<&AppInfo> {
        self.app.as_deref()
    }

    /// The release that the owner names.
    pub(crate) fn named(&self) -> Option<Release> {
        self.named
    }

    /// The conductor's release, once it is found out.
    pub(crate) fn release(&self) -> &OnceCell<Release> {
        &self.release
    }
}

/// The protocol of one link to a conductor.
#[derive(Clone, Debug)]
pub struct ConductorProtocol {
    interface: Interface,
    /// The release that the owner names; `None` to find it out.
    release: Option<Release>,
}

impl ConductorProtocol {
    /// The protocol for `interface`.
    pub fn new(interface: Interface) -> Self {
        Self { interface, release: None }
    }

    /// Treats the conductor as one of this release; `None` finds the release out.
    #[must_use]
    pub fn with_release(mut self, release: Option<Release>) -> Self {
        self.release = release;
        self
    }

    /// Authenticates and asks for the app in one go: two small writes in one packet, one round trip.
    async fn open_app(io: &mut HandshakeIo<'_>, token: &Secret) -> Result<AppInfo, HandshakeError> {
        let auth = encode(&AppAuthenticationRequest { token: token.expose().to_vec() })
            .map_err(HandshakeError::Violation)?;
        let ask = Request::app(&AppRequest::AppInfo).map_err(HandshakeError::Violation)?;
        io.send(frame("authenticate", None, &auth).map_err(HandshakeError::Violation)?).await?;
        io.send(frame("request", Some(ask.id), &ask.body).map_err(HandshakeError::Violation)?).await?;
        loop {
            let received = io.recv().await.map_err(refused_token)?;
            match classify(received) {
                Ok(Message::Response { id, body: Some(body) }) if id == ask.id => {
                    return answer::app_info(&body).map_err(HandshakeError::Refused);
                }
                Ok(Message::Response { id, body: None }) if id == ask.id => {
                    return Err(HandshakeError::Violation(
                        "the conductor answered app info with nothing".into(),
                    ));
                }
                // Signals can overtake the answer; nobody listens yet.
                Ok(_) => {}
                Err(why) => return Err(HandshakeError::Violation(why)),
            }
        }
    }
}

/// A conductor refuses a token by closing the socket between `authenticate` and the first answer, without a word.
fn refused_token(error: HandshakeError) -> HandshakeError {
    match error {
        HandshakeError::Closed(_) | HandshakeError::Io(_) => HandshakeError::Closed(
            "the conductor closed the socket after authentication: it refused the app token (unknown, expired, \
             already used, for another app) or it is stopping"
                .into(),
        ),
        other => other,
    }
}

impl Protocol for ConductorProtocol {
    type Key = u64;
    type Out = Request;
    type In = Incoming;
    type Welcome = Welcome;

    async fn handshake(&self, io: &mut HandshakeIo<'_>) -> Result<Welcome, HandshakeError> {
        let app = match &self.interface {
            Interface::Admin => None,
            Interface::App { token } => Some(Box::new(Self::open_app(io, token).await?)),
        };
        Ok(Welcome { app, named: self.release, release: Arc::default() })
    }

    fn key_of(&self, out: &Request) -> Option<u64> {
        Some(out.id)
    }

    fn encode(&self, out: Request) -> Result<Frame, String> {
        frame("request", Some(out.id), &out.body)
    }

    fn decode(&self, frame: Frame) -> Decoded<Self> {
        match classify(frame) {
            Ok(Message::Response { id, body }) => Decoded::Response { key: id, body: Incoming::Answer(body) },
            Ok(Message::Signal(body)) => Decoded::Push(Incoming::Signal(body)),
            Err(why) => Decoded::Skip(why),
        }
    }

    fn probe(&self) -> Option<Request> {
        match &self.interface {
            Interface::App { .. } => Request::app(&AppRequest::AppInfo).ok(),
            // The one admin request without arguments that only reads memory.
            Interface::Admin => Request::admin(&AdminRequest::ListCellIds).ok(),
        }
    }
}

#[cfg(test)]
mod tests;
