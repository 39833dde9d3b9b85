//! The requests by which clients tell releases apart.

use serde::Deserialize;

use super::release::Release;
use super::texts::{self, Refused};

#[derive(Deserialize)]
struct Filtered {
    value: Filter,
}

#[derive(Deserialize)]
struct Filter {
    status_filter: Option<String>,
}

/// The answer to such a request, on either interface: it is read and refused, or not read.
pub(super) fn told_apart(name: &str, body: &[u8], release: Release) -> Option<Refused> {
    if name == "list_apps" {
        let asked = rmp_serde::from_slice::<Filtered>(body).ok()?;
        let filters = asked.value.status_filter.is_some_and(|filter| filter == "awaiting_restore");
        return (filters && release.is_0_6()).then(texts::unreadable_request);
    }
    let since = match name {
        "grant_direct_signal_capability" => Release::V0_7_1,
        "peer_meta_info" => Release::V0_8,
        "dump_op_timings" => Release::V0_7_0,
        _ => return None,
    };
    Some(match release >= since {
        true => texts::in_no_table(),
        false => texts::unreadable_request(),
    })
}
