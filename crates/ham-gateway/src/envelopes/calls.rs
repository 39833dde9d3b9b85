//! The calls of the outbox, by envelopes.

use ham_envelope::Envelope;
use http::Method;
use serde::Deserialize;
use url::form_urlencoded::Serializer;

use super::exchange::{Exchange, failed, failure, fitting, path, read};

/// The state of one call.
pub(super) async fn get(exchange: Exchange, request: Envelope) -> Result<Envelope, String> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Of {
        id: String,
    }
    let of: Of = match read(&request) {
        Ok(of) => of,
        Err(refused) => return Ok(failure(&request, refused)),
    };
    Ok(ask(&exchange, &request, Method::GET, &path(&["api", "v1", "calls", &of.id]), &[], "call").await)
}

/// Which calls are asked for.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    state: Option<String>,
    outcome: Option<String>,
    order: Option<String>,
    limit: Option<u64>,
    after: Option<String>,
}

impl Wanted {
    fn query(self) -> String {
        let Self { state, outcome, order, limit, after } = self;
        let limit = limit.map(|limit| limit.to_string());
        let mut query = Serializer::new(String::new());
        for (name, value) in
            [("state", state), ("outcome", outcome), ("order", order), ("limit", limit), ("after", after)]
        {
            if let Some(value) = value {
                query.append_pair(name, &value);
            }
        }
        query.finish()
    }
}

/// A part of the calls that are open, or in doubt.
pub(super) async fn list(exchange: Exchange, request: Envelope) -> Result<Envelope, String> {
    let wanted: Option<Wanted> = match read(&request) {
        Ok(wanted) => wanted,
        Err(refused) => return Ok(failure(&request, refused)),
    };
    let address = format!("{}?{}", path(&["api", "v1", "calls"]), wanted.unwrap_or_default().query());
    Ok(ask(&exchange, &request, Method::GET, &address, &[], "calls").await)
}

/// Cancels one.
pub(super) async fn cancel(exchange: Exchange, request: Envelope) -> Result<Envelope, String> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Of {
        id: String,
        wait_s: Option<u64>,
    }
    let of: Of = match read(&request) {
        Ok(of) => of,
        Err(refused) => return Ok(failure(&request, refused)),
    };
    let address = path(&["api", "v1", "calls", &of.id, "cancel"]);
    let wait: Vec<_> = of.wait_s.map(|wait| ("prefer", format!("wait={wait}"))).into_iter().collect();
    Ok(ask(&exchange, &request, Method::POST, &address, &wait, "call").await)
}

async fn ask(
    exchange: &Exchange,
    request: &Envelope,
    method: Method,
    address: &str,
    headers: &[(&'static str, String)],
    kind: &str,
) -> Envelope {
    match exchange.ask(method, address, headers, None).await {
        Ok(answer) => fitting(request, kind, &answer.body, &answer),
        Err(problem) => failed(request, problem),
    }
}
