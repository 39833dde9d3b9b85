//! A client that runs, a server whose other end the test holds, and a recording handler.

#![allow(clippy::allow_attributes, dead_code, reason = "each test file uses a part of it")]
#![expect(clippy::unwrap_used, reason = "a test helper fails its test by panicking")]

pub(crate) mod load;
pub(crate) mod serving;

use std::time::Duration;

use ham_envelope::{Client, Config, ConnectEvent, Envelope, Events, Handler, Incoming, RunError};
use ham_testkit::server::{Behaviour, Message, Peer, Server};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub(crate) use ham_testkit::wait::{BOUND, must};

/// A client that runs in a task of the test's.
pub(crate) struct Running {
    pub(crate) client: Client,
    pub(crate) cancel: CancellationToken,
    pub(crate) task: JoinHandle<Result<(), RunError>>,
}

impl Running {
    #[expect(clippy::disallowed_methods, reason = "a test owns its tasks")]
    pub(crate) fn start(config: Config, handler: impl Handler) -> Self {
        let client = Client::new(config, handler).unwrap();
        let cancel = CancellationToken::new();
        let (running, cancelled) = (client.clone(), cancel.clone());
        let task = tokio::spawn(async move { running.run(cancelled).await });
        Self { client, cancel, task }
    }

    pub(crate) async fn stop(self) {
        self.cancel.cancel();
        must(self.task).await.unwrap().unwrap();
    }
}

pub(crate) fn config(url: &str) -> Config {
    Config::new(url.parse().unwrap()).with_endpoint(|endpoint| {
        endpoint.with_reconnect_delays(Duration::from_millis(1), Duration::from_millis(20))
    })
}

/// A server all of whose connections the test holds.
pub(crate) async fn driven() -> Server {
    Server::start([Behaviour::Driven]).await.unwrap()
}

/// A server that answers each request with its own payload, in an envelope of the kind `answer`.
pub(crate) async fn answering() -> Server {
    Server::start([answers()]).await.unwrap()
}

pub(crate) fn answers() -> Behaviour {
    Behaviour::answer(|message| match message {
        Message::Text(text) => Some(Message::Text(answer_to(&text))),
        Message::Binary(_) => None,
    })
}

pub(crate) fn answer_to(text: &str) -> String {
    let request = Envelope::from_json(text).unwrap();
    let mut answer = request.reply("answer");
    answer.payload = request.payload;
    answer.to_json().unwrap()
}

/// A handler that hands on everything.
pub(crate) fn recorder() -> (impl Handler, mpsc::Receiver<Incoming>) {
    let (sender, receiver) = mpsc::channel(4096);
    let handler = move |incoming| {
        let sender = sender.clone();
        async move { sender.send(incoming).await.unwrap_or(()) }
    };
    (handler, receiver)
}

/// A handler for tests that send it nothing.
pub(crate) fn deaf() -> impl Handler {
    |_: Incoming| std::future::ready(())
}

pub(crate) async fn next(events: &mut Events) -> ConnectEvent {
    must(events.next()).await.unwrap()
}

pub(crate) async fn envelope(peer: &mut Peer) -> Envelope {
    match peer.receive().await.unwrap() {
        Message::Text(text) => Envelope::from_json(&text).unwrap(),
        Message::Binary(_) => panic!("a binary frame"),
    }
}

pub(crate) async fn say(peer: &mut Peer, envelope: &Envelope) {
    peer.send(Message::Text(envelope.to_json().unwrap())).await.unwrap();
}
