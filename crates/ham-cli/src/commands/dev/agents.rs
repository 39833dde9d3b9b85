//! The agents of an app. Each has an app of its own, whose id is its name.

use ham_devconductor::DevConductor;
use serde_json::{Value, json};

use crate::conductor::embedded;
use crate::failure::Failure;
use crate::output::Output;
use crate::running::Agent;

/// The names of this many agents: `id`, `id-2`, `id-3`, …
pub(super) fn names(id: &str, count: u8) -> impl Iterator<Item = String> {
    (1..=count).map(move |nth| if nth == 1 { id.to_owned() } else { format!("{id}-{nth}") })
}

/// Installs and enables the app for each agent, all on one conductor; existing ones are left alone.
pub(super) async fn install(
    output: Output,
    conductor: &DevConductor,
    bundle: &[u8],
    id: Option<String>,
    count: u8,
) -> Result<Vec<Agent>, Failure> {
    let admin_port = conductor.admin_port();
    let first = embedded::install(output, conductor, bundle.to_vec(), id).await?;
    for name in names(&first, count).skip(1) {
        embedded::install(output, conductor, bundle.to_vec(), Some(name)).await?;
    }
    Ok(names(&first, count).map(|app_id| Agent { app_id, admin_port }).collect())
}

/// For programs.
pub(super) fn shown(agents: &[Agent]) -> Value {
    let shown = agents.iter().map(|agent| json!({ "app_id": agent.app_id, "admin_port": agent.admin_port }));
    shown.collect()
}

/// Prints how commands refer to them, if there are several.
pub(super) fn tell(output: Output, agents: &[Agent]) {
    if let [first, _, ..] = agents {
        let names: Vec<_> = agents.iter().map(|agent| agent.app_id.as_str()).collect();
        output.note(&format!(
            "agents: {}; commands mean {} unless --app-id names another",
            names.join(", "),
            first.app_id
        ));
    }
}
