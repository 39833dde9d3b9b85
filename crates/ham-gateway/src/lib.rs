#![doc = include_str!("../README.md")]

mod apps;
mod auth;
mod browser;
mod call;
pub mod config;
mod directory;
mod envelopes;
mod error;
mod feed;
mod functions;
mod gateway;
pub mod headers;
mod health;
mod kind;
mod life;
mod live;
pub mod metrics;
pub mod outbox;
mod outcome;
mod page;
mod problem;
mod request;
mod retry;
mod serve;
mod status;
pub mod systemd;
mod tls;

pub use auth::{BadKeys, NewKey, Scope};
pub use config::Config;
pub use error::StartError;
pub use functions::{Function, KeyRule};
pub use kind::{Kind, PROBLEMS_URL};
pub use outcome::{KeyFate, OutcomeWord, Told};
pub use problem::Problem;
pub use retry::Retry;
pub use serve::Server;
