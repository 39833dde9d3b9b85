//! The caller, taken from a request.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use ham_web::{Peer, Standing};
use holochain_zome_types::prelude::Timestamp;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderMap, HeaderName};
use tokio::time::Instant;

use super::identity::{Identity, Scope};
use super::rate::Refused;
use crate::gateway::Gateway;
use crate::kind::Kind;
use crate::metrics;
use crate::problem::Problem;

/// A caller that shows a key in `Authorization`, within its rate.
#[derive(Clone, Debug)]
pub(crate) struct Caller(pub(crate) Arc<Identity>);

/// The same, or with a key in the query's `token`: for the addresses that browsers open without headers.
#[derive(Clone, Debug)]
pub(crate) struct QueryCaller(pub(crate) Arc<Identity>);

/// Marks requests that came through the operations listener.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operations;

/// The caller of an envelope: it was admitted when it connected. No client can put this on a request.
#[derive(Clone, Debug)]
pub(crate) struct Admitted(pub(crate) Arc<Identity>);

impl Caller {
    /// Refuses a caller that may not do this.
    pub(crate) fn with(self, scope: Scope) -> Result<Arc<Identity>, Problem> {
        self.with_any(&[scope])
    }

    /// Refuses a caller that has none of these scopes.
    pub(crate) fn with_any(self, scopes: &[Scope]) -> Result<Arc<Identity>, Problem> {
        may_any(&self.0, scopes)?;
        Ok(self.0)
    }
}

/// Refuses a key that has none of these scopes.
pub(crate) fn may_any(identity: &Identity, scopes: &[Scope]) -> Result<(), Problem> {
    if scopes.iter().any(|scope| identity.may(*scope)) {
        return Ok(());
    }
    let scopes: Vec<_> = scopes.iter().map(|scope| format!("`{}`", scope.word())).collect();
    let why = format!("the key {} lacks the scope {}", identity.id, scopes.join(" or "));
    Err(Problem::new(Kind::NotAllowed, why))
}

impl QueryCaller {
    /// Refuses a caller that may not do this.
    pub(crate) fn with(self, scope: Scope) -> Result<Arc<Identity>, Problem> {
        Caller(self.0).with(scope)
    }
}

impl FromRequestParts<Arc<Gateway>> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, gateway: &Arc<Gateway>) -> Result<Self, Problem> {
        identity(parts, gateway, bearer(&parts.headers)?).map(Self)
    }
}

impl FromRequestParts<Arc<Gateway>> for QueryCaller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, gateway: &Arc<Gateway>) -> Result<Self, Problem> {
        let token = match bearer(&parts.headers)? {
            Some(key) => Some(key),
            None => parts.uri.query().and_then(|query| {
                query
                    .split('&')
                    .find_map(|pair| pair.strip_prefix("token="))
                    .filter(|token| !token.is_empty())
            }),
        };
        identity(parts, gateway, token).map(Self)
    }
}

/// The key of the header; `None` if there is no header, or no key behind `Bearer`: clients whose key is not set write
/// `Bearer` alone.
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Problem::new(Kind::BadKey, "the Authorization header is there more than once"));
    }
    let text = value.to_str().unwrap_or_default();
    let (scheme, key) = text.split_once(' ').unwrap_or((text, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Problem::new(Kind::BadKey, "the Authorization header must be `Bearer KEY`"));
    }
    Ok(Some(key.trim_ascii()).filter(|key| !key.is_empty()))
}

