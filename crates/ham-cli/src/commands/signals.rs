//! `ham signals`: the app's signals as they come, and where some may be missing.

use ham::holochain_client::CellId;
use ham::{GapCause, Signal, SignalItem};
use ham_json::shown;
use serde_json::{Value, json};

use crate::app::{self, Cell};
use crate::connect;
use crate::context::Context;
use crate::failure::Failure;
use crate::flags;
use crate::following::Following;
use crate::terminal::one_line;

/// Prints signals until it is interrupted. The connection comes back by itself; what may be missing meanwhile is a gap.
#[derive(Debug, clap::Args)]
#[command(args = flags::following(flags::app_interface()), arg = flags::wait())]
pub(crate) struct Args {
    /// Stop after this many signals; gaps do not count
    #[arg(long, value_name = "N")]
    count: Option<u64>,
}

pub(crate) async fn run(context: &Context, args: Args) -> Result<(), Failure> {
    let ham = connect::open(context, context.follow_for()).await?;
    let mut signals = ham.signals();
    let info = ham.app_info().await?;
    let mut cells = app::cells(&info);
    context.output.note(&format!("listening to the signals of the app `{}`", ham.config().app_id));
    app::warn(context.output, &info);
    let mut following = Following::begin(context, args.count);
    let ended = loop {
        let item = match following.next(context, signals.next()).await {
            Ok(Some(item)) => item,
            ended => break ended.map(drop),
        };
        if let SignalItem::Signal(signal) = &item {
            following.count();
            // A clone that was made since: its name is worth one request.
            if unknown(&cells, signal)
                && let Ok(info) = ham.app_info().await
            {
                cells = app::cells(&info);
            }
        }
        show(context, &cells, &item)?;
    };
    connect::close(&ham).await;
    ended
}

fn unknown(cells: &[Cell], signal: &Signal) -> bool {
    match signal {
        Signal::App { cell_id, .. } | Signal::AppDirect { cell_id, .. } => {
            !cells.iter().any(|cell| cell.cell_id == *cell_id)
        }
        Signal::System(_) => false,
    }
}

fn show(context: &Context, cells: &[Cell], item: &SignalItem) -> Result<(), Failure> {
    let value = match item {
        SignalItem::Signal(signal) => signal_json(cells, signal),
        SignalItem::Gap { cause, .. } => gap_json(cause),
        _ => json!({ "type": "unknown" }),
    };
    context.output.result(|| line(&value), &value)
}

fn signal_json(cells: &[Cell], signal: &Signal) -> Value {
    let role =
        |cell_id: &CellId| cells.iter().find(|cell| cell.cell_id == *cell_id).map(|cell| cell.name.clone());
    match signal {
        Signal::App { cell_id, zome_name, signal } => json!({
            "type": "signal",
            "role": role(cell_id),
            "dna": cell_id.dna_hash().to_string(),
            "zome": zome_name.to_string(),
            "payload": shown(&signal.clone().into_inner().0),
        }),
        Signal::AppDirect { cell_id, from_agent, signal } => json!({
            "type": "direct",
            "role": role(cell_id),
            "dna": cell_id.dna_hash().to_string(),
            "from": from_agent.as_ref().map(ToString::to_string),
            "payload": shown(signal),
        }),
        Signal::System(signal) => json!({ "type": "system", "signal": format!("{signal:?}") }),
    }
}

fn gap_json(cause: &GapCause) -> Value {
    let (cause, detail) = match cause {
        GapCause::LinkLost(ended) => ("link_lost", ended.to_string()),
        GapCause::Lagged(missed) => ("lagged", format!("{missed} were dropped here")),
        GapCause::BadFrame(why) => ("bad_frame", why.clone()),
        other => ("unknown", format!("{other:?}")),
    };
    json!({ "type": "gap", "cause": cause, "detail": detail })
}

/// One line for people.
fn line(value: &Value) -> String {
    let text = |key: &str| one_line(value[key].as_str().unwrap_or("?"));
    match value["type"].as_str() {
        Some("signal") => format!("{}/{} {}", text("role"), text("zome"), value["payload"]),
        Some("direct") => format!("{} from {} {}", text("role"), text("from"), value["payload"]),
        Some("system") => format!("system {}", text("signal")),
        Some("gap") => format!("--- signals may be missing here: {} ({}) ---", text("cause"), text("detail")),
        _ => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_told() {
        let gap = gap_json(&GapCause::Lagged(3));
        assert_eq!(gap["cause"], "lagged");
        assert_eq!(line(&gap), "--- signals may be missing here: lagged (3 were dropped here) ---");
    }

    #[test]
    fn a_payload_without_json_keeps_its_bytes() {
        let shown = shown(&[0x81, 0x01, 0xc0]);
        assert_eq!(shown["$messagepack"], "gQHA");
        assert!(shown["why"].as_str().unwrap().contains("not a string"));
    }
}
