//! What happens in the cells of an embedded conductor, as whoever follows the gateway's feed is told of it.

#![expect(clippy::unwrap_used, reason = "what unwraps here fails the test")]

#[path = "../http/client.rs"]
#[expect(dead_code, reason = "the requests' tests use all of it")]
mod client;
mod documented;
mod envelopes;
mod following;
mod lists;
mod missed;
#[path = "../../../ham-feed/tests/support/python.rs"]
mod python;
mod stage;
mod streams;

use stage::must;
