//! The scenarios. Each runs in apps of its own, under ids and a network seed made of its name.

mod apps;
mod auth;
mod calls;
mod chain;
mod clones;
mod crypto;
mod errors;
mod info;
mod init;
mod install;
mod interfaces;
mod links;
mod membrane;
mod reads;
mod schedule;
mod signals;
mod validation;

use super::Scenario;

macro_rules! scenarios {
    ($($module:ident: $($name:ident),+;)+) => {
        vec![$($(Scenario {
            name: stringify!($name),
            play: |stage| Box::pin($module::$name(stage)),
        }),+),+]
    };
}

/// All of them, those that go wrong first. Before all others those that name an agent's key: `holochain` looks for it in the
/// list of all keys, and its connection to the keystore ends when those are more than fit into 8 KiB, some 45.
pub(crate) fn all() -> Vec<Scenario> {
    scenarios! {
        install: install_errors;
        apps: uninstalled;
        errors: guest_errors, host_errors, panics, misreadings, broken_answers, missing_data, nonsense_writes, sizes;
        auth: signatures, nonces, expiries, grants_of_clients, grants_of_zomes, unauthorized_inside, listed_grants;
        validation: refused_notes, verdicts_of_entries, verdicts_of_updates, verdicts_of_links, verdict_outcomes,
            unresolved_verdicts, bare_validation, strict_and_relaxed, atomic_writes;
        install: bad_bundles, dna_hashes, role_settings, genesis_refusals, init_properties;
        apps: app_states, app_errors, calls_to_nowhere, coordinators;
        init: init_fails, init_unresolved, init_again, init_writes;
        membrane: deferred_proofs, wrong_proofs, proofs_at_installation;
        clones: clones_by_client, clones_by_zome, clone_errors, clone_hashes;
        calls: calls_between_zomes, calls_between_cells, nested_calls, many_calls, remote_calls;
        signals: post_commits, emitted_signals, remote_signals, remote_signals_to_three, direct_signals;
        chain: chain_queries, own_activities, closed_chain, opened_chain, dumped_chain, entry_kinds, must_gets;
        reads: details, updates_and_deletes, several_gets, private_entries;
        links: links_and_filters, link_details, deleted_links, paths, anchors;
        crypto: signing, boxes, secret_boxes, random_numbers;
        info: infos, bare_functions, externs, app_infos, dna_definitions, host_functions, storage, network;
        schedule: scheduled, schedule_errors;
        interfaces: tokens, interface_lists, raw_requests;
    }
}
