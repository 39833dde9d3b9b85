//! The wire between a gateway and its server, which can be cut.

use std::net::SocketAddr;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// What it does with connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wire {
    Up(u64),
    Down,
}

/// Hands on bytes, until it is cut. Dropping it ends it.
pub(crate) struct Cable {
    pub(crate) address: SocketAddr,
    state: watch::Sender<Wire>,
    _serving: JoinSet<()>,
}

impl Cable {
    pub(crate) async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = watch::Sender::new(Wire::Up(0));
        let mut watched = state.subscribe();
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (mut near, _) = listener.accept().await.unwrap();
                let now = *watched.borrow_and_update();
                if now == Wire::Down {
                    continue;
                }
                let mut cut = watched.clone();
                connections.spawn(async move {
                    let Ok(mut far) = TcpStream::connect(("127.0.0.1", port)).await else { return };
                    tokio::select! {
                        _ = copy_bidirectional(&mut near, &mut far) => {}
                        _ = cut.wait_for(|state| *state != now) => {}
                    }
                });
            }
        });
        Self { address, state, _serving: serving }
    }

    pub(crate) fn url(&self) -> String {
        format!("nats://{}", self.address)
    }

    /// Cuts all connections; others can be made.
    pub(crate) fn cut(&self) {
        self.state.send_modify(|state| {
            *state = match *state {
                Wire::Up(n) => Wire::Up(n + 1),
                Wire::Down => Wire::Up(0),
            };
        });
    }

    /// Cuts all connections, and takes no others.
    pub(crate) fn down(&self) {
        self.state.send_replace(Wire::Down);
    }
}
