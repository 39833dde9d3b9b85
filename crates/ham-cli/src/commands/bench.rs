//! `ham bench`: how fast a function answers, and what became of the calls.

mod measured;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use clap_complete::ArgValueCompleter;
use ham::holochain_client::ExternIO;
use ham::{CallOptions, PersistentHam};
use tokio::task::JoinSet;
use tokio::time::Instant;

use self::measured::Measured;
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
    /// End after so many seconds
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
        left: AtomicU64::new(args.calls),
    };
    let within = Duration::from_secs(args.seconds.into());
    let doing = format!("calling for up to {} s, {} at once", args.seconds, args.in_flight);
    let measuring = measure(Arc::new(load), args.in_flight, within);
    let measured = progress::during(context.output, &doing, measuring).await;
    connect::close(&ham).await;
    let measured = measured?;
    context.output.result(|| measured.text(), &measured.json())?;
    if measured.is_unanswered() {
        return Err(Failure::new(
            Exit::Refused,
            anyhow::anyhow!("no call has an output"),
            "`ham call` with the same words says why",
        ));
    }
    Ok(())
}

/// What is called, and how often.
struct Load {
    ham: PersistentHam,
    target: (String, String, String),
    payload: ExternIO,
    read_only: bool,
    left: AtomicU64,
}

async fn measure(load: Arc<Load>, in_flight: u16, within: Duration) -> Result<Measured, Failure> {
    // One call first: signing keys and grants are not what is measured. Where it fails, so would the others.
    let (first, answered) = load.call().await;
    answered?;
    let mut all = Measured::default();
    all.first = Some(first);
    let began = Instant::now();
    let until = began + within;
    let mut callers = JoinSet::new();
    for _ in 0..in_flight {
        let load = load.clone();
        callers.spawn(async move {
            let mut own = Measured::default();
            while Instant::now() < until && load.is_one_left() {
                let (took, result) = load.call().await;
                own.note(took, result.as_ref().map(drop));
            }
            own
        });
    }
    while let Some(own) = callers.join_next().await {
        // A caller that panics has measured nothing; the command would end with its message.
        all.add(own.unwrap_or_default());
    }
    all.took = began.elapsed();
    Ok(all)
}

impl Load {
    /// Takes one of the calls that are left to be made.
    fn is_one_left(&self) -> bool {
        let counted = |left: u64| left.checked_sub(1);
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, counted).is_ok()
    }

    async fn call(&self) -> (Duration, Result<ExternIO, ham::CallError>) {
        let mut options = CallOptions::default();
        if self.read_only {
            options = options.with_read_only();
        }
        let (role, zome, function) = &self.target;
        let began = Instant::now();
        let called =
            self.ham.call_zome_raw(role.as_str(), zome, function, self.payload.clone(), options).await;
        (began.elapsed(), called)
    }
}
