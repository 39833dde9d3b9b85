//! A loopback server that the test drives by hand, and the three shapes of protocol.

#![allow(clippy::allow_attributes, dead_code, reason = "each test file uses a part of it")]
#![expect(clippy::unwrap_used, reason = "a test helper fails its test by panicking")]
#![expect(clippy::result_large_err, reason = "the server library's own signature")]

pub(crate) mod binary;
pub(crate) mod feed;
pub(crate) mod json;

use std::future::Future;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use ham_session::{DialError, Inbox, Incoming, Link, Protocol, SessionConfig, Target, dial};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, accept_hdr_async_with_config};

pub(crate) use ham_testkit::wait::must;
pub(crate) use tokio_tungstenite::tungstenite::Message;

pub(crate) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// A listener on a free port of the loopback.
pub(crate) struct Server {
    listener: TcpListener,
    tls: Option<Identity>,
}

/// A self-signed certificate for `localhost`.
#[derive(Clone)]
pub(crate) struct Identity {
    pub(crate) certificate: CertificateDer<'static>,
    acceptor: TlsAcceptor,
}

impl Identity {
    pub(crate) fn new() -> Self {
        Self::made(|_| {})
    }

    /// What `openssl req -x509` makes: marked as an authority.
    pub(crate) fn authority(change: impl FnOnce(&mut rcgen::CertificateParams)) -> Self {
        Self::made(|params| {
            params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
            change(params);
        })
    }

    fn made(change: impl FnOnce(&mut rcgen::CertificateParams)) -> Self {
        let mut params = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
        change(&mut params);
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap().der().clone();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], key)
            .unwrap();
        Self { certificate, acceptor: TlsAcceptor::from(Arc::new(config)) }
    }

    pub(crate) fn pin(&self) -> [u8; 32] {
        ring::digest::digest(&ring::digest::SHA256, &self.certificate).as_ref().try_into().unwrap()
    }
}

impl Server {
    pub(crate) async fn plain() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").await.unwrap(), tls: None }
    }

    pub(crate) async fn tls(identity: Identity) -> Self {
        Self { tls: Some(identity), ..Self::plain().await }
    }

    pub(crate) fn target(&self) -> Target {
        let scheme = if self.tls.is_some() { "wss" } else { "ws" };
        let port = self.listener.local_addr().unwrap().port();
        Target::new(format!("{scheme}://localhost:{port}/socket?token=hush").parse().unwrap())
    }

    pub(crate) async fn stream(&self) -> Option<Box<dyn Io>> {
        let (tcp, _) = self.listener.accept().await.unwrap();
        match &self.tls {
            None => Some(Box::new(tcp)),
            Some(identity) => match identity.acceptor.accept(tcp).await {
                Ok(stream) => Some(Box::new(stream)),
                Err(_) => None,
            },
        }
    }

    pub(crate) async fn accept(&self) -> Peer {
        self.accept_if(|_, response| Ok(response)).await.unwrap()
    }

    pub(crate) async fn accept_if(
        &self,
        check: impl FnOnce(&Request, Response) -> Result<Response, ErrorResponse> + Unpin,
    ) -> Option<Peer> {
        let stream = self.stream().await?;
        let mut headers = http::HeaderMap::new();
        let see = |request: &Request, response: Response| {
            headers = request.headers().clone();
            check(request, response)
        };
        let config = WebSocketConfig::default().max_message_size(None).max_frame_size(None);
        let ws = accept_hdr_async_with_config(stream, see, Some(config)).await.ok()?;
        Some(Peer { ws, headers })
    }
}

/// The server's end of one connection. It answers pings only while it is polled.
pub(crate) struct Peer {
    pub(crate) ws: WebSocketStream<Box<dyn Io>>,
    pub(crate) headers: http::HeaderMap,
}

impl Peer {
    /// The next data message or close frame.
    pub(crate) async fn recv(&mut self) -> Option<Message> {
        loop {
            match self.ws.next().await {
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(message)) => return Some(message),
                Some(Err(_)) | None => return None,
            }
        }
    }

    pub(crate) async fn send(&mut self, message: Message) {
        self.ws.send(message).await.unwrap();
    }
}

/// Records what is delivered. Bounded: a test that delivers more reads meanwhile.
pub(crate) struct Recorder<P: Protocol> {
    sender: mpsc::Sender<Incoming<P>>,
}

impl<P: Protocol> Inbox<P> for Recorder<P> {
    fn deliver(&self, _link: &Link<P>, incoming: Incoming<P>) {
        assert!(self.sender.try_send(incoming).is_ok(), "the test reads its inbox");
    }
}

pub(crate) fn recorder<P: Protocol>() -> (Arc<dyn Inbox<P>>, mpsc::Receiver<Incoming<P>>) {
    let (sender, receiver) = mpsc::channel(4096);
    (Arc::new(Recorder { sender }), receiver)
}

/// A live link, its peer and its inbox.
pub(crate) struct Rig<P: Protocol> {
    pub(crate) link: Link<P>,
    pub(crate) peer: Peer,
    pub(crate) inbox: mpsc::Receiver<Incoming<P>>,
}

/// Dials `server` while `welcome` plays the server's part of the handshake.
pub(crate) async fn rig<P: Protocol, F: Future<Output = Peer>>(
    server: &Server,
    protocol: P,
    config: &SessionConfig,
    welcome: impl FnOnce(Peer) -> F,
) -> Result<Rig<P>, DialError> {
    let (deliver, inbox) = recorder();
    let target = server.target();
    let dialled = dial(&target, Arc::new(protocol), deliver, config);
    let accepted = async { welcome(server.accept().await).await };
    let (link, peer) = tokio::join!(dialled, accepted);
    Ok(Rig { link: link?, peer, inbox })
}

/// A deadline no passing test reaches.
pub(crate) fn far() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

/// A deadline that passes during the test.
pub(crate) fn soon() -> Instant {
    Instant::now() + Duration::from_millis(5)
}

pub(crate) fn window(max: usize) -> NonZeroUsize {
    NonZeroUsize::new(max).unwrap()
}

/// Polls once: starts what a future does first, and says whether it is done.
pub(crate) async fn started<F: Future + Unpin>(future: &mut F) -> bool {
    std::future::poll_fn(|cx| std::task::Poll::Ready(std::pin::Pin::new(&mut *future).poll(cx).is_ready()))
        .await
}
