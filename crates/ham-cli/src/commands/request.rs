//! `ham request`: one request to an envelope server, its payload and answer as JSON.

use ham_envelope::{ERROR_KIND, Envelope};
use ham_json::laid_out;
use serde_json::value::RawValue;

use crate::context::Context;
use crate::envelopes;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::flags;
use crate::input;
use crate::server::Server;

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

impl Args {
    /// The word that is the payload.
    pub(crate) fn given(&self) -> Option<&str> {
        self.payload.as_deref()
    }
}

pub(crate) async fn run(context: &Context, args: Args) -> Result<(), Failure> {
    // Before dialling: an envelope that cannot be sent needs no connection.
    let envelope = envelope(&args).await?;
    let answer = envelopes::ask(context, &args.server, envelope).await?;
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

/// The envelope as one line. Its payload is kept as it came; line feeds in it can only occur between tokens.
pub(crate) fn line(envelope: &Envelope) -> Result<String, Failure> {
    let text = envelope.to_json().map_err(|error| {
        Failure::new(Exit::Refused, error, "the server's envelope cannot be shown; correct the server")
    })?;
    Ok(text.replace(['\n', '\r'], " "))
}
