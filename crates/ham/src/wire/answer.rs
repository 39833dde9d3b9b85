//! Reads what conductors answer: the only file that names upstream's response types.

use std::fmt;

use bytes::Bytes;
use holochain_conductor_api::{AdminResponse, AppInfo, AppResponse, ExternalApiWireError};
use holochain_zome_types::prelude::ExternIO;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::codec::{Incoming, decode_app, kind, shallow, unreadable};
use super::refusal::Refusal;
use crate::dialect::{Release, definition};

/// The releases of Holochain whose requests and answers ham knows.
pub const SPOKEN: &str = "Holochain 0.6, 0.7.0, 0.7.1 and 0.8-dev";

/// An answer other than the one expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAnswer {
    /// The conductor answered with an error.
    #[error(transparent)]
    Refused(Refusal),
    /// The conductor answered without a body: nothing is known about the request.
    #[error("the conductor answered without a body")]
    Empty,
    /// The answer could not be decoded.
    #[error("the conductor's answer does not decode; ham speaks {SPOKEN}: {0}")]
    Undecodable(String),
    /// The answer does not match the release that the conductor was found to have, or that the owner named.
    #[error("the conductor does not answer as Holochain {release} does: {why}")]
    OtherRelease {
        /// The release it was taken for.
        release: Release,
        /// What does not fit.
        why: String,
    },
    /// The answer is not of the kind that belongs to the request.
    #[error("expected the answer `{expected}`, got `{got}`")]
    Unexpected {
        /// The kind that was expected.
        expected: &'static str,
        /// The kind that came.
        got: String,
    },
}

/// The body of an answer.
fn body(incoming: Incoming) -> Result<Bytes, BadAnswer> {
    match incoming {
        Incoming::Answer(Some(body)) => shallow(&body).map(|()| body).map_err(BadAnswer::Undecodable),
        Incoming::Answer(None) => Err(BadAnswer::Empty),
        Incoming::Signal(_) => Err(BadAnswer::Unexpected { expected: "answer", got: "signal".into() }),
    }
}

/// An app answer that is not an error.
pub(crate) fn app_answer(incoming: Incoming) -> Result<AppResponse, BadAnswer> {
    app_response(&body(incoming)?)
}

fn app_response(body: &[u8]) -> Result<AppResponse, BadAnswer> {
    match decode_app(body).map_err(BadAnswer::Undecodable)? {
        AppResponse::Error(error) => Err(BadAnswer::Refused(Refusal::from(error))),
        response => Ok(response),
    }
}

/// An admin answer that is not an error.
pub(crate) fn admin_answer(incoming: Incoming) -> Result<AdminResponse, BadAnswer> {
    let body = body(incoming)?;
    let read = rmp_serde::from_slice(&body);
    match read.or_else(|error| definition::earlier(&body).ok_or(error)).map_err(undecodable)? {
        AdminResponse::Error(error) => Err(BadAnswer::Refused(Refusal::from(error))),
        response => Ok(response),
    }
}

fn undecodable(error: rmp_serde::decode::Error) -> BadAnswer {
    BadAnswer::Undecodable(unreadable(&error))
}

/// An answer whose format is ham's own, by its name on the wire.
pub(crate) fn named<T: DeserializeOwned>(incoming: Incoming, expected: &'static str) -> Result<T, BadAnswer> {
    let body = body(incoming)?;
    let got = answered(&body)?;
    if got != expected {
        return Err(BadAnswer::Unexpected { expected, got: got.chars().take(MAX_KIND).collect() });
    }
    rmp_serde::from_slice::<Valued<T>>(&body).map(|answer| answer.value).map_err(undecodable)
}

/// Whether a conductor could read the request that this answers.
pub(crate) fn was_read(incoming: Incoming) -> Result<bool, BadAnswer> {
    match answered(&body(incoming)?) {
        Ok(_) => Ok(true),
        Err(BadAnswer::Refused(refusal)) => Ok(!refusal.is_unreadable_request()),
        Err(other) => Err(other),
    }
}

/// The name of an answer that is not an error.
fn answered(body: &[u8]) -> Result<&str, BadAnswer> {
    match kind(body).map_err(BadAnswer::Undecodable)? {
        "error" => match rmp_serde::from_slice::<Valued<ExternalApiWireError>>(body) {
            Ok(answer) => Err(BadAnswer::Refused(Refusal::from(answer.value))),
            Err(error) => Err(undecodable(error)),
        },
        name => Ok(name),
    }
}

#[derive(Deserialize)]
struct Valued<T> {
    value: T,
}

/// More than the longest name that a conductor gives to an answer: no more than this of a peer's text is repeated.
const MAX_KIND: usize = 64;

/// The output of a zome call.
pub(crate) fn zome_output(incoming: Incoming) -> Result<ExternIO, BadAnswer> {
    let body = body(incoming)?;
    // The usual answer is read in place; upstream's tagged enum buffers it first.
    if let Ok(ZomeCalled { r#type: ZOME_CALLED, value }) = rmp_serde::from_slice(&body) {
        return Ok(ExternIO::from(value.to_vec()));
    }
    match app_response(&body)? {
        AppResponse::ZomeCalled(output) => Ok(*output),
        other => Err(unexpected(ZOME_CALLED, &other)),
    }
}

/// [`AppResponse::ZomeCalled`] as it is read.
#[derive(Deserialize)]
struct ZomeCalled<'a> {
    r#type: &'a str,
    #[serde(borrow)]
    value: &'a serde_bytes::Bytes,
}

const ZOME_CALLED: &str = "zome_called";

/// The app info of a handshake. The error is for people.
pub(crate) fn app_info(body: &[u8]) -> Result<AppInfo, String> {
    match decode_app(body).map_err(|why| BadAnswer::Undecodable(why).to_string())? {
        AppResponse::AppInfo(Some(info)) => Ok(info),
        AppResponse::AppInfo(None) => Err("the app behind the token is no longer installed".into()),
        AppResponse::Error(error) => Err(Refusal::from(error).text().to_owned()),
        other => Err(unexpected("app_info", &other).to_string()),
    }
}

/// An answer of the wrong kind, named by its first word only: bodies may hold anything.
pub(crate) fn unexpected(expected: &'static str, got: &impl fmt::Debug) -> BadAnswer {
    let got = format!("{got:?}");
    let end = got.find(|c: char| !c.is_alphanumeric()).unwrap_or(got.len());
    BadAnswer::Unexpected { expected, got: got[..end].to_owned() }
}

#[cfg(test)]
mod tests;
