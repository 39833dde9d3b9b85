//! JSON envelopes over one WebSocket: for those who ask, are answered and are told of signals on one connection.

mod calls;
mod connect;
mod desk;
mod exchange;
mod push;
mod routes;

pub(crate) use routes::routes;
