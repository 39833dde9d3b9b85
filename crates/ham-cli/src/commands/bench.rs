//! `ham bench`: how fast a function answers, and what became of the calls.

mod link;
mod measured;
mod run;

use std::sync::Arc;
use std::time::Duration;

use clap_complete::ArgValueCompleter;
use ham::holochain_client::ExternIO;
use ham::{CallError, CallOptions, PersistentHam};
use tokio::sync::watch;

use self::link::Go;
use self::measured::Measured;
use self::run::{Amount, Ran};
use super::call::payload;
use super::call::words::{self, Words};
use crate::complete;
use crate::connect;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::flags;
use crate::progress;

/// Measures a zome function on any conductor: calls a second, how long an answer takes, and the outcomes.
///
/// While the connection is lost, no call begins. Where it is not back within two seconds, that is the end: what was measured is printed,
/// and how many calls are of unknown outcome.
#[derive(Debug, clap::Args)]
#[command(
    args = flags::app_interface(),
    arg = flags::wait(),
    override_usage = "ham bench [OPTIONS] [ROLE] <ZOME> <FUNCTION> [PAYLOAD]"
)]
pub(crate) struct Args {
    /// A role of the app, or a clone such as `role.0`; may be left out where one role alone has the zome
    #[arg(add = ArgValueCompleter::new(complete::roles))]
    role: String,
    /// The zome
    #[arg(add = ArgValueCompleter::new(complete::zomes))]
    zome: String,
    /// The function
    #[arg(add = ArgValueCompleter::new(complete::functions), allow_hyphen_values = true)]
    function: Option<String>,
    /// The payload of every call, as for `ham call`
    #[arg(allow_hyphen_values = true)]
    payload: Option<String>,
    /// How many calls are under way at once
    #[arg(long, value_name = "COUNT", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=1024))]
    in_flight: u16,
    /// End after so many seconds from the first answer on. Calls without an answer then are waited for two seconds more, and are of unknown
    /// outcome after that
    #[arg(long = "for", value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    seconds: u32,
    /// End after so many calls, if they are made sooner
    #[arg(long, value_name = "COUNT", default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    calls: u64,
    /// The function only reads: its calls do not wait for one another
    #[arg(long)]
    read_only: bool,
}

pub(crate) async fn run(context: &Context, args: Args) -> Result<(), Failure> {
    let words = Words::of(args.role, args.zome, args.function, args.payload);
    let payload = payload(context, words.payload.as_deref(), false).await?;
    let ham = connect::open(context, Some(context.settings.timeout)).await?;
    let role = match words.role {
        Some(role) => role,
        None => words::role(&ham, &words.zome).await?,
    };
    let load = Load {
        ham: ham.clone(),
        target: (role, words.zome, words.function),
        payload,
        read_only: args.read_only,
    };
    let amount = Amount {
        in_flight: args.in_flight,
        within: Duration::from_secs(args.seconds.into()),
        calls: args.calls,
    };
    let doing = format!("calling for up to {} s, {} at once", args.seconds, args.in_flight);
    let (go, load) = (watch::Sender::new(Go::Begin), Arc::new(load));
    let call = move || load.clone().call();
    let measuring = run::run(call, amount, &go, link::lost(&ham, context.output, &go));
    let ran = progress::during(context.output, &doing, measuring).await;
    connect::close(&ham).await;
    let Ran { measured, lost } = ran?;
    context.output.result(|| measured.text(), &measured.json())?;
    match lost {
        Some(lost) => Err(lost.failure(measured.unknown())),
        None if measured.is_unanswered() => Err(unanswered(&measured)),
        None => Ok(()),
    }
}

fn unanswered(measured: &Measured) -> Failure {
    match measured.unknown() {
        0 => Failure::new(
            Exit::Refused,
            anyhow::anyhow!("no call has an output"),
            "`ham call` with the same words says why",
        ),
        _ => Failure::new(
            Exit::Unknown,
            anyhow::anyhow!("no call was answered in time"),
            "pass a longer --for; if the function writes, read the chain first",
        ),
    }
}

/// What is called.
struct Load {
    ham: PersistentHam,
    target: (String, String, String),
    payload: ExternIO,
    read_only: bool,
}

impl Load {
    async fn call(self: Arc<Self>) -> Result<(), CallError> {
        let mut options = CallOptions::default();
        if self.read_only {
            options = options.with_read_only();
        }
        let (role, zome, function) = &self.target;
        self.ham.call_zome_raw(role.as_str(), zome, function, self.payload.clone(), options).await.map(drop)
    }
}
