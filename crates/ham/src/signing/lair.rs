//! The cells' own keys, in a lair keystore: a second persistent connection with its own state.

use std::sync::Arc;
use std::time::Duration;

use ham_persistent::{AttemptError, Config, ConnectError, Connection, Connector, Permanence, Persistent};
use holochain_zome_types::prelude::{AgentPubKey, Signature};
use lair_keystore_api::config::get_server_pub_key_from_connection_url;
use lair_keystore_api::ipc_keystore_connect;
use lair_keystore_api::lair_client::LairClient;
use tokio::sync::watch;
use tokio::time::Instant;

use super::LairSigning;
use crate::config::shown_url;
use crate::error::{SigningError, SigningStep};

/// How long a keystore may take to answer before its link is taken for dead: it answers in a millisecond, and an
/// unlock, which takes a second of argon2, is only part of dialling.
pub(crate) const KEYSTORE_ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a dial may take, the unlock included.
pub(crate) const KEYSTORE_DIAL_TIMEOUT: Duration = Duration::from_secs(30);

/// A live, unlocked keystore link. The client below cannot tell that its socket died, so the first request that gets
/// no answer ends the link.
#[derive(Clone)]
pub(crate) struct LairLink {
    client: Arc<LairClient>,
    ended: watch::Sender<Option<String>>,
}

impl Connection for LairLink {
    type Cause = String;

    async fn closed(&self) -> String {
        let mut ended = self.ended.subscribe();
        match ended.wait_for(Option::is_some).await {
            Ok(cause) => cause.clone().unwrap_or_default(),
            Err(_) => "dropped".into(),
        }
    }

    async fn close(&self) {
        // Bounded: a dead keystore does not take part in its own end.
        let _ = tokio::time::timeout(KEYSTORE_ANSWER_TIMEOUT, self.client.shutdown()).await;
        self.end("closed");
    }
}

impl LairLink {
    fn end(&self, cause: &str) {
        self.ended.send_if_modified(|ended| match ended {
            Some(_) => false,
            None => {
                *ended = Some(cause.to_owned());
                true
            }
        });
    }
}

impl ConnectError for SigningError {
    fn permanence(&self) -> Permanence {
        match self {
            Self::BadPassphrase { .. } => Permanence::Permanent,
            _ => Permanence::Transient,
        }
    }
}

/// Dials and unlocks.
struct LairConnector {
    signing: LairSigning,
}

impl Connector for LairConnector {
    type Address = url::Url;
    type Connection = LairLink;
    type Error = SigningError;

    async fn address(&mut self) -> Result<url::Url, SigningError> {
        Ok(self.signing.connection_url.clone())
    }

    async fn connect(&mut self, address: &url::Url) -> Result<LairLink, SigningError> {
        let url = || lair_url(address);
        let unlocked = ipc_keystore_connect(address.clone(), self.signing.passphrase.clone());
        match tokio::time::timeout(KEYSTORE_DIAL_TIMEOUT, unlocked).await {
            Ok(Ok(client)) => Ok(LairLink { client: Arc::new(client), ended: watch::Sender::new(None) }),
            Ok(Err(error)) => Err(refusal(url(), &error.to_string())),
            Err(_) => Err(SigningError::KeystoreUnreachable {
                url: url(),
                why: format!("no answer within {KEYSTORE_DIAL_TIMEOUT:?}"),
            }),
        }
    }
}

/// A keystore refuses a wrong passphrase with its own word, or with that of the decryption that failed on it
/// (`lair_keystore_api` 0.7.1). Everything that comes before the unlock is an error of the operating system or names the
/// server's key. Tested on a real one.
fn refusal(url: String, why: &str) -> SigningError {
    if why.contains("InvalidPassphrase") || why.contains("\"message\":\"internal\"") {
        SigningError::BadPassphrase { url }
    } else {
        SigningError::KeystoreUnreachable { url, why: why.to_owned() }
    }
}

fn lair_url(url: &url::Url) -> String {
    match url.scheme() {
        "unix" => format!("unix://{}", url.path()),
        _ => shown_url(url),
    }
}

/// What proves that a keystore signs. It is shorter than the hash of any call, so its signature is worth nothing else.
const PROOF: &[u8] = b"ham: it signs";

fn timed_out(step: SigningStep, began: Instant) -> SigningError {
    SigningError::TimedOut { step, after: began.elapsed() }
}

fn key_of(agent: &AgentPubKey) -> Result<[u8; 32], SigningError> {
    agent.get_raw_32().try_into().map_err(|_| SigningError::NoKey("the agent key is not 32 bytes".into()))
}

