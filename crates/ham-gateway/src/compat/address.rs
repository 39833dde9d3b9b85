//! What an address asks for.

use axum::extract::{FromRequestParts, Path};
use holochain_zome_types::prelude::DnaHash;
use http::request::Parts;
use serde::Deserialize;
use url::form_urlencoded;

use super::refusal::Refusal;

/// What an address asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) dna: DnaHash,
    pub(super) app: String,
    pub(super) zome: String,
    pub(super) function: String,
    /// As the query has it.
    pub(super) payload: Option<String>,
}

/// The parts of its path, before anything is checked. Errors name them as `holochain_http_gateway` does.
#[derive(Debug, Deserialize)]
struct Parted {
    dna_hash: String,
    coordinator_identifier: String,
    zome_name: String,
    fn_name: String,
}

impl<S: Send + Sync> FromRequestParts<S> for Address {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let path = Path::<Parted>::from_request_parts(parts, state).await;
        let Path(path) = path.map_err(|error| Refusal::malformed(ham::masked(&error.to_string())))?;
        let dna =
            DnaHash::try_from(path.dna_hash.as_str()).map_err(|_| Refusal::malformed("Invalid DNA hash"))?;
        for name in [&path.coordinator_identifier, &path.zome_name, &path.fn_name] {
            if name.chars().count() > MOST {
                return Err(Refusal::malformed(format!(
                    "Identifier {} longer than {MOST} characters",
                    ham::masked(name)
                )));
            }
        }
        let payload = payload(parts.uri.query().unwrap_or_default())?;
        let Parted { coordinator_identifier: app, zome_name: zome, fn_name: function, .. } = path;
        Ok(Self { dna, app, zome, function, payload })
    }
}

/// The payload in the query; other parameters are ignored.
fn payload(query: &str) -> Result<Option<String>, Refusal> {
    let mut payloads = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "payload");
    let payload = payloads.next().map(|(_, payload)| payload.into_owned());
    match payloads.next() {
        Some(_) => Err(Refusal::malformed("the payload is given more than once")),
        None => Ok(payload),
    }
}

/// Where functions are called.
pub(super) const ADDRESS: &str = "/{dna_hash}/{coordinator_identifier}/{zome_name}/{fn_name}";
/// In characters.
const MOST: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_stands_there_once_at_most() {
        assert_eq!(payload("").unwrap(), None);
        assert_eq!(payload("a=b").unwrap(), None);
        assert_eq!(payload("payload=").unwrap().as_deref(), Some(""));
        assert_eq!(payload("a=b&payload=bnVsbA%3D%3D").unwrap().as_deref(), Some("bnVsbA=="));
        assert!(payload("payload=a&payload=b").is_err());
    }
}
