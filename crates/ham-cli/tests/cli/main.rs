//! The binary without a conductor, or with the embedded one.

#![expect(clippy::unwrap_used, reason = "what unwraps here fails the test")]

mod bad_input;
mod cancelling;
mod completions;
mod credentials;
mod dev;
mod envelopes;
mod feeds;
mod following;
mod gateway;
mod gateway_paths;
mod gateway_ports;
mod hc;
mod keeping;
mod lost;
mod making;
mod manual;
mod measuring;
mod misplaced;
mod nats;
#[expect(dead_code, reason = "the gateway's tests use all of it")]
#[path = "../../../ham-gateway/tests/nats/server.rs"]
mod nats_server;
mod own;
mod running;
mod signals;
mod steering;
mod streams;
#[path = "../support/mod.rs"]
mod support;
mod trust;
mod usage;
mod waiting;
