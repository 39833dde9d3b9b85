//! A gateway and a real `nats-server`: what is in the stream, whatever is killed, and calls that come over NATS.

#![expect(clippy::unwrap_used, reason = "what unwraps here fails the test")]

mod calls;
#[path = "../http/client.rs"]
#[expect(dead_code, reason = "the requests' tests use all of it")]
mod client;
mod cluster;
mod figures;
mod follow;
mod kills;
#[path = "../feed/lists.rs"]
mod lists;
mod outages;
mod publishing;
mod rivals;
mod secure;
mod server;
mod stage;
mod stream;
mod wire;
