//! What became of a call: every case in which an answer was untrue, and its siblings, on a conductor that follows a script.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

#[path = "../fake/mod.rs"]
#[expect(dead_code, reason = "the other tests use the rest")]
mod fake;

mod clones;
mod effect;
mod fences;
mod journal;
mod lanes;
mod options;
mod readiness;
mod reinstalled;
mod rounds;
mod settled;
mod uninstalled;

use std::time::Duration;

use ham::{
    CallError, CallOptions, CallPolicy, Fenced, MAX_RESUMES, Outcome, PersistentHam, PersistentHamConfig,
    SignedCall, UnknownCall,
};
use ham_testkit::wait::pass;
use holochain_zome_types::prelude::ExternIO;
use tokio::sync::mpsc;

use fake::link::{AppLink, Arrived, Nonces, Scripted};

/// Long enough for a loaded machine: running into it means a hang.
const TIMEOUT: Duration = Duration::from_secs(60);

fn options() -> CallOptions {
    CallOptions::default().with_deadline(TIMEOUT)
}

async fn call(ham: &PersistentHam, function: &str, options: CallOptions) -> Result<String, CallError> {
    ham.call_zome_with("role", "zome", function, (), options).await
}

async fn prepare(ham: &PersistentHam, function: &str) -> SignedCall {
    ham.prepare("role", "zome", function, (), TIMEOUT).await.unwrap()
}

async fn send(ham: &PersistentHam, call: &SignedCall, options: CallOptions) -> Result<String, CallError> {
    ham.send_signed(call, options).await.map(text)
}

fn text(output: ExternIO) -> String {
    output.decode().unwrap()
}

/// What the hook is told.
struct Told(mpsc::Receiver<UnknownCall>);

impl Told {
    fn of(config: PersistentHamConfig) -> (PersistentHamConfig, Self) {
        let (sender, told) = mpsc::channel(64);
        (config.with_on_unknown(move |call| sender.try_send(call.clone()).unwrap()), Self(told))
    }

    async fn next(&mut self) -> UnknownCall {
        self.0.recv().await.unwrap()
    }

    /// All that it was told and was not looked at.
    fn rest(&mut self) -> Vec<UnknownCall> {
        std::iter::from_fn(|| self.0.try_recv().ok()).collect()
    }
}

/// Which call it is.
fn nonce(call: &SignedCall) -> [u8; 32] {
    let nonce = serde_json::to_value(call).unwrap()["nonce"].take();
    serde_json::from_value(nonce).unwrap()
}

/// A call as a later process reads it.
fn from_journal(call: &SignedCall) -> SignedCall {
    serde_json::from_str(&serde_json::to_string(call).unwrap()).unwrap()
}

/// Fences a call on a link, where the conductor has seen these nonces.
async fn fenced(ham: &PersistentHam, call: &SignedCall, link: &mut AppLink, nonces: &mut Nonces) -> Fenced {
    let answering = async {
        let fence = link.call().await;
        assert_eq!(fence.nonce(), nonce(call), "a fence has its call's nonce");
        link.run(&fence, nonces).await;
        std::future::pending().await
    };
    tokio::select! {
        fenced = ham.fence(call, None) => fenced.unwrap(),
        () = answering => unreachable!("it answers until the fence is done"),
    }
}

fn nonces(calls: &[Arrived]) -> Vec<[u8; 32]> {
    calls.iter().map(Arrived::nonce).collect()
}
