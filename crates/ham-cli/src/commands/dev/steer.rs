//! `ham dev snapshot`, `revert`, `time` and `fault`: requests to a `ham dev` in another terminal.

use std::time::Duration;

use ham_devconductor::{MAX_RUNS, MAX_RUNS_TIME};
use serde_json::{Value, json};
use url::Url;

use crate::context::Context;
use crate::control::{self, Ask};
use crate::failure::Failure;
use crate::flags;
use crate::progress;
use crate::running;
use crate::settings::Settings;

/// What is asked of the conductor that `ham dev` runs here.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Steer {
    /// Save the current apps, chains, DHT and schedules. Kept until the conductor ends
    #[command(args = flags::administration())]
    Snapshot {
        /// The snapshot's name
        #[arg(default_value = "default", value_parser = control::name)]
        name: String,
    },
    /// Restore apps, chains, the DHT and schedules from a snapshot; the clock and connections stay
    #[command(args = flags::administration())]
    Revert {
        /// The snapshot's name
        #[arg(default_value = "default", value_parser = control::name)]
        name: String,
    },
    /// Show the clock of expiries, schedules and `sys_time`, move it forward, or set it back to the system's
    #[command(args = flags::administration(), long_about = about_time())]
    Time {
        /// How far forward, such as `+2h` or `+30s`; `system` for the system's time
        #[arg(value_name = "+DURATION", value_parser = time, allow_hyphen_values = true)]
        time: Option<Ask>,
    },
    /// Inject faults: late answers, lost signals, host functions that fail
    #[command(subcommand)]
    Fault(Fault),
}

/// What goes wrong.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Fault {
    /// Delay every answer
    #[command(args = flags::administration())]
    Delay {
        /// For how long, such as `500ms`; `off` ends it
        #[arg(value_name = "DURATION", value_parser = delay)]
        by: Ask,
    },
    /// Throw signals away instead of sending them
    #[command(args = flags::administration())]
    Signals {
        /// Whether they are `dropped` or `sent`
        #[arg(value_parser = ["dropped", "sent"])]
        signals: String,
    },
    /// Make a host function fail, for zomes of all cells
    #[command(args = flags::administration())]
    Host {
        /// As the HDK calls it: `create`, `get_links`
        #[arg(value_name = "FUNCTION")]
        name: String,
        /// How many of its next calls fail; 0 ends it
        #[arg(long, default_value_t = 1)]
        times: u32,
    },
}

pub(crate) async fn run(context: &Context, steer: Steer) -> Result<(), Failure> {
    let asked = match steer {
        Steer::Snapshot { name } => Ask::Snapshot { name },
        Steer::Revert { name } => Ask::Revert { name },
        Steer::Time { time } => time.unwrap_or(Ask::Clock),
        Steer::Fault(Fault::Delay { by }) => by,
        Steer::Fault(Fault::Signals { signals }) => Ask::DropSignals { drop: signals == "dropped" },
        Steer::Fault(Fault::Host { name, times }) => Ask::FailHostFunction { name, times },
    };
    let nearest = running::nearest(&context.settings)?;
    let settings = nearest.as_ref().unwrap_or(&context.settings);
    let socket = settings.local_admin_port().and_then(running::control_of);
    let socket = socket.ok_or_else(|| nobody(settings))?;
    if let Ask::Advance { .. } = asked {
        context
            .interruption
            .note("interrupted: the conductor goes on moving its clock; `ham dev time` shows it");
    }
    let asking = control::ask(&socket, &asked);
    let answer = progress::during(context.output, doing(&asked), asking).await?;
    let said =
        if answer.is_null() { json!({ "done": asked }) } else { json!({ "done": asked, "clock": answer }) };
    context.output.result(|| words(&asked, &answer), &said)
}

/// The help of `ham dev time`.
fn about_time() -> String {
    let time = humantime::format_duration(MAX_RUNS_TIME);
    format!(
        "Show the clock of expiries, schedules and `sys_time`, move it forward, or set it back to the system's\n\n\
         As it moves forward, the scheduled functions that fall due on the way run in order, each at its time, until {MAX_RUNS} have run or \
         {time} have passed; the rest is skipped. What ran is shown. The timestamps of actions are always the system's."
    )
}

/// What is under way, for those who wait.
fn doing(asked: &Ask) -> &'static str {
    match asked {
        Ask::Snapshot { .. } => "taking the snapshot",
        Ask::Revert { .. } => "going back to the snapshot",
        Ask::Advance { .. } => "moving the clock, and running what falls due",
        _ => "asking the conductor",
    }
}

