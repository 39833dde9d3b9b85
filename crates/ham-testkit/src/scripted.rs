//! A connector that does what a script says, to test the state machine and whatever stands on it without a socket.

use std::collections::VecDeque;
use std::fmt;
use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ham_persistent::{ConnectError, Connection, Connector, Permanence};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::transcript::Transcript;

/// A connector and the script it follows, which notes every call in `transcript`.
///
/// ```
/// use ham_persistent::{Config, Persistent};
/// use ham_testkit::scripted::{Attempt, scripted};
/// use ham_testkit::transcript::Transcript;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), ham_persistent::Closed> {
/// let transcript = Transcript::new();
/// let (connector, script) = scripted(&transcript);
/// script.push(Attempt::accepted().at("peer:1"));
/// let persistent = Persistent::spawn("peer", connector, Config::default());
/// persistent.connected().await?;
/// assert_eq!(transcript.events(), ["address", "dial peer:1", "link 1 up"]);
/// # Ok(())
/// # }
/// ```
#[must_use]
pub fn scripted(transcript: &Transcript) -> (ScriptedConnector, Script) {
    let pages = Pages { queue: VecDeque::new(), otherwise: Attempt::hanging(), links: Vec::new() };
    let script = Script { transcript: transcript.clone(), pages: Arc::new(Mutex::new(pages)) };
    (ScriptedConnector { script: script.clone(), current: Attempt::hanging() }, script)
}

/// What a [`ScriptedConnector`] does. Clones are the same script.
#[derive(Clone, Debug)]
pub struct Script {
    transcript: Transcript,
    pages: Arc<Mutex<Pages>>,
}

#[derive(Debug)]
struct Pages {
    queue: VecDeque<Attempt>,
    otherwise: Attempt,
    links: Vec<ScriptedLink>,
}

impl Script {
    /// Adds an attempt to those that are to come.
    pub fn push(&self, attempt: Attempt) {
        self.pages().queue.push_back(attempt);
    }

    /// What every attempt does that was not pushed; unless set, it hangs.
    pub fn otherwise(&self, attempt: Attempt) {
        self.pages().otherwise = attempt;
    }

    /// The `number`-th link, counted from 1.
    ///
    /// # Panics
    /// If there were fewer.
    #[must_use]
    pub fn link(&self, number: usize) -> ScriptedLink {
        let pages = self.pages();
        let link = number.checked_sub(1).and_then(|index| pages.links.get(index));
        link.unwrap_or_else(|| panic!("no link {number}, there were {}", pages.links.len())).clone()
    }

    /// How many links there were.
    #[must_use]
    pub fn links(&self) -> usize {
        self.pages().links.len()
    }

    /// How many links neither side has ended.
    #[must_use]
    pub fn open_links(&self) -> usize {
        self.pages().links.iter().filter(|link| link.is_open()).count()
    }

    fn next(&self) -> Attempt {
        let mut pages = self.pages();
        pages.queue.pop_front().unwrap_or_else(|| pages.otherwise.clone())
    }

