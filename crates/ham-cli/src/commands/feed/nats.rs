//! Messages from a NATS stream, as a gateway publishes them.

use std::path::PathBuf;

use ham_gateway::config::Nats;
use ham_gateway::nats::{Follow, FollowError, From};
use url::Url;

use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::progress;

/// Where the messages are read.
#[derive(Debug, clap::Args)]
pub(super) struct FromNats {
    /// Read messages from this NATS server instead of lines; may be repeated for the servers of a cluster
    #[arg(long = "nats", value_name = "URL", conflicts_with_all = ["from", "end_with_input"])]
    urls: Vec<Url>,
    /// Only messages on this subject, such as `ham.shop%2Fmain.block`; without it, everything in the stream
    #[arg(long, value_name = "SUBJECT", requires = "urls")]
    subject: Option<String>,
    /// The stream
    #[arg(long, value_name = "NAME", default_value = "HAM", requires = "urls")]
    stream: String,
    /// Continue where the durable consumer with this name stands; it is created if there is none
    #[arg(long, value_name = "NAME", requires = "urls")]
    durable: Option<String>,
    /// Begin with the message with this number [default: with the next new one]
    #[arg(long, value_name = "N", requires = "urls", conflicts_with = "durable")]
    sequence: Option<u64>,
    /// The file with credentials for NATS, a JWT and its seed, readable by its owner only
    #[arg(long, value_name = "FILE", requires = "urls")]
    nats_credentials: Option<PathBuf>,
    /// The PEM file of the authorities to trust for NATS, instead of the system's
    #[arg(long, value_name = "FILE", requires = "urls")]
    nats_ca: Option<PathBuf>,
}

impl FromNats {
    /// Begins to follow; `None` if no server is named.
    pub(super) async fn follow(&self, context: &Context) -> Result<Option<Box<Follow>>, Failure> {
        if self.urls.is_empty() {
            return Ok(None);
        }
        let mut nats = Nats::at(self.urls.iter().cloned());
        nats.stream.clone_from(&self.stream);
        nats.credentials_file.clone_from(&self.nats_credentials);
        nats.ca_file.clone_from(&self.nats_ca);
        if let Some(why) = nats.check().first() {
            return Err(Failure::usage(why.to_string(), "correct the flag"));
        }
        let from = match (&self.durable, self.sequence) {
            (Some(name), _) => From::Durable(name.clone()),
            (None, Some(sequence)) => From::Sequence(sequence),
            (None, None) => From::Now,
        };
        let subject = self.subject.clone().unwrap_or_default();
        let starting = Follow::start(&nats, subject, from, context.settings.timeout);
        let follow =
            progress::during(context.output, "connecting to NATS", starting).await.map_err(refused)?;
        Ok(Some(Box::new(follow)))
    }
}

fn refused(error: FollowError) -> Failure {
    let (exit, advice) = match &error {
        FollowError::Unusable { .. } => (Exit::Usage, "correct the file or the URL"),
        _ => (
            Exit::NoConnection,
            "start the server and the program that creates the stream, or name others with --nats and --stream",
        ),
    };
    Failure::new(exit, error, advice)
}
