//! JSON envelopes over one WebSocket: for clients that call, get answers and receive signals over one connection.

mod calls;
mod connect;
mod exchange;
mod handler;
mod push;
mod routes;

pub(crate) use routes::routes;
