//! Signs the calls of a window, with the key of its agent.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use holochain_nonce::fresh_nonce;
use holochain_types::prelude::{
    CapSecret, CellId, ExternIO, FunctionName, Timestamp, ZomeCallParams, ZomeName,
};
use serde::Deserialize;

use super::serving::Serving;
use crate::problem::Problem;

/// Where calls are signed.
pub(super) const PATH: &str = "/__ham/sign";

/// A call as the client hands it over, in MessagePack; its argument is already encoded.
#[derive(Debug, Deserialize)]
struct Asked {
    cell_id: CellId,
    zome_name: ZomeName,
    fn_name: FunctionName,
    payload: ExternIO,
    #[serde(default)]
    cap_secret: Option<CapSecret>,
}

/// The signature, followed by the bytes that it signs.
pub(super) async fn sign(State(serving): State<Arc<Serving>>, body: Body) -> Result<Response, Problem> {
    let refused = |why: &dyn std::fmt::Display| {
        Problem::new(StatusCode::BAD_REQUEST, "bad-request", "The call cannot be signed").detail(why)
    };
    let body = serving.bodies.read(body, MAX_CALL, SLOWEST).await?;
    let asked: Asked = rmp_serde::from_slice(&body.bytes).map_err(|why| refused(&why))?;
    let (nonce, expires_at) = fresh_nonce(Timestamp::now()).map_err(|why| refused(&why))?;
    let Asked { cell_id, zome_name, fn_name, payload, cap_secret } = asked;
    let provenance = serving.agent.clone();
    let params =
        ZomeCallParams { provenance, cell_id, zome_name, fn_name, cap_secret, payload, nonce, expires_at };
    let bytes = ExternIO::encode(&params).map_err(|why| refused(&why))?.into_vec();
    let signature = serving.observer.sign(&serving.agent, &holo_hash::sha2_512(&bytes)).await?;
    let signed = [&signature.0[..], &bytes].concat();
    let answer = ([(header::CONTENT_TYPE, "application/octet-stream")], signed).into_response();
    Ok(body.until_sent(answer))
}

/// How many bytes a call with its argument may have: as many as a conductor accepts in a frame, since browsers send a call as one frame.
pub(super) const MAX_CALL: usize = 16 << 20;
/// How long it may take to arrive.
const SLOWEST: Duration = Duration::from_secs(30);
