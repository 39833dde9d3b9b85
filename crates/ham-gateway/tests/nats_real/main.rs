//! A gateway between a real conductor and a real `nats-server`: what is in the stream when the conductor is killed.

#![expect(clippy::unwrap_used, reason = "what unwraps here fails the test")]

#[path = "../http/client.rs"]
#[expect(dead_code, reason = "the requests' tests use all of it")]
mod client;
mod kill;
#[path = "../feed/lists.rs"]
#[expect(dead_code, reason = "the embedded conductor has an observer of its chains")]
mod lists;
#[path = "../nats/server.rs"]
#[expect(dead_code, reason = "the tests with the embedded conductor use all of it")]
mod server;
mod stage;
#[path = "../nats/stream.rs"]
#[expect(dead_code, reason = "the tests with the embedded conductor use all of it")]
mod stream;
