//! The scenarios. Each runs in apps of its own, under ids and a network seed made of its name.

mod auth;
mod errors;

use super::Scenario;

macro_rules! scenarios {
    ($($module:ident: $($name:ident),+;)+) => {
        vec![$($(Scenario {
            name: stringify!($name),
            play: |stage| Box::pin($module::$name(stage)),
        }),+),+]
    };
}

/// All of them, those that go wrong first.
pub(crate) fn all() -> Vec<Scenario> {
    scenarios! {
        errors: guest_errors, host_errors, panics, misreadings, broken_answers, missing_data, nonsense_writes, sizes;
        auth: signatures, nonces, expiries, grants_of_clients, grants_of_zomes, unauthorized_inside, listed_grants;
    }
}
