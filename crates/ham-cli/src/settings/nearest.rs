//! A port, a URL and `--conductor` name the same thing: the one from the nearest source counts.

use super::conductor::{Chosen, named};
use super::read::{URL, websocket_url};
use super::values::Values;
use crate::failure::Failure;

/// The choice of the nearest source, and the setting that made it.
pub(super) fn chosen(values: &Values) -> Result<Option<(&'static str, Chosen)>, Failure> {
    // 0 means a free port when a conductor is started, and is not valid when one is looked for.
    let port = values.parsed("admin_port", "a port from 1 to 65535, or 0", |text| {
        text.parse().ok().map(Chosen::on_this_machine)
    })?;
    let url = values.parsed("admin_url", URL, |text| websocket_url(text).map(Chosen::Running))?;
    let conductor = values.parsed("conductor", "`embedded`, `real` or a ws:// or wss:// URL", named)?;
    let given = [("admin_port", port), ("admin_url", url), ("conductor", conductor)];
    let mut given: Vec<_> = given
        .into_iter()
        .filter_map(|(key, chosen)| chosen.map(|chosen| (values.source(key), key, chosen)))
        .collect();
    given.sort_by_key(|(source, ..)| *source);
    let mut given = given.into_iter();
    match (given.next(), given.next()) {
        (Some((source, one, _)), Some((other, another, _))) if source == other => Err(Failure::usage(
            format!("both {} and {} name a conductor", values.place(one), values.place(another)),
            "use only one of them",
        )),
        (nearest, _) => Ok(nearest.map(|(_, key, chosen)| (key, chosen))),
    }
}
