//! What is asked of a conductor for the right to sign, on conductors that follow a script. What true ones do is in
//! `real/grants.rs` and `real/keystore.rs`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod budget;
#[path = "../fake/mod.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod fake;
mod keystore;
mod store;
mod uninstalled;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use fake::{Fake, Words, serve_while};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use ham::{CallError, CallOptions, ClientKeySigning, PersistentHam, ProcessMemory, Signing};
use ham_testkit::wait::pass;

const DIRECT: &str = "grant_direct_signal_capability";
const GRANT: &str = "grant_zome_call_capability";
const LIST: &str = "list_capability_grants";

/// Shorter than a grant takes to settle.
const SHORT: Duration = Duration::from_millis(600);
/// Far longer than anything here takes.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A conductor that lists no grants, and what it was asked.
async fn conductor(
    script: impl Fn(&str) -> Option<Words> + Send + Sync + 'static,
) -> (Fake, Arc<Mutex<Vec<String>>>) {
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = asked.clone();
    let fake = Fake::saying(move |request| {
        log.lock().unwrap().push(request.to_owned());
        script(request).or_else(|| (request == LIST).then(no_grants))
    });
    (fake.await, asked)
}

fn no_grants() -> Words {
    body("capability_grants_info", rmpv::Value::Array(Vec::new()))
}

fn body(kind: &str, value: rmpv::Value) -> Words {
    Words::Body(rmpv::Value::Map(vec![("type".into(), kind.into()), ("value".into(), value)]))
}

/// An error of the conductor's.
fn error(text: &str) -> Words {
    let value = vec![("type".into(), "internal_error".into()), ("value".into(), text.into())];
    body("error", rmpv::Value::Map(value))
}

const MOVED: &str = "Source chain error: Attempted to commit a bundle to the source chain, but the source chain head has moved \
                     since the bundle began.";

/// A process of its own.
fn process(fake: &Fake, keys: ClientKeySigning) -> PersistentHam {
    start(fake, Signing::ClientKeys(keys))
}

fn start(fake: &Fake, signing: Signing) -> PersistentHam {
    let config = fake::without_setup(fake.admin.address(), &fake.app);
    PersistentHam::start(config.with_signing(signing).with_memory(ProcessMemory::apart())).unwrap()
}

/// The error of a call: at best, that the script does not answer calls.
async fn call(ham: &PersistentHam, within: Duration) -> CallError {
    let options = CallOptions::default().with_deadline(within);
    ham.call_zome_with::<_, ()>("role", "zome", "function", (), options).await.unwrap_err()
}

/// It was signed and sent.
#[track_caller]
fn signed(error: &CallError) {
    assert!(matches!(error, CallError::Refused { .. }), "{error:?}");
}

/// Runs a test while the app interface serves every link.
async fn served(fake: &Fake, test: impl Future<Output = ()>) {
    served_while(fake, || true, test).await
}

/// The same of a conductor that has the app while `installed` says so.
async fn served_while(fake: &Fake, installed: impl Fn() -> bool, test: impl Future<Output = ()>) {
    let installed = &installed;
    let serving = async {
        let mut links = FuturesUnordered::new();
        loop {
            tokio::select! {
                biased;
                Some(()) = links.next(), if !links.is_empty() => {}
                peer = fake.app.next_peer() => links.push(async {
                    serve_while(&mut peer.unwrap(), installed).await;
                }),
            }
        }
    };
    tokio::select! {
        () = test => {}
        () = serving => unreachable!("it serves for ever"),
    }
}

/// The error of a call that waits for so long once it is connected.
async fn late(ham: &PersistentHam, within: Duration) -> CallError {
    ham.connected(TIMEOUT).await.unwrap();
    call(ham, within).await
}

fn count(asked: &Mutex<Vec<String>>, request: &str) -> usize {
    asked.lock().unwrap().iter().filter(|asked| *asked == request).count()
}