    fn establish(&self, close_takes: Duration) -> ScriptedLink {
        let mut pages = self.pages();
        let number = pages.links.len() + 1;
        let link = ScriptedLink {
            number,
            close_takes,
            end: Arc::new(watch::Sender::new(None)),
            transcript: self.transcript.clone(),
        };
        pages.links.push(link.clone());
        self.transcript.note(format_args!("link {number} up"));
        link
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one attempt does.
#[derive(Clone, Debug)]
pub struct Attempt {
    address: Result<String, ScriptedError>,
    takes: Duration,
    close_takes: Duration,
    ending: Ending,
}

#[derive(Clone, Debug)]
enum Ending {
    Accepted,
    Gated(Gate),
    Hanging,
    Refused(ScriptedError),
}

impl Attempt {
    /// Connects at once.
    #[must_use]
    pub fn accepted() -> Self {
        Self::new(Ending::Accepted)
    }

    /// Connects when `gate` is opened.
    #[must_use]
    pub fn gated(gate: &Gate) -> Self {
        Self::new(Ending::Gated(gate.clone()))
    }

    /// Obtains its address and then never ends.
    #[must_use]
    pub fn hanging() -> Self {
        Self::new(Ending::Hanging)
    }

    /// Fails to connect at once.
    #[must_use]
    pub fn refused(text: &str) -> Self {
        Self::new(Ending::Refused(ScriptedError::new(text, Permanence::Transient)))
    }

    /// Fails to connect at once, in a way that the same attempt would always fail.
    #[must_use]
    pub fn refused_for_good(text: &str) -> Self {
        Self::new(Ending::Refused(ScriptedError::new(text, Permanence::Permanent)))
    }

    /// Fails to obtain an address.
    #[must_use]
    pub fn without_address(text: &str) -> Self {
        let error = ScriptedError::new(text, Permanence::Transient);
        Self { address: Err(error), ..Self::new(Ending::Hanging) }
    }

    /// Dials here instead of at `a`.
    #[must_use]
    pub fn at(mut self, address: &str) -> Self {
        self.address = Ok(address.to_owned());
        self
    }

    /// Takes this long between the address and its end.
    #[must_use]
    pub fn taking(mut self, takes: Duration) -> Self {
        self.takes = takes;
        self
    }

    /// Closing its link takes this long.
    #[must_use]
    pub fn closing_in(mut self, takes: Duration) -> Self {
        self.close_takes = takes;
        self
    }

    fn new(ending: Ending) -> Self {
        Self { address: Ok("a".to_owned()), takes: Duration::ZERO, close_takes: Duration::ZERO, ending }
    }
}

/// Holds an attempt up until it is opened.
#[derive(Clone, Debug)]
pub struct Gate {
    open: Arc<watch::Sender<bool>>,
}

impl Gate {
    /// A closed gate.
    #[must_use]
    pub fn new() -> Self {
        Self { open: Arc::new(watch::Sender::new(false)) }
    }

    /// Lets the attempt through, and every later one.
    pub fn open(&self) {
        self.open.send_replace(true);
    }

    async fn passed(&self) {
        // The sender is owned by this very gate.
        let _ = self.open.subscribe().wait_for(|open| *open).await;
    }
}

impl Default for Gate {
    fn default() -> Self {
        Self::new()
    }
}

/// Dials as its [`Script`] says.
#[derive(Debug)]
pub struct ScriptedConnector {
    script: Script,
    current: Attempt,
}

impl Connector for ScriptedConnector {
    type Address = String;
    type Connection = ScriptedLink;
    type Error = ScriptedError;

    async fn address(&mut self) -> Result<String, ScriptedError> {
        self.script.transcript.note("address");
        self.current = self.script.next();
        self.current.address.clone()
    }

    async fn connect(&mut self, address: &String) -> Result<ScriptedLink, ScriptedError> {
        self.script.transcript.note(format_args!("dial {address}"));
        let mut abandoned = Abandoned { transcript: Some(self.script.transcript.clone()) };
        let attempt = self.current.clone();
        if !attempt.takes.is_zero() {
            tokio::time::sleep_until(Instant::now() + attempt.takes).await;
        }
        let ended = match attempt.ending {
            Ending::Accepted => Ok(self.script.establish(attempt.close_takes)),
            Ending::Gated(gate) => {
                gate.passed().await;
                Ok(self.script.establish(attempt.close_takes))
            }
            Ending::Hanging => pending().await,
            Ending::Refused(error) => Err(error),
        };
        abandoned.transcript = None;
        ended
    }
}

/// Notes a dial that was dropped before its end.
struct Abandoned {
    transcript: Option<Transcript>,
}

impl Drop for Abandoned {
    fn drop(&mut self) {
        if let Some(transcript) = &self.transcript {
            transcript.note("dial abandoned");
        }
    }
}

/// A link of a [`ScriptedConnector`].
#[derive(Clone)]
pub struct ScriptedLink {
    number: usize,
    close_takes: Duration,
    end: Arc<watch::Sender<Option<LinkEnd>>>,
    transcript: Transcript,
}

impl ScriptedLink {
    /// Its place among its script's links, counted from 1.
    #[must_use]
    pub fn number(&self) -> usize {
        self.number
    }

    /// Whether neither side has ended it.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.end.borrow().is_none()
    }

    /// Ends it as the peer or the network does.
    pub fn lose(&self, why: &str) {
        self.end_with(LinkEnd::Lost { why: why.to_owned() });
    }

    fn end_with(&self, end: LinkEnd) {
        self.end.send_if_modified(|ended| {
            let first = ended.is_none();
            if first {
                *ended = Some(end);
            }
            first
        });
    }
}

impl Connection for ScriptedLink {
    type Cause = LinkEnd;

    async fn closed(&self) -> LinkEnd {
        let mut end = self.end.subscribe();
        match end.wait_for(Option::is_some).await {
            Ok(end) => end.clone().unwrap_or(LinkEnd::ClosedHere),
            // The sender is owned by this very link.
            Err(_) => LinkEnd::ClosedHere,
        }
    }

    async fn close(&self) {
        self.transcript.note(format_args!("link {} close", self.number));
        if !self.close_takes.is_zero() {
            tokio::time::sleep_until(Instant::now() + self.close_takes).await;
        }
        self.end_with(LinkEnd::ClosedHere);
        self.transcript.note(format_args!("link {} closed", self.number));
    }
}

impl fmt::Debug for ScriptedLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScriptedLink")
            .field("number", &self.number)
            .field("open", &self.is_open())
            .finish_non_exhaustive()
    }
}

/// Links are equal when they are the same one.
impl PartialEq for ScriptedLink {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.end, &other.end)
    }
}

/// Why a [`ScriptedLink`] ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkEnd {
    /// This side closed it.
    ClosedHere,
    /// The peer or the network ended it.
    Lost {
        /// What the test said.
        why: String,
    },
}

impl fmt::Display for LinkEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClosedHere => f.write_str("closed here"),
            Self::Lost { why } => f.write_str(why),
        }
    }
}

/// Why a scripted attempt failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct ScriptedError {
    text: String,
    permanence: Permanence,
}

impl ScriptedError {
    /// An error that renders as `text`.
    #[must_use]
    pub fn new(text: &str, permanence: Permanence) -> Self {
        Self { text: text.to_owned(), permanence }
    }
}

impl ConnectError for ScriptedError {
    fn permanence(&self) -> Permanence {
        self.permanence
    }
}
