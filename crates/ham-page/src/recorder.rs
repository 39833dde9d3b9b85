//! Records the conductor's events, and passes them to the open pages.

use std::sync::Arc;

use ham_devconductor::{Event, Told, ViewError, Watch};
use holochain_types::prelude::{Level, Timestamp};
use serde_json::{Value, json};

use crate::calls::shown;
use crate::faults::faults;
use crate::memory::Memory;

/// Records until the conductor is gone.
pub(crate) async fn record(memory: Arc<Memory>, mut watch: Watch) {
    while let Some(told) = watch.next().await {
        match told {
            Ok(told) => {
                if let Err(error) = write(&memory, &told).await {
                    tracing::debug!(%error, "something that happened could not be recorded");
                }
            }
            Err(missed) => {
                let mut known = memory.known().await;
                known.apps_changed();
                for call in known.calls.open() {
                    if let Some(call) = known.calls.not_seen(call) {
                        memory.hub.publish("call", &call);
                    }
                }
                let at = Timestamp::now().as_millis();
                memory.hub.publish("gap", &json!({ "at": at, "cause": "lagged", "missed": missed.0 }));
            }
        }
    }
}

async fn write(memory: &Memory, told: &Told) -> Result<(), ViewError> {
    let (observer, hub, at) = (&memory.observer, &memory.hub, told.at.as_millis());
    let mut known = memory.known().await;
    let call = match &told.event {
        Event::Began { .. } => known.calls.begin(told.at, &told.event),
        Event::Ended { call, outcome, wrote, took, phases } => {
            let shown = known.calls.end(*call, outcome, wrote, *took, phases);
            known.written_by(*call, wrote);
            shown
        }
        Event::PostCommitted { call, took } => known.calls.post_committed(*call, *took),
        Event::Committed { cell, records } => {
            let log = known.action_log(observer, cell.dna_hash()).await?;
            for record in records {
                // An action that is already there was read with the chain, and no page has been told about it.
                log.append(record);
                let Some(row) = log.row(record.action_address()) else { continue };
                hub.publish("action", &with(row.json(), "dna", cell.dna_hash().to_string()));
            }
            None
        }
        Event::Signal { call, cell, zome, payload } => {
            known.calls.signalled(*call);
            let (dna, agent) = (cell.dna_hash().to_string(), cell.agent_pubkey().to_string());
            let call = call.map(|call| call.to_string());
            hub.publish("signal", &json!({
                "at": at, "dna": dna, "agent": agent, "zome": zome.0, "payload": shown(payload), "call": call,
            }));
            None
        }
        Event::Log { call, cell, zome, level, text, .. } => {
            known.calls.logged(*call);
            let (place, text) = placed(text);
            let (dna, agent) = cell
                .as_ref()
                .map(|cell| (cell.dna_hash().to_string(), cell.agent_pubkey().to_string()))
                .unzip();
            let call = call.map(|call| call.to_string());
            hub.publish("log", &json!({
                "at": at, "dna": dna, "agent": agent, "zome": zome.0, "level": word(level), "text": text, "where": place,
                "call": call,
            }));
            None
        }
        Event::Apps => {
            known.apps_changed();
            hub.publish("state", &json!({ "at": at }));
            None
        }
        Event::Reloaded { cell, zomes } => {
            known.forget(cell.dna_hash());
            let zomes: Vec<_> = zomes.iter().map(|zome| &zome.0).collect();
            hub.publish("reload", &json!({ "at": at, "dna": cell.dna_hash().to_string(), "zomes": zomes }));
            None
        }
        _ => None,
    };
    if let Some(call) = call {
        hub.publish("call", &call);
    }
    // The call may be the last one that was to fail.
    if matches!(told.event, Event::Faults | Event::Ended { .. }) {
        let now = faults(observer)?;
        if now != known.faults {
            hub.publish("faults", &json!({ "at": at, "faults": now }));
            known.faults = now;
        }
    }
    Ok(())
}

/// The HDK begins a line with module, file and line number.
fn placed(line: &str) -> (Option<&str>, &str) {
    let Some((head, text)) = line.split_once(' ') else { return (None, line) };
    let place = head.rsplit_once("::").map_or(head, |(_, rest)| rest);
    let place = place.split_once(':').filter(|(_, file)| file.contains(".rs:")).map(|(_, file)| file);
    match place {
        Some(place) => (Some(place), text),
        None => (None, line),
    }
}

fn word(level: &Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG | Level::TRACE => "debug",
    }
}

fn with(mut value: Value, name: &str, field: impl Into<Value>) -> Value {
    value[name] = field.into();
    value
}

#[cfg(test)]
mod tests {
    use ham_devconductor::DevConductor;

    use super::*;

    /// Case: it was shown as running for ever.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_call_whose_end_was_missed_is_open_no_longer() {
        let conductor = DevConductor::start().await.expect("it starts");
        let bundle = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../../happ/bundle/probe.happ"));
        conductor.install(bundle.expect("a bundle"), None).await.expect("it is installed");
        let observer = conductor.observer();
        let mut watch = observer.watch().expect("it runs");
        let memory = Arc::new(Memory::new(observer.clone()));
        let cell = observer.running().expect("it runs").remove(0);
        let call = || observer.call(&cell, "probe", "no_such", vec![0xc0]);
        let id = call().await.expect("an outcome").0.expect("it is watched");
        let mut began = false;
        while !began {
            let told = watch.next().await.expect("an event").expect("none is lost yet");
            began = matches!(told.event, Event::Began { call, .. } if call == id);
            write(&memory, &told).await.expect("it is written down");
        }
        // Each begins and ends; a thousand events wait.
        for _ in 0..600 {
            call().await.expect("an outcome");
        }
        conductor.shut_down().await;
        record(Arc::clone(&memory), watch).await;
        let shown = memory.known().await.calls.get(&id.to_string()).expect("it is kept");
        assert_eq!((&shown["outcome"], &shown["error"]["kind"]), (&json!("unknown"), &json!("not-seen")));
    }

    #[test]
    fn the_place_of_a_line_stands_before_it() {
        assert_eq!(
            placed("posts::post:zomes/posts/src/post.rs:12 n = 3; hello"),
            (Some("zomes/posts/src/post.rs:12"), "n = 3; hello")
        );
        assert_eq!(placed("posts:src/lib.rs:7 hello"), (Some("src/lib.rs:7"), "hello"));
        assert_eq!(placed("just words: here"), (None, "just words: here"));
        assert_eq!(placed("one"), (None, "one"));
    }
}
