//! `ham request`: one request to an envelope server, its payload and answer as JSON.

use ham_envelope::{Client, ERROR_KIND, Envelope, Incoming, RequestError};
use ham_json::laid_out;
use serde_json::value::RawValue;
use tokio_util::sync::CancellationToken;

use crate::context::Context;
use crate::envelopes;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::flags;
use crate::input;
use crate::progress;
use crate::server::{self, Server};
use crate::shutdown::RELEASE_TIMEOUT;

/// Sends one request and prints the envelope that answers it.
#[derive(Debug, clap::Args)]
#[command(args = flags::server())]
pub(crate) struct Args {
    #[command(flatten)]
    server: Server,
    /// The kind of the request
    kind: String,
    /// The payload as JSON, `@FILE`, or `-` for standard input; omit it for no payload
    #[arg(allow_hyphen_values = true)]
    payload: Option<String>,
    /// The aspect that the request is for
    #[arg(long, value_name = "ASPECT")]
    target_aspect: Option<String>,
}

pub(crate) async fn run(context: &Context, args: Args) -> Result<(), Failure> {
    // Before anything is dialled: what cannot be sent need not connect.
    let envelope = envelope(&args).await?;
    let config = envelopes::config(&args.server, context).await?;
    let client = Client::new(config, |_: Incoming| std::future::ready(())).map_err(server::bad_config)?;
    let (cancel, timeout) = (CancellationToken::new(), context.settings.timeout);
    let mut running = envelopes::connect(context, &client, &cancel, Some(timeout)).await?;
    // From here on bytes of the request can leave.
    let _ = context.if_interrupted.set(
        "interrupted while the request was under way: its outcome is unknown; check before sending it again",
    );
    let asked = async {
        tokio::select! {
            // The run first: it says why there is no connection any more.
            biased;
            ended = &mut running => Err(match ended {
                Err(error) => envelopes::ended(error),
                Ok(()) => envelopes::unanswered(RequestError::Stopped),
            }),
            answered = client.request(envelope, timeout) => answered.map_err(envelopes::unanswered),
        }
    };
    let answer = progress::during(context.output, "waiting for the answer", asked).await?;
    cancel.cancel();
    // The answer is there: a server that does not close in time changes nothing.
    let _ = tokio::time::timeout(RELEASE_TIMEOUT, running).await;
    show(context, &answer)
}

async fn envelope(args: &Args) -> Result<Envelope, Failure> {
    if args.kind.is_empty() {
        return Err(Failure::usage("the kind is empty", "say what the server should do"));
    }
    let mut envelope = Envelope::request(&args.kind);
    envelope.payload = payload(args).await?;
    Ok(match &args.target_aspect {
        Some(aspect) => envelope.with_target_aspect(aspect),
        None => envelope,
    })
}

async fn payload(args: &Args) -> Result<Option<Box<RawValue>>, Failure> {
    let Some(given) = args.payload.as_deref() else { return Ok(None) };
    let text = input::payload(given, args.server.reads_stdin().then_some("token")).await?;
    serde_json::from_slice(&text).map(Some).map_err(|error| {
        Failure::usage(
            format!("the payload is not valid JSON: {error}"),
            "correct it; a string needs quotes of its own inside the shell's: '\"text\"'",
        )
    })
}

fn show(context: &Context, answer: &Envelope) -> Result<(), Failure> {
    let line = line(answer)?;
    if context.output.json {
        context.output.bytes(format!("{line}\n").as_bytes())?;
    } else {
        context.output.text(&laid_out(&line).unwrap_or(line))?;
    }
    if answer.kind == ERROR_KIND {
        return Err(Failure::new(
            Exit::Refused,
            anyhow::anyhow!("the server answered with an error"),
            "its answer, on standard output, says why; correct the request",
        ));
    }
    Ok(())
}

/// The envelope as one line. Its payload is kept as it came, and line feeds in it can only stand between tokens.
pub(crate) fn line(envelope: &Envelope) -> Result<String, Failure> {
    let text = envelope.to_json().map_err(|error| {
        Failure::new(Exit::Refused, error, "the server's envelope cannot be shown; correct the server")
    })?;
    Ok(text.replace(['\n', '\r'], " "))
}
