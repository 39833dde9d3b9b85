//! A connection of a client that wants to know how each of its requests was answered.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{Request, header};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use crate::Failure;

pub(crate) struct Client {
    address: SocketAddr,
    sender: SendRequest<Full<Bytes>>,
    /// Its connection; ends with this.
    _running: JoinSet<()>,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        let mut running = JoinSet::new();
        running.spawn(async {
            // Whoever asks next is told.
            let _ = connection.await;
        });
        Ok(Self { address, sender, _running: running })
    }

    pub(crate) async fn get(&mut self, path: &str, until: Instant) -> Result<u16, Failure> {
        let request = Request::get(path).header(header::HOST, self.address.to_string());
        self.send(request.body(Full::default())?, until).await
    }

    /// Under a key of the gateway and one of the call.
    pub(crate) async fn post(
        &mut self,
        path: &str,
        key: &str,
        call: &str,
        body: String,
        until: Instant,
    ) -> Result<u16, Failure> {
        let request = Request::post(path)
            .header(header::HOST, self.address.to_string())
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::AUTHORIZATION, format!("Bearer {key}"))
            .header("idempotency-key", call);
        self.send(request.body(Full::from(body))?, until).await
    }

    async fn send(&mut self, request: Request<Full<Bytes>>, until: Instant) -> Result<u16, Failure> {
        let asked = async {
            let answer = self.sender.send_request(request).await?;
            let status = answer.status().as_u16();
            answer.into_body().collect().await?;
            Ok(status)
        };
        timeout_at(until, asked).await?
    }
}
