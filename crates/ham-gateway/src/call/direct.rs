//! Calls without a key: made while their request waits, and forgotten with it, unless they are lost.

use std::time::Duration;

use axum::response::Response;
use ham::{CallOptions, CallPolicy, SignedCall};
use holochain_zome_types::prelude::ExternIO;

use super::answer;
use super::request::CallRequest;
use crate::apps::Ended;
use crate::gateway::Gateway;
use crate::metrics::UnderWay;
use crate::outbox::{Lost, catching_lost};
use crate::outcome::{KeyFate, Told};
use crate::problem::Problem;

/// Makes the call. If its link dies, it is sent again with the same bytes, or signed again if its function is declared
/// idempotent. If it is lost, the outbox settles it.
pub(super) async fn call(gateway: &Gateway, request: &CallRequest) -> Result<Response, Problem> {
    let CallRequest { app, called, declared, .. } = request;
    let policy = if declared.idempotent { CallPolicy::IDEMPOTENT } else { CallPolicy::Resume };
    let mut options = CallOptions::default()
        .with_deadline(request.wait)
        .with_nonce_life(gateway.live().config.outbox.nonce_life)
        .with_policy(policy);
    if declared.read_only {
        options = options.with_read_only();
    }
    let payload = ExternIO(request.payload.clone());
    let (under_way, counter) = (UnderWay::begun(&app.id, "direct"), app.stats.calls().begun());
    let call =
        app.ham.call_zome_raw(request.target.clone(), &called.zome, &called.function, payload, options);
    let (result, lost) = catching_lost(call).await;
    let error = match result {
        Ok(output) => {
            under_way.ended("answered");
            counter.ended(Ended::Answered);
            return Ok(answer::output(output.0, request.form));
        }
        Err(error) => error,
    };
    let problem = answer::problem(&app.ham, &error);
    app.refused(problem.kind());
    under_way.ended(problem.outcome());
    counter.ended(Ended::of(problem.outcome()));
    if Told::of(&error).key != KeyFate::Held {
        return Err(problem);
    }
    Err(match lost.filter(|_| !declared.idempotent) {
        Some(signed) => followed(gateway, request, signed, problem).await,
        None => problem.without_call(),
    })
}

/// The same problem, with the address under which its call can be followed.
async fn followed(gateway: &Gateway, request: &CallRequest, signed: SignedCall, problem: Problem) -> Problem {
    let Some(outbox) = &gateway.outbox else { return problem.without_call() };
    let lost = Lost {
        api_key: request.identity.id.clone(),
        app: request.app.id.clone(),
        role: request.called.role.clone(),
        signed,
    };
    match tokio::time::timeout(ADOPTED_WITHIN, outbox.adopt(lost)).await {
        Ok(Ok(following)) => problem.with_call(following.id()),
        Ok(Err(_)) | Err(_) => problem.without_call(),
    }
}

/// How long it takes at most to write down a call that is lost, unless the disk has failed.
const ADOPTED_WITHIN: Duration = Duration::from_secs(5);