/// Signs in a keystore.
pub(crate) struct LairSigner {
    keystore: Persistent<LairConnector>,
    url: url::Url,
}

impl LairSigner {
    pub(super) fn new(signing: LairSigning) -> Self {
        let url = signing.connection_url.clone();
        let keystore = Persistent::spawn(
            "lair keystore",
            LairConnector { signing },
            Config::default().with_retry(crate::config::default_retry()),
        );
        Self { keystore, url }
    }

    /// Signs something harmless with the agent's key: the keystore is reached, unlocked and holds the key. One attempt: a
    /// keystore that is away now fails it.
    pub(super) async fn prove(&self, agent: &AgentPubKey, deadline: Instant) -> Result<(), SigningError> {
        let began = Instant::now();
        let dialled = self.keystore.connected_or_failed_to_connect();
        let link = match tokio::time::timeout_at(deadline, dialled).await {
            Ok(Ok(link)) => link,
            Ok(Err(AttemptError::FailedToConnect(error))) => return Err((*error).clone()),
            Ok(Err(AttemptError::Closed(_))) => return Err(SigningError::Closed),
            Err(_) => return Err(timed_out(SigningStep::KeystoreDial, began)),
        };
        match self.ask(&link, key_of(agent)?, PROOF.into(), deadline).await? {
            Some(_) => Ok(()),
            None if Instant::now() >= deadline => Err(timed_out(SigningStep::Keystore, began)),
            None => Err(SigningError::KeystoreUnreachable {
                url: lair_url(&self.url),
                why: "it was reached, and then gave no signature".into(),
            }),
        }
    }

    /// Waits for the keystore within the deadline. Signing twice is harmless, so a link that dies is replaced and
    /// asked again.
    pub(super) async fn sign(
        &self,
        agent: &AgentPubKey,
        hash: Vec<u8>,
        deadline: Instant,
    ) -> Result<Signature, SigningError> {
        let began = Instant::now();
        let key = key_of(agent)?;
        let hash: Arc<[u8]> = hash.into();
        loop {
            let link = self.link(deadline).await?;
            if let Some(signature) = self.ask(&link, key, hash.clone(), deadline).await? {
                return Ok(signature);
            }
            if Instant::now() >= deadline {
                return Err(timed_out(SigningStep::Keystore, began));
            }
        }
    }

    /// One signature on one link; `None` when the link gave none and was ended.
    async fn ask(
        &self,
        link: &LairLink,
        key: [u8; 32],
        hash: Arc<[u8]>,
        deadline: Instant,
    ) -> Result<Option<Signature>, SigningError> {
        let answer_by = deadline.min(Instant::now() + KEYSTORE_ANSWER_TIMEOUT);
        let signing = link.client.sign_by_pub_key(key.into(), None, hash);
        match tokio::time::timeout_at(answer_by, signing).await {
            Ok(Ok(signature)) => return Ok(Some(Signature(*signature.0))),
            // A keystore that still answers has refused this key; one that does not is gone.
            Ok(Err(error)) if self.answers(link).await => return Err(SigningError::NoKey(error.to_string())),
            Ok(Err(error)) => link.end(&error.to_string()),
            Err(_) => link.end("no answer"),
        }
        Ok(None)
    }

    /// The live link. A passphrase that was refused is told at once; it does not heal.
    async fn link(&self, deadline: Instant) -> Result<LairLink, SigningError> {
        let began = Instant::now();
        let live = async {
            loop {
                match self.keystore.connected_or_failed_to_connect().await {
                    Ok(link) => return Ok(link),
                    Err(AttemptError::FailedToConnect(error)) => match &*error {
                        SigningError::BadPassphrase { .. } => return Err((*error).clone()),
                        _ => tracing::debug!(event = crate::events::LAIR_UNAVAILABLE, %error),
                    },
                    Err(AttemptError::Closed(_)) => return Err(SigningError::Closed),
                }
            }
        };
        match tokio::time::timeout_at(deadline, live).await {
            Ok(result) => result,
            Err(_) => Err(match self.keystore.state().borrow().cause() {
                Some(why) => {
                    SigningError::KeystoreUnreachable { url: lair_url(&self.url), why: why.to_string() }
                }
                None => timed_out(SigningStep::KeystoreDial, began),
            }),
        }
    }

    async fn answers(&self, link: &LairLink) -> bool {
        let Ok(key) = get_server_pub_key_from_connection_url(&self.url) else { return false };
        matches!(tokio::time::timeout(KEYSTORE_ANSWER_TIMEOUT, link.client.hello(key)).await, Ok(Ok(_)))
    }

    pub(super) async fn close(&self) {
        self.keystore.close().await;
    }
}
