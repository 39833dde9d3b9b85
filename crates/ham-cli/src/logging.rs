//! Log lines on standard error, and messages that replace some of them.

use std::fmt;

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::{EnvFilter, LevelFilter, Targets};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

use crate::output::Output;
use crate::terminal;
use crate::traces::Traces;

/// What is printed if neither `-v` nor `RUST_LOG` asks for more.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quiet {
    filter: &'static str,
    /// Whether to report a capability grant that was written: it stays on the chain.
    grants: bool,
}

/// For a conductor whose chains stay.
pub(crate) const KEPT: Quiet = Quiet { filter: "off", grants: true };

/// For an embedded conductor: what zomes log, as far as `WASM_LOG` lets it through.
pub(crate) const ZOMES: Quiet = Quiet { filter: "off,wasm=trace", grants: false };

/// For a gateway, whose log its operator reads.
pub(crate) const SERVED: Quiet =
    Quiet { filter: "off,ham=info,ham_gateway=info,ham_persistent=info,ham_session=warn", grants: false };

/// If the chains are thrown away: nothing.
pub(crate) const NOTHING: Quiet = Quiet { filter: "off", grants: false };

/// Sends log lines to standard error: `-v` info, `-vv` debug, `-vvv` trace of ham's own crates; without `-v` what
/// `RUST_LOG` says, else `quiet`. Spans go to `traces`, whatever is shown.
///
/// Only `tracing` events are shown. The `log` records of the WebSocket crate contain whole frames, including tokens, so
/// they are not bridged.
pub(crate) fn init(verbosity: u8, output: Output, quiet: Quiet, traces: Option<&Traces>) {
    let ours = |level: &str| {
        EnvFilter::new(format!(
            "warn,wasm=trace,ham={level},ham_devconductor={level},ham_session={level},ham_persistent={level},ham_gateway={level},ham_cli={level}"
        ))
    };
    let filter = match verbosity {
        0 => without_secrets(
            EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(quiet.filter)),
        ),
        1 => ours("info"),
        2 => ours("debug"),
        _ => ours("trace"),
    };
    let lines = tracing_subscriber::fmt::layer().with_writer(|| terminal::Lines);
    // The formatter's own complaints would go to standard error, bypassing the writer.
    let lines = lines.with_ansi(false).log_internal_errors(false);
    let lines = if output.json { lines.json().flatten_event(true).boxed() } else { lines.boxed() };
    let grants = (quiet.grants && verbosity == 0)
        .then(|| Grants(output).with_filter(Targets::new().with_target("ham::signing", Level::WARN)));
    let spans = traces.map(Traces::layer);
    let subscriber = tracing_subscriber::registry().with(lines.with_filter(filter)).with(grants).with(spans);
    // Set once per process; only a test would set it twice.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

/// The NATS client traces whole commands, with passwords and with the keys in their headers.
fn without_secrets(filter: EnvFilter) -> EnvFilter {
    match "async_nats=info".parse() {
        Ok(capped) if filter.max_level_hint().is_none_or(|most| most > LevelFilter::INFO) => {
            filter.add_directive(capped)
        }
        _ => filter,
    }
}

/// Reports each capability grant that was written.
#[derive(Debug)]
struct Grants(Output);

impl<S: Subscriber> Layer<S> for Grants {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut told = Told::default();
        event.record(&mut told);
        told.tell(self.0);
    }
}

/// The fields of an event of signing.
#[derive(Debug, Default)]
struct Told {
    message: Option<String>,
    error: Option<String>,
    app_id: String,
    tag: String,
}

impl Told {
    fn tell(self, output: Output) {
        match (self.message, self.error) {
            (None, _) => output.note(&format!(
                "wrote a capability grant to the chain of the app `{}` (tag {}), which later calls use; `ham chain` shows it",
                self.app_id, self.tag
            )),
            (Some(message), None) => output.warning(&message),
            (Some(message), Some(error)) => output.warning(&format!("{message}: {error}")),
        }
    }
}

impl Visit for Told {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "app_id" => value.clone_into(&mut self.app_id),
            "tag" => value.clone_into(&mut self.tag),
            _ => {}
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        match field.name() {
            "message" => self.message = Some(format!("{value:?}")),
            "error" => self.error = Some(format!("{value:?}")),
            _ => {}
        }
    }
}
