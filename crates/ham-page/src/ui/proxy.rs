//! Passes on a page of another server on this machine, including what follows an upgrade, because bundlers use that to tell their
//! pages about changes.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use url::Url;

use super::environment::put_into;
use super::serving::{Serving, UiSource};
use crate::problem::Problem;

pub(super) async fn pass(State(serving): State<Arc<Serving>>, request: Request) -> Result<Response, Problem> {
    let UiSource::Server(server) = &serving.source else { return Ok(StatusCode::NOT_FOUND.into_response()) };
    ask(server, request).await.map_err(|error| {
        Problem::new(StatusCode::BAD_GATEWAY, "ui-unreachable", "The server of the page does not answer")
            .detail(format!("{server}: {error}"))
    })
}

type Failed = Box<dyn std::error::Error + Send + Sync>;

async fn ask(server: &Url, mut request: Request) -> Result<Response, Failed> {
    let host = server.host_str().unwrap_or("localhost");
    let port = server.port_or_known_default().unwrap_or(80);
    let stream = TcpStream::connect((host.trim_matches(['[', ']']), port)).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    run(connection.with_upgrades());
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
    *request.uri_mut() = Uri::try_from(path)?;
    let headers = request.headers_mut();
    headers.insert(header::HOST, HeaderValue::from_str(&format!("{host}:{port}"))?);
    if headers.contains_key(header::ORIGIN) {
        headers.insert(header::ORIGIN, HeaderValue::from_str(&format!("http://{host}:{port}"))?);
    }
    // The page is examined, so it must not be compressed.
    headers.remove(header::ACCEPT_ENCODING);
    let ours = hyper::upgrade::on(&mut request);
    let mut answer = sender.send_request(request).await?;
    if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
        let theirs = hyper::upgrade::on(&mut answer);
        run(async move {
            let (Ok(ours), Ok(theirs)) = tokio::join!(ours, theirs) else { return };
            let _ = tokio::io::copy_bidirectional(&mut TokioIo::new(ours), &mut TokioIo::new(theirs)).await;
        });
        return Ok(answer.map(|_| Body::empty()));
    }
    let is_page = answer
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if !is_page {
        return Ok(answer.map(Body::new));
    }
    let (mut parts, body) = answer.into_parts();
    let page = put_into(Body::new(body)).await?;
    for changed in [header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::ETAG] {
        parts.headers.remove(changed);
    }
    Ok(Response::from_parts(parts, page))
}

/// Runs the task that carries an answer: it ends with either side's connection, as the handlers of requests do.
#[expect(clippy::disallowed_methods, reason = "its owner is the connection of the browser")]
fn run<T: Send + 'static>(carrying: impl Future<Output = T> + Send + 'static) {
    tokio::spawn(carrying);
}
