//! The client's part of the upgrade.

use std::io;

use tokio_tungstenite::client_async_with_config;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::error::Error as WsError;
use tokio_tungstenite::tungstenite::http;

use super::errors::{dial_error, without_url};
use super::metered::Metered;
use super::{Peer, Transport, limits};
use crate::config::SessionConfig;
use crate::error::DialError;
use crate::network::Io;
use crate::target::Target;

impl Transport {
    /// Asks the server for a WebSocket.
    pub(crate) async fn upgrade(
        io: Box<dyn Io>,
        target: &Target,
        config: &SessionConfig,
    ) -> Result<Self, DialError> {
        let request = upgrade_request(target)?;
        let (socket, response) = client_async_with_config(request, Metered::new(io), Some(limits(config)))
            .await
            .map_err(dial_error)?;
        // The WebSocket crate accepts whatever the server says here (RFC 6455, 4.1, fifth check).
        if response.headers().contains_key(http::header::SEC_WEBSOCKET_EXTENSIONS) {
            let why = "the server uses an extension that was not offered";
            return Err(DialError::Upgrade(io::Error::new(io::ErrorKind::InvalidData, why)));
        }
        Ok(Self::new(socket, Peer::Server, config))
    }
}

fn upgrade_request(target: &Target) -> Result<http::Request<()>, DialError> {
    let invalid = |error: WsError| DialError::InvalidUrl { reason: without_url(&error) };
    let mut request = target.url.as_str().into_client_request().map_err(invalid)?;
    let headers = request.headers_mut();
    for (name, value) in &target.headers {
        if !OURS.contains(&name.as_str()) {
            headers.append(name.clone(), value.clone());
        }
    }
    Ok(request)
}

/// The headers that the upgrade sets itself, and the offer of extensions, of which there are none.
const OURS: [&str; 6] = [
    "host",
    "connection",
    "upgrade",
    "sec-websocket-key",
    "sec-websocket-version",
    "sec-websocket-extensions",
];
