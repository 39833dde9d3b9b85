//! A server of ours that runs.

use std::net::SocketAddr;

use ham_envelope::{ConfigError, Handler, Incoming, Router, ServerConfig, serve};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{BOUND, must};

/// A server of ours in a task of the test's.
pub(crate) struct Serving {
    pub(crate) address: SocketAddr,
    pub(crate) stop: CancellationToken,
    task: JoinHandle<Result<(), ConfigError>>,
}

impl Serving {
    #[expect(clippy::disallowed_methods, reason = "a test owns its tasks")]
    pub(crate) async fn start(config: ServerConfig, handler: impl Handler) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
        let task = tokio::spawn(serve(listener, handler, config, stop.clone()));
        Self { address, stop, task }
    }

    pub(crate) fn url(&self) -> String {
        format!("ws://{}/", self.address)
    }

    pub(crate) fn abort(&self) {
        self.task.abort();
    }

    pub(crate) async fn stop(self) {
        self.stop.cancel();
        must(self.task).await.unwrap().unwrap();
    }
}

/// Answers `ask` with its payload, and `turn` with what the asker answers to the same question.
pub(crate) fn echo() -> Router {
    let turned = |incoming| async move {
        if let Incoming::Envelope { envelope, replier } = incoming {
            let mut question = ham_envelope::Envelope::request("ask");
            question.payload = envelope.payload.clone();
            // Either can fail with the link.
            if let Ok(told) = replier.request(question, BOUND).await {
                let mut answer = envelope.reply("turned");
                answer.payload = told.payload;
                let _ = replier.reply(answer, BOUND).await;
            }
        }
    };
    asked().fallback(turned)
}

/// Answers `ask` with its payload.
pub(crate) fn asked() -> Router {
    Router::new().on("ask", |request: ham_envelope::Envelope| async move {
        let mut answer = request.reply("answer");
        answer.payload = request.payload;
        Ok::<_, String>(answer)
    })
}
