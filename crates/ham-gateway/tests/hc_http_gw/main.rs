//! The addresses of `holochain_http_gateway` 0.4.1, asked of both gateways: what its own tests ask and hear, and what differs.
//!
//! `HAM_HC_HTTP_GW` names the other gateway's binary. Without it this one is compared with what the other was recorded to answer.

#![expect(clippy::unwrap_used, reason = "what unwraps here fails the test")]

mod asking;
mod cases;
mod names;
mod outage;
mod stage;
