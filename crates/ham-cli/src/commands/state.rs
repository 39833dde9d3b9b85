//! `ham state`: what the connection is doing, once or as it changes.

use ham::holochain_client::AppInfo;
use ham::{ConnectError, HamState, PersistentHam};
use serde_json::{Value, json};

use crate::app;
use crate::commands::ping::milliseconds;
use crate::connect;
use crate::context::Context;
use crate::failure::Failure;
use crate::flags;
use crate::following::Following;
use crate::progress;

/// Shows the state of the connection to the app.
#[derive(Debug, clap::Args)]
#[command(args = flags::following(flags::app_interface()))]
pub(crate) struct Args {
    /// Print a line for every change, until interrupted; the connection redials by itself
    #[arg(long)]
    follow: bool,
}

pub(crate) async fn run(context: &Context, args: Args) -> Result<(), Failure> {
    let ham = PersistentHam::start(connect::config(context).await?)?;
    if args.follow {
        return follow(context, &ham).await;
    }
    let within = connect::CONNECT_TIMEOUT.min(context.settings.timeout);
    let settled = progress::during(context.output, "connecting", settled(&ham, within)).await;
    // A link may be live although the app does not run.
    let app = if settled.is_ok() { ham.app_info().await.ok() } else { None };
    // Shown in either case: any state is an answer; the exit code says whether it is a good one.
    show(context, &ham, &ham.state().get(), app.as_ref())?;
    connect::close(&ham).await;
    settled
}

/// Resolves when the first attempt has ended, one way or the other.
async fn settled(ham: &PersistentHam, within: std::time::Duration) -> Result<(), Failure> {
    let mut watch = ham.state();
    let first = async {
        let mut state = watch.get();
        while matches!(state, HamState::Dialing { .. }) {
            match watch.changed().await {
                Some(next) => state = next,
                None => break,
            }
        }
        state
    };
    let last = match tokio::time::timeout(within, first).await {
        Ok(HamState::Live { .. }) => return Ok(()),
        Ok(state) => state.to_string(),
        Err(_) => "dialing".into(),
    };
    Err(ConnectError::TimedOut { after: within, last }.into())
}

async fn follow(context: &Context, ham: &PersistentHam) -> Result<(), Failure> {
    let mut watch = ham.state();
    let mut state = Some(watch.get());
    let following = Following::begin(context, None);
    while let Some(now) = state {
        let app = match now {
            HamState::Live { degraded: None, .. } => ham.app_info().await.ok(),
            _ => None,
        };
        show(context, ham, &now, app.as_ref())?;
        state = following.next(context, watch.changed()).await?;
    }
    Ok(())
}

/// Anything else that is known about the app is shown too.
fn show(
    context: &Context,
    ham: &PersistentHam,
    state: &HamState,
    app: Option<&AppInfo>,
) -> Result<(), Failure> {
    let mut value = state_json(ham, state);
    if let Some(app) = app {
        value["app_status"] = app::status(&app.status).into();
    }
    context.output.result(|| state.to_string(), &value)?;
    if let Some(app) = app {
        app::warn(context.output, app);
    }
    Ok(())
}

fn state_json(ham: &PersistentHam, state: &HamState) -> Value {
    let mut value = match state {
        HamState::Dialing { attempt } => json!({ "state": "dialing", "attempt": attempt }),
        HamState::Live { since, degraded } => json!({
            "state": "live",
            "since_ms": milliseconds(since.elapsed()),
            "degraded_ms": degraded.map(|since| milliseconds(since.elapsed())),
            "round_trip_ms": ham.round_trip_time().map(milliseconds),
        }),
        HamState::BackingOff { attempt, until, cause } => json!({
            "state": "backing_off",
            "attempt": attempt,
            "for_ms": milliseconds(until.saturating_duration_since(tokio::time::Instant::now())),
            "cause": cause.to_string(),
        }),
        HamState::Closed { cause } => json!({ "state": "closed", "cause": cause.to_string() }),
        other => json!({ "state": other.to_string() }),
    };
    value["app_id"] = ham.config().app_id.as_str().into();
    value
}
