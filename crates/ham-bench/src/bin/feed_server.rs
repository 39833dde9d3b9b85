//! The feed server of the `feed` bench, in a process of its own so that its memory can be read: `FeedServer` and the one
//! route that publishes, as `ham-feed`'s `tests/hierachain/server.py` has it.

use std::error::Error;
use std::time::Duration;

use axum::routing::post;
use axum::serve::ListenerExt as _;
use axum::{Json, Router};
use ham_feed::server::{FeedServer, FeedServerConfig};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpStream;

#[derive(Deserialize)]
struct Publish {
    chain_name: String,
    data: Value,
    count: usize,
}

/// The readers of the bench count frames and answer no pings: nobody is dropped for it while it runs.
const NEVER: Duration = Duration::from_secs(3600);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let feed = FeedServer::new(FeedServerConfig::default().with_ping(NEVER, NEVER))?;
    let publishing = feed.clone();
    let publish = async move |Json(asked): Json<Publish>| {
        let mut subscribers = 0;
        for _ in 0..asked.count {
            subscribers = publishing.publish_block(&asked.chain_name, &asked.data);
        }
        Json(json!({ "subscribers": subscribers }))
    };
    let router = Router::new().merge(feed.router()).route("/ham/publish", post(publish));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on {}", listener.local_addr()?.port());
    axum::serve(listener.tap_io(without_delay), router).await?;
    Ok(())
}

/// As the peer's server has it: a message must not wait for the acknowledgement of the one before.
fn without_delay(stream: &mut TcpStream) {
    stream.set_nodelay(true).expect("a live socket");
}
