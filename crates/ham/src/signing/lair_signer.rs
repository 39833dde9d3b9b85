//! The cells' own keys, in a keystore: a second persistent connection with its own state.

use std::sync::Arc;
use std::time::Duration;

use ham_persistent::{
    AttemptError, Cause, Config, ConnectError, Connection, Connector, Permanence, Persistent, Randomness,
};
use holochain_zome_types::prelude::{AgentPubKey, Signature};
use tokio::sync::watch;
use tokio::time::Instant;

use super::keystore::{Keystore, KeystoreLink, KeystoreRefusal};
use crate::error::{SigningError, SigningStep};

/// How long a keystore may take to answer before its link is taken for dead: it answers in a millisecond, and unlocking, which takes
/// a second of argon2, happens only while dialling.
const KEYSTORE_ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a dial may take, the unlock included.
const KEYSTORE_DIAL_TIMEOUT: Duration = Duration::from_secs(30);

/// A live, unlocked keystore link. The client below cannot tell that its socket died, so the first unanswered request ends the link.
#[derive(Clone)]
struct Link {
    keystore: Arc<dyn KeystoreLink>,
    ended: watch::Sender<Option<String>>,
}

impl Connection for Link {
    type Cause = String;

    async fn closed(&self) -> String {
        let mut ended = self.ended.subscribe();
        match ended.wait_for(Option::is_some).await {
            Ok(cause) => cause.clone().unwrap_or_default(),
            Err(_) => "dropped".into(),
        }
    }

    async fn close(&self) {
        // Bounded: a dead keystore does not help to end its link.
        let _ = tokio::time::timeout(KEYSTORE_ANSWER_TIMEOUT, self.keystore.shutdown()).await;
        self.end("closed");
    }
}

impl Link {
    fn end(&self, cause: &str) {
        self.ended.send_if_modified(|ended| match ended {
            Some(_) => false,
            None => {
                *ended = Some(cause.to_owned());
                true
            }
        });
    }

    async fn answers(&self) -> bool {
        matches!(tokio::time::timeout(KEYSTORE_ANSWER_TIMEOUT, self.keystore.hello()).await, Ok(Ok(())))
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
struct KeystoreConnector {
    keystore: Arc<dyn Keystore>,
}

impl Connector for KeystoreConnector {
    /// Where it is, fit to be shown.
    type Address = String;
    type Connection = Link;
    type Error = SigningError;

    async fn address(&mut self) -> Result<String, SigningError> {
        Ok(self.keystore.url())
    }

    async fn connect(&mut self, url: &String) -> Result<Link, SigningError> {
        let unreachable = |why| SigningError::KeystoreUnreachable { url: url.clone(), why };
        match tokio::time::timeout(KEYSTORE_DIAL_TIMEOUT, self.keystore.connect()).await {
            Ok(Ok(keystore)) => Ok(Link { keystore, ended: watch::Sender::new(None) }),
            Ok(Err(KeystoreRefusal::BadPassphrase)) => Err(SigningError::BadPassphrase { url: url.clone() }),
            Ok(Err(KeystoreRefusal::Unreachable(why))) => Err(unreachable(why)),
            Err(_) => Err(unreachable(format!("no answer within {KEYSTORE_DIAL_TIMEOUT:?}"))),
        }
    }
}

/// What a keystore signs to prove that it can. It is shorter than the hash of any call, so its signature is good for nothing else.
const PROOF: &[u8] = b"ham: it signs";

fn timed_out(step: SigningStep, began: Instant) -> SigningError {
    SigningError::TimedOut { step, after: began.elapsed() }
}

fn key_of(agent: &AgentPubKey) -> Result<[u8; 32], SigningError> {
    agent.get_raw_32().try_into().map_err(|_| SigningError::NoKey("the agent key is not 32 bytes".into()))
}

/// Signs in a keystore.
pub(crate) struct LairSigner {
    link: Persistent<KeystoreConnector>,
    /// Where it is, fit to be shown.
    pub(super) url: String,
}

impl LairSigner {
    pub(super) fn new(keystore: Arc<dyn Keystore>, config: Config, jitter: Randomness) -> Self {
        let url = keystore.url();
        let connector = KeystoreConnector { keystore };
        let link = Persistent::builder("lair keystore", connector).config(config).randomness(jitter).spawn();
        Self { link, url }
    }

    /// Signs something harmless with the agent's key, which shows that the keystore is reachable, is unlocked and holds the key. One
    /// attempt: it fails if the keystore is away now.
    pub(super) async fn prove(&self, agent: &AgentPubKey, deadline: Instant) -> Result<(), SigningError> {
        let began = Instant::now();
        let link = match tokio::time::timeout_at(deadline, self.dialled()).await {
            Ok(Ok(link)) => link,
            Ok(Err(AttemptError::FailedToConnect(error))) => return Err((*error).clone()),
            Ok(Err(AttemptError::Closed(_))) => return Err(SigningError::Closed),
            Err(_) => return Err(timed_out(SigningStep::KeystoreDial, began)),
        };
        match ask(&link, key_of(agent)?, PROOF.into(), deadline).await? {
            Some(_) => Ok(()),
            None if Instant::now() >= deadline => Err(timed_out(SigningStep::Keystore, began)),
            None => Err(SigningError::KeystoreUnreachable {
                url: self.url.clone(),
                why: "it was reached, and then gave no signature".into(),
            }),
        }
    }

    /// Waits for the keystore within the deadline. Signing twice is harmless, so if a link dies, its replacement is asked again.
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
            if let Some(signature) = ask(&link, key, hash.clone(), deadline).await? {
                return Ok(signature);
            }
            if Instant::now() >= deadline {
                return Err(timed_out(SigningStep::Keystore, began));
            }
        }
    }

