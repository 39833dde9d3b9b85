//! Calls without a key: made while their request waits, and forgotten with it.

use axum::response::Response;
use ham::{CallOptions, CallPolicy};
use holochain_zome_types::prelude::ExternIO;

use super::answer;
use super::request::CallRequest;
use crate::metrics::UnderWay;
use crate::problem::Problem;

/// Makes the call. One whose link dies is sent again with the same bytes, or signed anew if its function is declared idempotent.
pub(super) async fn call(request: &CallRequest) -> Result<Response, Problem> {
    let CallRequest { app, called, declared, .. } = request;
    let policy = if declared.idempotent { CallPolicy::IDEMPOTENT } else { CallPolicy::Resume };
    let mut options = CallOptions::default().with_deadline(request.wait).with_policy(policy);
    if declared.read_only {
        options = options.with_read_only();
    }
    let payload = ExternIO(request.payload.clone());
    let under_way = UnderWay::begun(&app.id, &app.record.tally, "direct");
    let made =
        app.ham.call_zome_raw(called.role.as_str(), &called.zome, &called.function, payload, options).await;
    match made {
        Ok(output) => {
            under_way.ended("answered", true);
            Ok(answer::output(output.0, request.form))
        }
        Err(error) => {
            let problem = answer::problem(&app.ham, &error);
            under_way.ended(problem.outcome(), false);
            Err(problem)
        }
    }
}
