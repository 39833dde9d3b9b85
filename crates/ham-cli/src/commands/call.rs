//! `ham call`: one zome call, its payload and answer as JSON.

mod meant;
pub(super) mod words;

use clap_complete::ArgValueCompleter;
use ham::holochain_client::{AppInfo, ExternIO};
use ham::{CallError, CallOptions, PersistentHam};
use ham_json::{Dialect, from_messagepack, to_messagepack};

use self::words::Words;
use crate::app;
use crate::complete;
use crate::connect;
use crate::context::Context;
use crate::down;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::flags;
use crate::input;
use crate::progress;

/// Calls a zome function: `ham call ROLE ZOME FUNCTION PAYLOAD`, or without the role.
#[derive(Debug, clap::Args)]
#[command(
    args = flags::app_interface(),
    arg = flags::wait(),
    override_usage = "ham call [OPTIONS] <ROLE> <ZOME> <FUNCTION> [PAYLOAD]\n       ham call [OPTIONS] <ZOME> <FUNCTION> [PAYLOAD]"
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
    /// The payload as JSON, `@FILE`, or `-` for standard input; omit it for nil.
    /// Hashes are {"$hash": "uhC…"}, other bytes {"$bytes": "base64"}
    #[arg(allow_hyphen_values = true)]
    payload: Option<String>,
    /// Print the answer as MessagePack bytes instead of JSON
    #[arg(long)]
    raw: bool,
    /// The payload (a file or standard input) is MessagePack already
    #[arg(long)]
    raw_payload: bool,
}

impl Args {
    /// The word that is the payload.
    pub(crate) fn given(&self) -> Option<&str> {
        words::payload(self.function.as_deref(), self.payload.as_deref())
    }
}

pub(crate) async fn run(context: &Context, args: Args) -> Result<(), Failure> {
    let words = Words::of(args.role, args.zome, args.function, args.payload);
    // Before dialling: a payload that cannot be encoded needs no connection.
    let payload = payload(context, words.payload.as_deref(), args.raw_payload).await?;
    let ham = connect::open(context, Some(context.settings.timeout)).await?;
    let role = match words.role.clone() {
        Some(role) => role,
        None => words::role(&ham, &words.zome).await.map_err(Failure::before_a_call)?,
    };
    // From here on, bytes of the call can leave. Their fate matters if the chain stays.
    if !context.target().await?.temporary {
        context.interruption.note(
            "interrupted while the call was under way: its outcome is unknown; read the chain before calling again",
        );
    }
    let call =
        ham.call_zome_raw(role.as_str(), &words.zome, &words.function, payload, CallOptions::default());
    let call = down::told(context, &ham, call);
    let answered = progress::during(context.output, "waiting for the answer", call).await;
    let answered = match answered {
        Err(error @ CallError::Signing(_)) => Err(unsigned(&ham, &words, &role, error).await),
        Err(error) if words::is_missing(&error) => {
            let meant = meant::meant(context, &ham, &role, (&words.zome, &words.function)).await;
            Err(words.explain(&role, error).asking(meant))
        }
        answered => answered.map_err(|error| words.explain(&role, error)),
    };
    connect::close(&ham).await;
    show(context, &answered?, args.raw)
}

/// Why a call could not be signed. Signing asks for the cell's grants first: a disabled clone has none to report.
async fn unsigned(ham: &PersistentHam, words: &Words, role: &str, error: CallError) -> Failure {
    let is_disabled = |info: &AppInfo| app::cells(info).iter().any(|cell| cell.name == role && !cell.enabled);
    match ham.app_info().await {
        Ok(info) if is_disabled(&info) => Failure::not_run(
            format!("the clone `{role}` is disabled"),
            format!("`ham clone enable {role}` starts it"),
        ),
        Ok(_) | Err(_) => words.explain(role, error),
    }
}

/// The encoded payload.
pub(super) async fn payload(context: &Context, given: Option<&str>, raw: bool) -> Result<ExternIO, Failure> {
    let Some(given) = given else { return Ok(ExternIO(vec![NIL])) };
    if raw && given != "-" && !given.starts_with('@') {
        return Err(Failure::usage(
            "a raw payload cannot be given on the command line, which cannot hold every byte",
            "pass it as @FILE, or as - for standard input",
        ));
    }
    let lair = context.settings.lair.as_ref();
    let passphrase = lair.filter(|lair| lair.passphrase_file.as_os_str() == "-").map(|_| "passphrase");
    let text = input::payload(given, context.stdin_taken().or(passphrase)).await?;
    if raw {
        return Ok(ExternIO(text));
    }
    let not_json = |why: &dyn std::fmt::Display| {
        Failure::usage(
            format!("the payload is not JSON that can be sent: {why}"),
            "correct it; a string needs quotes of its own inside the shell's: '\"text\"'",
        )
    };
    let text = String::from_utf8(text).map_err(|_| not_json(&"it is not valid UTF-8"))?;
    to_messagepack(&text, Dialect::Marked).map(ExternIO).map_err(|why| not_json(&why))
}

/// MessagePack's nil: the argument of functions that take `()`.
const NIL: u8 = 0xc0;

fn show(context: &Context, answer: &ExternIO, raw: bool) -> Result<(), Failure> {
    if raw {
        return context.output.bytes(&answer.0);
    }
    let value = from_messagepack(&answer.0, Dialect::Marked).map_err(|why| {
        Failure::new(
            Exit::Refused,
            anyhow::anyhow!("the call succeeded, but JSON cannot show its answer: {why}"),
            "if the call wrote something, do not repeat it just for the answer; --raw prints an answer as MessagePack bytes",
        )
    })?;
    // The same for people and for programs: the answer is data.
    let text = || serde_json::to_string_pretty(&value).unwrap_or_else(|_| value.to_string());
    context.output.result(text, &value)
}