fn identity(parts: &Parts, gateway: &Gateway, key: Option<&str>) -> Result<Arc<Identity>, Problem> {
    let live = gateway.live();
    let identity = if parts.extensions.get::<Operations>().is_some() {
        Arc::clone(&gateway.operations)
    } else if let Some(Admitted(identity)) = parts.extensions.get() {
        Arc::clone(identity)
    } else if let Some(dev) = &gateway.dev {
        Arc::clone(dev)
    } else {
        let Some(key) = key else {
            metrics::auth_failed("no-key");
            return Err(Problem::new(Kind::NoKey, "send it as `Authorization: Bearer KEY`"));
        };
        let Some(identity) = live.keys.whose(key, Timestamp::now()) else {
            return Err(wrong_key(parts, gateway, &live.config.trusted_proxies));
        };
        if let Some(client) = parts.extensions.get::<Standing>() {
            client.show_credential();
        }
        Arc::clone(identity)
    };
    identity.quota.ask().map_err(|refused| beyond(&identity, refused))?;
    Ok(identity)
}

/// The problem for a key that has asked for too much.
pub(crate) fn beyond(identity: &Identity, refused: Refused) -> Problem {
    metrics::rate_limited(&identity.id);
    Problem::new(Kind::QuotaExceeded, refused.why).with_retry_after(refused.after).with_policy(refused.policy)
}

fn wrong_key(parts: &Parts, gateway: &Gateway, proxies: &[IpAddr]) -> Problem {
    metrics::auth_failed("bad-key");
    let address = source(parts, proxies);
    tracing::warn!(
        event = "gateway.key.refused",
        source = address.map(|at| at.to_string()),
        "a key was refused"
    );
    match address.and_then(|address| gateway.guesses.failed(address, Instant::now())) {
        Some(after) => {
            Problem::new(Kind::WrongKeys, "this one is wrong, too; a valid key is accepted at once")
                .with_retry_after(after)
        }
        None => Problem::new(Kind::BadKey, "it is unknown here, or no longer valid"),
    }
}

/// Where a request comes from: the last address that is not a trusted proxy's.
fn source(parts: &Parts, proxies: &[IpAddr]) -> Option<IpAddr> {
    let Peer(peer) = parts.extensions.get::<Peer>()?;
    let mut source = peer.ip().to_canonical();
    let values = parts.headers.get_all(FORWARDED_FOR).iter().rev().filter_map(|value| value.to_str().ok());
    for part in values.flat_map(|value| value.rsplit(',')) {
        if !proxies.contains(&source) {
            break;
        }
        let Ok(before) = part.trim().parse::<IpAddr>() else { break };
        source = before.to_canonical();
    }
    Some(source)
}

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use http::Request;

    use super::*;

    #[test]
    fn only_trusted_proxies_say_where_a_request_comes_from() {
        let source = |peer: &str, forwarded: &[&str]| {
            let mut request = Request::builder();
            for value in forwarded {
                request = request.header(FORWARDED_FOR, *value);
            }
            let (mut parts, ()) = request.body(()).unwrap().into_parts();
            parts.extensions.insert(Peer(SocketAddr::new(peer.parse().unwrap(), 1)));
            let proxies = ["10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap()];
            super::source(&parts, &proxies).unwrap().to_string()
        };
        assert_eq!(source("192.0.2.1", &["198.51.100.1"]), "192.0.2.1");
        assert_eq!(source("10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(source("10.0.0.1", &["203.0.113.9, 198.51.100.1, 10.0.0.2"]), "198.51.100.1");
        assert_eq!(source("10.0.0.1", &["203.0.113.9", "198.51.100.1"]), "198.51.100.1");
        assert_eq!(source("10.0.0.1", &["what"]), "10.0.0.1");
        assert_eq!(source("::ffff:10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn one_key_stands_in_the_header() {
        let bearer = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(AUTHORIZATION, value.parse().unwrap());
            }
            bearer(&headers).map(|key| key.map(str::to_owned)).map_err(|problem| problem.kind())
        };
        assert_eq!(bearer(&[]), Ok(None));
        assert_eq!(bearer(&["bearer  ham_1"]), Ok(Some("ham_1".into())));
        for wrong in [&["Basic YTpi"][..], &["ham_1"], &["Bearer a", "Bearer b"]] {
            assert_eq!(bearer(wrong), Err(Kind::BadKey), "{wrong:?}");
        }
    }
}
