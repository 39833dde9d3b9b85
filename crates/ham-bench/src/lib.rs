//! What the benches share: the servers they all talk to, the protocol of the session bench, the raw clients, the load.

mod alarm;
mod client;
mod crates;
mod echo;
mod envelope;
mod load;
mod open_files;
mod quantiles;
pub mod relaxed;
mod stub;
mod upgrade;
mod zome;

pub use alarm::{Farewell, Sentinel};
pub use client::{Encoded, Envelopes, NoInbox, Outgoing, Skipped};
pub use crates::{Fast, Tungstenite027, Tungstenite030, Websockets};
pub use echo::EchoServer;
pub use load::{
    DEADLINE, IN_FLIGHT, PAYLOADS, batch, bytes_value, configured, in_one_task, in_tasks, pipelined, runtime,
};
pub use open_files::allow_open_files;
pub use quantiles::Quantiles;
pub use stub::{APP_ID, StubConductor, ZOME_ANSWER, cell_id};
pub use zome::{ham_call, ham_client, ham_config, ham_config_without_admin, upstream_call, upstream_client};
