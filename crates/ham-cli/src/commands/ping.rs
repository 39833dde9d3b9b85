//! `ham ping`: one round trip.

use std::time::Duration;

use serde_json::json;

use crate::connect;
use crate::context::Context;
use crate::failure::Failure;
use crate::flags;
use crate::progress;

/// Connects to the app and asks the conductor for it once.
#[derive(Debug, clap::Args)]
#[command(args = flags::app_interface(), arg = flags::wait())]
pub(crate) struct Args {}

pub(crate) async fn run(context: &Context, _: Args) -> Result<(), Failure> {
    let ham = connect::open(context, Some(context.settings.timeout)).await?;
    let answered = progress::during(context.output, "waiting for the conductor's answer", ham.ping()).await;
    connect::close(&ham).await;
    show(context, &ham.config().app_id, answered?)
}

fn show(context: &Context, app_id: &str, took: Duration) -> Result<(), Failure> {
    let milliseconds = milliseconds(took);
    context.output.result(
        || format!("the conductor answered for the app `{app_id}` in {milliseconds} ms"),
        &json!({ "app_id": app_id, "round_trip_ms": milliseconds }),
    )
}

/// To the microsecond.
pub(crate) fn milliseconds(took: Duration) -> f64 {
    (took.as_secs_f64() * 1e6).round() / 1e3
}
