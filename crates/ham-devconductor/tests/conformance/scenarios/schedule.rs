//! Functions that the conductor runs by the clock.

use holo_hash::ActionHash;
use rmpv::Value;

use crate::app::{App, Zome};
use crate::stage::{BOUND, Stage};

/// Waits until a function has run three times, by the signals of its commits.
async fn ran(stage: &mut Stage, app: &App, zome: &Zome, field: &str) {
    let counted = async {
        loop {
            let ticks: Value = zome.quiet("ticks", ()).await;
            let fields = ticks.as_map().cloned().unwrap_or_default();
            let count = fields.into_iter().find(|(key, _)| key.as_str() == Some(field));
            if count.and_then(|(_, count)| count.as_u64()) == Some(3) {
                return ticks;
            }
            app.hear(1).await;
        }
    };
    let ticks = tokio::time::timeout(BOUND / 4, counted).await;
    let ticks = ticks.unwrap_or(Value::Nil);
    stage.note(field, ticks);
}

pub(crate) async fn scheduled(stage: &mut Stage) {
    let (app, zome) = stage.features().await;
    stage.call(&zome, "schedule_function", "tick_ephemeral").await;
    ran(stage, &app, &zome, "ephemeral").await;
    let app = stage.install("features.happ", "second").await;
    let zome = stage.enter(&app, "features", "features").await;
    stage.call(&zome, "schedule_function", "tick_persisted").await;
    ran(stage, &app, &zome, "persisted").await;
}

pub(crate) async fn schedule_errors(stage: &mut Stage) {
    let (_, zome) = stage.features().await;
    for function in ["tick_failing", "no_such_function", "", "create_note", "tick_failing"] {
        stage.call(&zome, "schedule_function", function).await;
    }
    stage.call(&zome, "schedule_then_fail", ()).await;
    let _: ActionHash = zome.quiet("create_note", "serves on").await;
    stage.call(&zome, "ticks", ()).await;
}
