//! The connection to NATS. `async-nats` keeps it up: it redials for ever, and subscribes again.

use std::sync::Arc;
use std::time::Duration;

use async_nats::connection::State;
use async_nats::{Client, ConnectOptions, Event};
use tokio::sync::watch;
use tokio::time::Instant;

use super::secrets::Secrets;
use super::status::NatsStatus;
use crate::config::Nats;

/// A connection, which may be down.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) client: Client,
    /// How often it came up; changes with the connection.
    changed: watch::Receiver<u64>,
}

impl Link {
    /// Begins to dial; does not wait for the server. Up to this many messages of a subscription wait to be read;
    /// further ones are lost.
    ///
    /// # Errors
    /// Why something that the configuration names cannot be used.
    pub(super) async fn dial(
        config: &Nats,
        secrets: Secrets,
        name: &str,
        waiting: usize,
        status: Arc<NatsStatus>,
    ) -> Result<Self, String> {
        let (told, changed) = watch::channel(0);
        let options = ConnectOptions::new()
            .name(name)
            .retry_on_initial_connect()
            .ping_interval(PING_INTERVAL)
            .request_timeout(Some(config.acknowledge_within))
            .client_capacity(WAITING)
            .subscription_capacity(waiting)
            .event_callback(move |event| {
                let (status, told) = (Arc::clone(&status), told.clone());
                async move {
                    let comes_up = matches!(event, Event::Connected);
                    match event {
                        Event::Connected => status.connected(true),
                        Event::Disconnected | Event::Closed => status.connected(false),
                        Event::SlowConsumer(_) => status.dropped(),
                        other => status.failed(&other.to_string()),
                    }
                    told.send_modify(|times| *times += u64::from(comes_up));
                }
            });
        let options = match &config.ca_file {
            Some(file) => options.add_root_certificates(file.clone()),
            None => options,
        };
        let options = match secrets {
            Secrets::None => options,
            Secrets::Credentials(text) => {
                options.credentials(&text).map_err(|_| "credentials_file holds no credentials".to_owned())?
            }
            Secrets::Nkey(seed) => options.nkey(seed),
            Secrets::Token(token) => options.token(token),
            Secrets::Password(user, password) => options.user_and_password(user, password),
        };
        let urls: Vec<String> = config.urls.iter().map(ToString::to_string).collect();
        let client = options.connect(urls).await.map_err(|error| error.to_string())?;
        Ok(Self { client, changed })
    }

    /// Resolves once the server is reached.
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub(super) async fn connected(&mut self) {
        while self.client.connection_state() != State::Connected {
            // The client reports changes through a bounded queue, which may drop some: so the state is checked
            // regularly as well.
            let _ = tokio::time::timeout_at(Instant::now() + LOOK_EVERY, self.changed.changed()).await;
        }
    }

    /// How often it came up.
    pub(super) fn times(&self) -> u64 {
        *self.changed.borrow()
    }

    /// Resolves once the connection is another one than that of this count.
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub(super) async fn is_another_than(&self, times: u64) {
        // If nobody can report changes any more, it has ended.
        let _ = self.changed.clone().wait_for(|now| *now != times).await;
    }
}

/// Commands to the server that wait in memory.
const WAITING: usize = 1024;
/// A server that disappears silently is noticed after two of these.
const PING_INTERVAL: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(250);
