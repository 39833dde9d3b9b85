//! Ham on a real conductor. One conductor serves all tests that leave it alive; each test has an app of its own on it.

mod bad_input;
mod calls;
mod grants;
mod keystore;
mod links;
mod nonces;
mod signals;
mod support;
mod wire_captures;
