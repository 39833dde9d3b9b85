//! The feed: what happens in the cells, told to everybody who follows it.

mod backfill;
mod block;
mod cells;
mod chains;
mod event;
mod followers;
mod hub;
#[cfg(feature = "nats")]
mod list;
mod pump;
mod routes;
mod seen_blocks;
mod stream;

pub(crate) use hub::Feed;
#[cfg(feature = "nats")]
pub(crate) use hub::{CellChain, CellChains};
#[cfg(feature = "nats")]
pub(crate) use list::List;
pub(crate) use pump::pump;
pub(crate) use routes::routes;