    /// The live link. A refused passphrase is reported at once, even if it was refused earlier: that does not heal.
    async fn link(&self, deadline: Instant) -> Result<Link, SigningError> {
        let began = Instant::now();
        if let Some(refused) = self.refused() {
            return Err(refused);
        }
        let live = async {
            loop {
                match self.dialled().await {
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
            Err(_) => Err(match self.link.state().borrow().cause() {
                Some(why) => {
                    SigningError::KeystoreUnreachable { url: self.url.clone(), why: why.to_string() }
                }
                None => timed_out(SigningStep::KeystoreDial, began),
            }),
        }
    }

    /// What the last attempt said about the passphrase, between attempts.
    fn refused(&self) -> Option<SigningError> {
        let state = self.link.state();
        let state = state.borrow();
        let Some(Cause::AttemptFailed(failure)) = state.cause() else { return None };
        let error = failure.error().downcast_ref::<SigningError>()?;
        matches!(error, SigningError::BadPassphrase { .. }).then(|| error.clone())
    }

    /// The link, or why the current attempt, or the next one, gave none. Never a dead link that the engine has not missed yet: asking
    /// it again and again would keep the engine from noticing.
    async fn dialled(&self) -> Result<Link, AttemptError<SigningError>> {
        loop {
            let turned = self.link.turned();
            let link = self.link.connected_or_failed_to_connect().await?;
            if link.ended.borrow().is_none() {
                return Ok(link);
            }
            turned.await;
        }
    }

    pub(super) fn begin_close(&self) {
        // The returned future only waits.
        drop(self.link.close());
    }

    pub(super) async fn close(&self) {
        self.link.close().await;
    }
}

/// One signature on one link; `None` if the link gave none and was ended.
async fn ask(
    link: &Link,
    key: [u8; 32],
    hash: Arc<[u8]>,
    deadline: Instant,
) -> Result<Option<Signature>, SigningError> {
    let answer_by = Instant::now() + KEYSTORE_ANSWER_TIMEOUT;
    match tokio::time::timeout_at(deadline.min(answer_by), link.keystore.sign(key, hash)).await {
        Ok(Ok(signature)) => return Ok(Some(Signature(signature))),
        // A keystore that still answers has refused this key; one that does not is gone.
        Ok(Err(error)) => match tokio::time::timeout_at(deadline, link.answers()).await {
            Ok(true) => return Err(SigningError::NoKey(error)),
            Ok(false) => link.end(&error),
            Err(_) => {}
        },
        // A caller's short deadline says nothing about the keystore.
        Err(_) if Instant::now() < answer_by => {}
        Err(_) => link.end("no answer"),
    }
    Ok(None)
}
