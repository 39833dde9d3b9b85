//! The Rust client of the HieraChain document as it stands there, with the one import its text forgets.

use futures_util::SinkExt as _;

include!("../tests/examples/client.rs");
