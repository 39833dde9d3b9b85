//! The addresses of `holochain_http_gateway`: a request to one is a call like any other, and is answered as that
//! gateway would answer.

mod address;
mod allowed;
mod call;
mod cells;
mod payload;
mod refusal;

pub(crate) use allowed::Allowed;
pub(crate) use call::routes;
pub(crate) use cells::Cells;