/// No conductor here accepts such requests.
fn nobody(settings: &Settings) -> Failure {
    const START: &str = "start one with `ham dev`, or pass the --admin-port that it prints";
    let (at, advice) = match (settings.local_admin_port(), settings.admin().and_then(Url::host_str)) {
        (Some(port), _) => (format!(" at the admin port {port}"), START),
        (None, Some(host)) => (
            format!("; {host} is another machine"),
            "pass the --admin-port printed by a `ham dev` on this machine",
        ),
        (None, None) => (String::new(), START),
    };
    Failure::usage(format!("no `ham dev` with an embedded conductor is running here{at}"), advice)
}

/// The resulting state, in words.
fn words(asked: &Ask, answer: &Value) -> String {
    let shown = |duration: &Duration| humantime::format_duration(*duration).to_string();
    match asked {
        Ask::Snapshot { name } => format!("saved as `{name}`"),
        Ask::Revert { name } => format!("apps, chains, the DHT and schedules are as they were at `{name}`"),
        Ask::Clock | Ask::Advance { .. } | Ask::ResetClock => clock(answer),
        Ask::Delay { by: Duration::ZERO } => "answers come at once".to_owned(),
        Ask::Delay { by } => format!("answers come {} late", shown(by)),
        Ask::DropSignals { drop: true } => "signals are dropped".to_owned(),
        Ask::DropSignals { drop: false } => "signals are sent".to_owned(),
        Ask::Zomes { .. } => String::new(),
        Ask::FailHostFunction { name, times: 0 } => format!("`{name}` works"),
        Ask::FailHostFunction { name, times: 1 } => format!("the next call of `{name}` fails"),
        Ask::FailHostFunction { name, times } => format!("the next {times} calls of `{name}` fail"),
    }
}

/// The time on the clock, as the conductor reports it.
fn clock(answer: &Value) -> String {
    let now = answer["now"].as_str().unwrap_or_default();
    let mut words = match Duration::try_from_secs_f64(answer["ahead_seconds"].as_f64().unwrap_or_default()) {
        Ok(ahead) if !ahead.is_zero() => {
            format!("{now}, {} ahead of the system's clock", humantime::format_duration(ahead))
        }
        _ => format!("{now}, the same as the system's clock"),
    };
    for ran in answer["ran"].as_array().into_iter().flatten() {
        let name = |key: &str| ran[key].as_str().unwrap_or_default();
        let times = match ran["times"].as_u64() {
            Some(1) => "once".to_owned(),
            times => format!("{} times, in all cells together", times.unwrap_or_default()),
        };
        words += &format!("\n`{}` of `{}` ran {times}", name("function"), name("zome"));
    }
    if let Some(from) = answer["skipped_from"].as_str() {
        let limit =
            match (answer["limit_reached"]["runs"].as_u64(), answer["limit_reached"]["seconds"].as_u64()) {
                (Some(runs), _) => format!("after {runs} runs, which is the limit"),
                (_, Some(seconds)) => format!("after {seconds} s, which is the limit"),
                _ => "at a limit".to_owned(),
            };
        words +=
            &format!("\nstopped {limit}: what was due from {from} on is skipped, and runs at its next time");
    }
    words
}

fn time(text: &str) -> Result<Ask, String> {
    if text == "system" {
        return Ok(Ask::ResetClock);
    }
    let by =
        text.strip_prefix('+').ok_or("it must start with `+`, because time goes forward, or be `system`")?;
    duration(by).map(|by| Ask::Advance { by })
}

fn delay(text: &str) -> Result<Ask, String> {
    if text == "off" {
        Ok(Ask::Delay { by: Duration::ZERO })
    } else {
        duration(text).map(|by| Ask::Delay { by })
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    let duration = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    if duration > LONGEST { Err("it is longer than a hundred years".to_owned()) } else { Ok(duration) }
}

/// Timestamps end beyond it.
const LONGEST: Duration = Duration::from_secs(3_155_760_000);

#[cfg(test)]
mod tests {
    use super::*;

    /// Case: nothing was said about what had run, or had not.
    #[test]
    fn what_ran_while_time_passed_is_told() {
        let ran = |function: &str, times: u32| json!({ "zome": "z", "function": function, "times": times });
        let of = |limit: Value| {
            let ran = [ran("a", 1), ran("b", 999)];
            clock(
                &json!({ "now": "then", "ahead_seconds": 3600.0, "ran": ran, "skipped_from": "later", "limit_reached": limit }),
            )
        };
        let words = of(json!({ "runs": 1000 }));
        assert!(words.starts_with(
            "then, 1h ahead of the system's clock\n`a` of `z` ran once\n`b` of `z` ran 999 times, in all cells together\n"
        ));
        assert!(
            words.contains("after 1000 runs") && words.contains("due from later on is skipped"),
            "{words}"
        );
        // Case: both limits were named, and which one was reached was not.
        assert!(
            of(json!({ "seconds": 30 })).contains("stopped after 30 s, which is the limit: what was due")
        );
        assert_eq!(
            clock(&json!({ "now": "then", "ahead_seconds": 0.0, "ran": [] })),
            "then, the same as the system's clock"
        );
    }
}
