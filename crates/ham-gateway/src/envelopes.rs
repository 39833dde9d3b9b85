//! JSON envelopes over one WebSocket: for clients that call, get answers and receive signals over one connection.

mod calls;
mod connect;
mod desk;
mod exchange;
mod push;
mod routes;

pub(crate) use routes::routes;
