//! The admin interface.

/// Makes one request and takes one kind of answer.
macro_rules! ask {
    ($self:ident, $name:literal, $reconcile:expr, $request:expr, $answer:pat => $value:expr) => {{
        let response = $self.request($name, $reconcile, &$request).await?;
        match response {
            $answer => Ok($value),
            other => Err(AdminError::Answer { request: $name, source: wire::unexpected($name, &other) }),
        }
    }};
}

mod chain;
mod client;
mod dump;
mod grants;
mod pending;
mod requests;

pub(crate) use chain::{Chain, OnChain};
pub use client::Admin;
pub(crate) use grants::GRANT;
