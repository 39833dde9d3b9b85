//! Log lines on standard error.

use tracing_subscriber::EnvFilter;

/// Without `-v`: only that a capability grant was written, since it stays on the chain.
pub(crate) const GRANTS: &str = "off,ham::signing=warn";

/// Without `-v`, in the embedded conductor: what zomes log, as far as `WASM_LOG` lets it pass.
pub(crate) const ZOMES: &str = "off,wasm=trace";

/// Without `-v`, where the chains are thrown away: nothing.
pub(crate) const NOTHING: &str = "off";

/// Sends log lines to standard error: `-v` info, `-vv` debug, `-vvv` trace of ham's own crates; without `-v` what
/// `RUST_LOG` says, else `quiet`.
///
/// Only `tracing` events are shown. The `log` records of the WebSocket crate hold whole frames, tokens included, so they
/// are not bridged.
pub(crate) fn init(verbosity: u8, quiet: &str) {
    let ours = |level: &str| {
        EnvFilter::new(format!(
            "warn,wasm=trace,ham={level},ham_devconductor={level},ham_session={level},ham_persistent={level},ham_cli={level}"
        ))
    };
    let filter = match verbosity {
        0 => EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(quiet)),
        1 => ours("info"),
        2 => ours("debug"),
        _ => ours("trace"),
    };
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .finish();
    // Set once per process; a second one would only be a test's.
    let _ = tracing::subscriber::set_global_default(subscriber);
}
