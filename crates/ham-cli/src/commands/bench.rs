//! `ham bench`: how fast a function answers, and how the calls ended.

mod drawing;
mod gone;
mod link;
mod measured;
mod run;
mod tally;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use clap_complete::ArgValueCompleter;
use ham::holochain_client::ExternIO;
use ham::{CallError, CallOptions, PersistentHam};
use tokio::sync::watch;
use tokio::time::Instant;

use self::run::{Amount, Cut, GRACE};
use self::tally::Tally;
use super::call::payload;
use super::call::words::{self, Words};
use crate::advice;
use crate::complete;
use crate::connect;
use crate::context::Context;
use crate::failure::Failure;
use crate::flags;
use crate::progress;

/// Measures a zome function on any conductor: calls per second, how long an answer takes, and the outcomes.
///
/// While the connection is lost, no call begins. A connection that is not back within two seconds ends the measurement, as an interruption
/// does, and as uninstalling the app does: the command prints what it measured, and how many calls have an unknown outcome. It succeeds if
/// every call has an output; otherwise it ends with the code that `ham call` has for the worst outcome: unknown, arrived, not run, or answered
/// with an error.
#[derive(Debug, clap::Args)]
#[command(
    args = flags::app_interface(),
    arg = flags::wait(),
    override_usage = "ham bench [OPTIONS] <ROLE> <ZOME> <FUNCTION> [PAYLOAD]\n       ham bench [OPTIONS] <ZOME> <FUNCTION> [PAYLOAD]"
)]
pub(crate) struct Args {
    /// A role of the app, or a clone such as `role.0`; or, if only one role has the zome, the zome
    #[arg(value_name = "ROLE|ZOME", add = ArgValueCompleter::new(complete::roles))]
    role: String,
    /// The zome; or, without a role, the function
    #[arg(value_name = "ZOME|FUNCTION", add = ArgValueCompleter::new(complete::zomes))]
    zome: String,
    /// The function; or, without a role, the payload
    #[arg(value_name = "FUNCTION|PAYLOAD", add = ArgValueCompleter::new(complete::functions), allow_hyphen_values = true)]
    function: Option<String>,
    /// The payload of every call, as for `ham call`
    #[arg(allow_hyphen_values = true)]
    payload: Option<String>,
    /// How many calls are under way at once
    #[arg(long, value_name = "COUNT", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=1024))]
    in_flight: u16,
    /// End this many seconds after the first answer; the first call, which makes keys and grants and is not measured, may take as
    /// long. Then nothing more is sent, and calls still without an answer two seconds later are of unknown outcome
    #[arg(long = "for", value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    seconds: u32,
    /// End after this many calls, if that comes sooner
    #[arg(long, value_name = "COUNT", default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    calls: u64,
    /// The function only reads: its calls do not wait for one another
    #[arg(long)]
    read_only: bool,
}

impl Args {
    /// The word that is the payload.
    pub(crate) fn given(&self) -> Option<&str> {
        words::payload(self.function.as_deref(), self.payload.as_deref())
    }
}

pub(crate) async fn run(context: &Context, args: Args) -> Result<(), Failure> {
    let words = Words::of(args.role, args.zome, args.function, args.payload);
    let payload = payload(context, words.payload.as_deref(), false).await?;
    let ham = connect::open(context, Some(context.settings.timeout)).await?;
    let role = match words.role {
        Some(role) => role,
        None => words::role(&ham, &words.zome).await?,
    };
    let load = Arc::new(Load {
        ham: ham.clone(),
        target: (role, words.zome, words.function),
        payload,
        read_only: args.read_only,
        timeout: context.settings.timeout,
    });
    let call = move |until| load.clone().call(until);
    let amount = Amount {
        in_flight: args.in_flight,
        within: Duration::from_secs(args.seconds.into()),
        calls: args.calls,
    };
    let (go, tally, output) = (watch::Sender::new(true), Tally::new(), context.output);
    let interrupted = tally.clone();
    context.at_end(async move {
        if let Some(measured) = interrupted.end(Instant::now()) {
            output.note("interrupted: here is what was measured until then");
            // After an interruption, output that cannot be written is not reported.
            let _ = output.result(|| measured.text(), &measured.json());
        }
    });
    let mut lost = pin!(link::lost(&ham, output, &go));
    let cut = async {
        let first = run::first(&call, amount.within, &tally, lost.as_mut());
        progress::during(output, FIRST, first).await?;
        let doing = format!("calling for up to {} s, {} at once", args.seconds, args.in_flight);
        progress::during(output, &doing, run::run(call, amount, &go, &tally, lost.as_mut())).await
    };
    let cut = cut.await.err();
    if matches!(cut, Some(Cut::Gone)) {
        output.warning(
            "the cell is gone, because its app was uninstalled or the clone deleted: no more calls are made",
        );
    }
    let at = if let Some(Cut::Lost(lost)) = &cut { lost.at } else { Instant::now() };
    let measured = tally.end(at).unwrap_or_default();
    if let Some(Cut::Failed(error)) = cut {
        connect::close(&ham).await;
        return Err(error.into());
    }
    output.result(|| measured.text(), &measured.json())?;
    connect::close(&ham).await;
    match (cut, measured.failure()) {
        (Some(Cut::Lost(lost)), _) => Err(lost.failure(measured.unknown())),
        // The finding of an earlier call no longer helps: a clone is disabled before it is deleted.
        (Some(Cut::Gone), Some(mut failure)) => {
            failure.advise(advice::GONE);
            Err(failure)
        }
        (_, Some(failure)) => Err(failure),
        _ => Ok(()),
    }
}

const FIRST: &str = "waiting for the first answer, which is not measured: signing may need keys and grants";

/// What is called.
struct Load {
    ham: PersistentHam,
    target: (String, String, String),
    payload: ExternIO,
    read_only: bool,
    timeout: Duration,
}

impl Load {
    /// Sends nothing after `until`.
    async fn call(self: Arc<Self>, until: Instant) -> Result<(), CallError> {
        let left = until.saturating_duration_since(Instant::now());
        let deadline = self.timeout.min(left + GRACE);
        let mut options = CallOptions::default().with_resume_for(left).with_deadline(deadline);
        if self.read_only {
            options = options.with_read_only();
        }
        let (role, zome, function) = &self.target;
        self.ham.call_zome_raw(role.as_str(), zome, function, self.payload.clone(), options).await.map(drop)
    }
}
