//! The flags that bound what a zome call may use up, and what clients send.

use std::num::{NonZeroU64, NonZeroUsize};
use std::time::Duration;

use ham_devconductor::{
    Config, DEFAULT_CALL_DEPTH, DEFAULT_CALL_TIME, DEFAULT_CALLS, DEFAULT_CONNECTIONS, DEFAULT_FUEL,
    DEFAULT_INCOMING_BYTES, DEFAULT_LOG_BYTES, DEFAULT_MEMORY, DEFAULT_MESSAGE_TIME, DEFAULT_SIGNAL_BYTES,
    DEFAULT_STAGED_BYTES, Limits,
};

/// Of one call, with all that it starts: `init`, validation, calls of other zomes, `post_commit`, remote signals.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Limits of a call, including all that it starts")]
pub(crate) struct Bounds {
    /// Instructions that zomes run
    #[arg(long, value_name = "NUMBER", default_value_t = DEFAULT_FUEL)]
    fuel: NonZeroU64,
    /// Memory of zomes running at the same time
    #[arg(long, value_name = "BYTES", default_value_t = Bytes(DEFAULT_MEMORY))]
    max_memory: Bytes,
    /// Entries, links and other records that wait to be committed
    #[arg(long, value_name = "BYTES", default_value_t = Bytes(DEFAULT_STAGED_BYTES))]
    max_staged_bytes: Bytes,
    /// Signals to clients and agents
    #[arg(long, value_name = "BYTES", default_value_t = Bytes(DEFAULT_SIGNAL_BYTES))]
    max_signal_bytes: Bytes,
    /// What zomes log
    #[arg(long, value_name = "BYTES", default_value_t = Bytes(DEFAULT_LOG_BYTES))]
    max_log_bytes: Bytes,
    /// Time: `30s`, `5m`
    #[arg(long, value_name = "TIME", default_value_t = DEFAULT_CALL_TIME.into())]
    max_call_time: humantime::Duration,
    /// Calls of zomes
    #[arg(long, value_name = "NUMBER", default_value_t = DEFAULT_CALLS)]
    max_calls: u64,
    /// Depth of nested calls
    #[arg(long, value_name = "NUMBER", default_value_t = DEFAULT_CALL_DEPTH)]
    max_call_depth: u32,
}

impl Bounds {
    pub(crate) fn limits(&self) -> Limits {
        Limits::default()
            .with_fuel(self.fuel)
            .with_memory(self.max_memory.0)
            .with_staged_bytes(self.max_staged_bytes.0)
            .with_signal_bytes(self.max_signal_bytes.0)
            .with_log_bytes(self.max_log_bytes.0)
            .with_time(Duration::from(self.max_call_time))
            .with_calls(self.max_calls)
            .with_depth(self.max_call_depth)
    }
}

/// Of the messages of all clients that have begun and are not complete, and of connections.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Limits on what clients send")]
pub(crate) struct Incoming {
    /// Bytes of all incomplete messages; a client whose message exceeds this is disconnected and told why
    #[arg(long, value_name = "BYTES", default_value_t = Bytes(DEFAULT_INCOMING_BYTES))]
    max_incoming_bytes: Bytes,
    /// Time within which a message must be complete once it has begun
    #[arg(long, value_name = "TIME", default_value_t = DEFAULT_MESSAGE_TIME.into())]
    max_message_time: humantime::Duration,
    /// Connections to one interface; another one replaces the oldest that has not finished its handshake or presented its token, or is
    /// refused
    #[arg(long, value_name = "NUMBER", default_value_t = DEFAULT_CONNECTIONS)]
    max_connections: NonZeroUsize,
}

impl Incoming {
    pub(crate) fn bound(&self, config: Config) -> Config {
        let time = Duration::from(self.max_message_time);
        let config = config.with_incoming_bytes(self.max_incoming_bytes.0).with_message_time(time);
        config.with_connections(self.max_connections)
    }

    pub(crate) fn is_given(&self) -> bool {
        let time = Duration::from(self.max_message_time);
        (self.max_incoming_bytes.0, time, self.max_connections)
            != (DEFAULT_INCOMING_BYTES, DEFAULT_MESSAGE_TIME, DEFAULT_CONNECTIONS)
    }
}

/// A number of bytes: a plain number, or one of KiB, MiB or GiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Bytes(u64);

impl std::str::FromStr for Bytes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unit = UNITS.iter().find_map(|(unit, size)| Some((text.strip_suffix(unit)?, *size)));
        let (number, size) = unit.unwrap_or((text, 1));
        let bytes = number.trim().parse::<u64>().ok().and_then(|number| number.checked_mul(size));
        bytes.map(Self).ok_or_else(|| "a number of bytes, or a number with KiB, MiB or GiB".to_owned())
    }
}

/// In the largest unit of which it is a whole multiple.
impl std::fmt::Display for Bytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match UNITS.iter().find(|(_, size)| self.0 > 0 && self.0.is_multiple_of(*size)) {
            Some((unit, size)) => write!(f, "{}{unit}", self.0 / size),
            None => self.0.fmt(f),
        }
    }
}

const UNITS: [(&str, u64); 3] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(clap::Parser)]
    struct Command {
        #[command(flatten)]
        bounds: Bounds,
        #[command(flatten)]
        incoming: Incoming,
    }

    #[test]
    fn without_a_flag_the_bounds_are_those_of_the_conductor() {
        let command: Command = clap::Parser::parse_from(["ham"]);
        assert_eq!(command.bounds.limits(), Limits::default());
        assert!(!command.incoming.is_given());
    }

    /// The name in an error is the flag that sets it.
    #[test]
    fn each_bound_has_its_flag() {
        let command: Command = clap::Parser::parse_from([
            "ham",
            "--fuel=7",
            "--max-memory=3MiB",
            "--max-staged-bytes=1GiB",
            "--max-signal-bytes=5",
            "--max-log-bytes=6KiB",
            "--max-call-time=90s",
            "--max-calls=9",
            "--max-call-depth=4",
            "--max-incoming-bytes=8MiB",
            "--max-message-time=2s",
            "--max-connections=3",
        ]);
        let limits = Limits::default().with_fuel(NonZeroU64::new(7).unwrap()).with_memory(3 << 20);
        let limits = limits.with_staged_bytes(1 << 30).with_signal_bytes(5).with_log_bytes(6 << 10);
        let limits = limits.with_time(Duration::from_secs(90)).with_calls(9).with_depth(4);
        assert_eq!(command.bounds.limits(), limits);
        let config = command.incoming.bound(Config::default());
        assert_eq!((config.incoming_bytes, config.message_time), (8 << 20, Duration::from_secs(2)));
        assert_eq!(config.connections.get(), 3);
    }

    #[test]
    fn bytes_are_read_as_they_are_shown() {
        for (text, bytes) in
            [("0", 0), ("1000", 1000), ("1KiB", 1024), ("1536KiB", 3 << 19), ("2GiB", 2 << 30)]
        {
            assert_eq!(text.parse(), Ok(Bytes(bytes)));
            assert_eq!(Bytes(bytes).to_string(), text);
        }
        for text in ["", "x", "1 MB", "-1", "99999999999GiB", "MiB"] {
            text.parse::<Bytes>().unwrap_err();
        }
    }
}
