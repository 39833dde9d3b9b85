//! One proxied connection: reach the server, run both pumps, obey the commands, close.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::watch;

use super::event::{EndCause, Event};
use super::fault::Direction;
use super::pump::{Pump, PumpEnd};
use super::shared::{Control, Shared};

/// How long reaching the upstream server may take before the client is cut off ([`EndCause::Unreachable`]).
pub const UPSTREAM_TIMEOUT: Duration = Duration::from_secs(5);

/// Runs a connection to its end and records why it ended, after its sockets are closed. `then` is the state of the commands when it
/// was accepted: later cuts apply to it, earlier ones do not.
pub(super) async fn run(connection: u64, client: TcpStream, then: Control, shared: Arc<Shared>) {
    let cause = tokio::select! {
        // The command first: it must win over traffic that is always ready.
        biased;
        cause = commanded(shared.control.subscribe(), then) => {
            close(cause, client, None);
            cause
        }
        reached = reach(then) => match reached {
            Ok(server) => {
                shared.record(Event::Reached { connection, upstream: then.upstream });
                proxy(connection, client, server, then, &shared).await
            }
            Err(failed) => {
                close(EndCause::Reset, client, None);
                EndCause::Unreachable(failed.kind())
            }
        },
    };
    shared.record(Event::Ended { connection, cause });
}

async fn reach(then: Control) -> io::Result<TcpStream> {
    let server = tokio::time::timeout(UPSTREAM_TIMEOUT, TcpStream::connect(then.upstream)).await??;
    server.set_nodelay(true)?;
    Ok(server)
}

/// Resolves when a command ends the connection.
async fn commanded(mut control: watch::Receiver<Control>, then: Control) -> EndCause {
    let ends = |now: &Control| now.stopped || now.cuts > then.cuts || now.resets > then.resets;
    match control.wait_for(ends).await.map(|now| *now) {
        Ok(now) if now.resets > then.resets => EndCause::Reset,
        Ok(now) if now.cuts > then.cuts => EndCause::Cut,
        Ok(_) | Err(_) => EndCause::Stopped,
    }
}

async fn proxy(
    connection: u64,
    mut client: TcpStream,
    mut server: TcpStream,
    then: Control,
    shared: &Shared,
) -> EndCause {
    // A proxy that batches small writes would add delays that the link does not have; if this fails, the bytes merely come later.
    let _ = client.set_nodelay(true);
    let cause = {
        let (from_client, to_client) = client.split();
        let (from_server, to_server) = server.split();
        let requests = Pump::new(connection, Direction::ToServer, from_client, to_server, shared);
        let answers = Pump::new(connection, Direction::ToClient, from_server, to_client, shared);
        tokio::select! {
            biased;
            cause = commanded(shared.control.subscribe(), then) => cause,
            cause = both(requests, answers) => cause,
        }
    };
    close(cause, client, Some(server));
    cause
}

/// Runs both directions until both finished, or one ends the connection.
async fn both(requests: Pump<'_>, answers: Pump<'_>) -> EndCause {
    let (requests, answers) = (requests.run(), answers.run());
    tokio::pin!(requests, answers);
    // Fair on purpose: neither direction may starve the other.
    let (first, requests_ended) = tokio::select! {
        end = &mut requests => (end, true),
        end = &mut answers => (end, false),
    };
    let end = match first {
        PumpEnd::Finished if requests_ended => answers.await,
        PumpEnd::Finished => requests.await,
        fatal => fatal,
    };
    match end {
        PumpEnd::Finished => EndCause::Finished,
        PumpEnd::Cut => EndCause::Cut,
        PumpEnd::Reset => EndCause::Reset,
        PumpEnd::Failed(kind) => EndCause::Io(kind),
        // Both sockets stay open, unread, until a command ends this future.
        PumpEnd::HalfOpen => std::future::pending().await,
    }
}

fn close(cause: EndCause, client: TcpStream, server: Option<TcpStream>) {
    if cause == EndCause::Reset {
        // Failure means that the peer is already gone.
        let _ = client.set_zero_linger();
        let _ = server.map(|server| server.set_zero_linger());
    }
}
