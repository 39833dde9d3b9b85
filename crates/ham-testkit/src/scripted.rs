//! A connector that follows a script, to test the state machine and whatever is built on it without a socket.

use std::collections::VecDeque;
use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ham_persistent::Connector;
use tokio::time::Instant;

use crate::transcript::Transcript;

mod attempt;
mod error;
mod link;

use attempt::Ending;
pub use attempt::{Attempt, Gate};
pub use error::ScriptedError;
pub use link::{LinkEnd, ScriptedLink};

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
    let state = ScriptState { queue: VecDeque::new(), otherwise: Attempt::hanging(), links: Vec::new() };
    let script = Script { transcript: transcript.clone(), state: Arc::new(Mutex::new(state)) };
    (ScriptedConnector { script: script.clone(), current: Attempt::hanging() }, script)
}

/// What a [`ScriptedConnector`] does. Clones are the same script.
#[derive(Clone, Debug)]
pub struct Script {
    transcript: Transcript,
    state: Arc<Mutex<ScriptState>>,
}

#[derive(Debug)]
struct ScriptState {
    queue: VecDeque<Attempt>,
    otherwise: Attempt,
    links: Vec<ScriptedLink>,
}

impl Script {
    /// Adds an attempt to those still to come.
    pub fn push(&self, attempt: Attempt) {
        self.state().queue.push_back(attempt);
    }

    /// What every attempt does beyond the pushed ones; unless set, it hangs.
    pub fn otherwise(&self, attempt: Attempt) {
        self.state().otherwise = attempt;
    }

    /// The `number`-th link, counted from 1.
    ///
    /// # Panics
    /// If there were fewer.
    #[must_use]
    pub fn link(&self, number: usize) -> ScriptedLink {
        let state = self.state();
        let link = number.checked_sub(1).and_then(|index| state.links.get(index));
        link.unwrap_or_else(|| panic!("no link {number}, there were {}", state.links.len())).clone()
    }

    /// How many links there were.
    #[must_use]
    pub fn links(&self) -> usize {
        self.state().links.len()
    }

    /// How many links neither side has ended.
    #[must_use]
    pub fn open_links(&self) -> usize {
        self.state().links.iter().filter(|link| link.is_open()).count()
    }

    fn next(&self) -> Attempt {
        let mut state = self.state();
        state.queue.pop_front().unwrap_or_else(|| state.otherwise.clone())
    }

    fn establish(&self, close_takes: Duration) -> ScriptedLink {
        let mut state = self.state();
        let number = state.links.len() + 1;
        let link = ScriptedLink::new(number, close_takes, self.transcript.clone());
        state.links.push(link.clone());
        self.transcript.note(format_args!("link {number} up"));
        link
    }

    fn state(&self) -> MutexGuard<'_, ScriptState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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
