//! The cases of its `tests/admin.rs`; those about the network are in `network.rs`.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};

use holochain_client::{AdminWebsocket, CellInfo};
use holochain_conductor_api::StorageBlob;
use holochain_types::app::RoleSettings;
use holochain_types::prelude::{Capability, DnaModifiersOpt, GrantConstraint, YamlProperties};

use super::app::unreachable;
use super::support::{admin, alone, call, cell, enter, install, request, shared};

#[test]
fn app_interfaces() {
    alone(async {
        let conductor = ham_devconductor::DevConductor::start().await.unwrap();
        assert!(admin(&conductor).await.list_app_interfaces().await.unwrap().is_empty());
        conductor.shut_down().await;
    });
}

#[test]
fn signed_zome_call() {
    shared(async |shared| {
        let admin = shared.admin().await;
        let app = shared.probe().await;
        let (client, cell) = enter(&admin, &app.installed_app_id, "probe").await;
        let answer: String = call(&client, cell, "echo_text", "foo").await.unwrap();
        assert_eq!(answer, "foo");
    });
}

#[test]
fn storage_info() {
    shared(async |shared| {
        let app = shared.probe().await;
        let blobs = shared.admin().await.storage_info().await.unwrap().blobs;
        let of_app = |blob: &&StorageBlob| {
            let StorageBlob::Dna(dna) = blob;
            dna.used_by.contains(&app.installed_app_id)
        };
        // One for each role.
        assert_eq!(blobs.iter().filter(of_app).count(), 2);
        for StorageBlob::Dna(dna) in blobs.iter().filter(of_app) {
            assert!(dna.dht_data_size > 0 && dna.dht_data_size_on_disk > 0, "{dna:?}");
        }
    });
}

#[test]
fn install_app_then_list_apps_and_list_cell_ids() {
    alone(async {
        let conductor = ham_devconductor::DevConductor::start().await.unwrap();
        let admin = admin(&conductor).await;
        let key = admin.generate_agent_pub_key().await.unwrap();
        let mut payload = request("probe.happ", "test-app");
        payload.agent_key = Some(key.clone());
        let app = admin.install_app(payload).await.unwrap();
        admin.enable_app("test-app".to_owned()).await.unwrap();
        assert_eq!(app.agent_pub_key, key);
        let cells = admin.list_cell_ids().await.unwrap();
        assert_eq!(cells.len(), 2);
        for role in ["probe", "ledger"] {
            assert!(cells.contains(&cell(&app, role)));
        }
        let apps = admin.list_apps(None).await.unwrap();
        let ids: Vec<&str> = apps.iter().map(|app| app.installed_app_id.as_str()).collect();
        assert_eq!(ids, ["test-app"]);
        conductor.shut_down().await;
    });
}

#[test]
fn install_app_with_roles_settings() {
    shared(async |shared| {
        let admin = shared.admin().await;
        let text = serde_json::json!("some properties of the installation");
        let properties = YamlProperties::new(serde_json::from_value(text).unwrap());
        let modifiers = DnaModifiersOpt::default()
            .with_network_seed("another seed".to_owned())
            .with_properties(properties.clone());
        let settings = RoleSettings::Provisioned {
            membrane_proof: None,
            modifiers: Some(modifiers),
            init_properties: None,
        };
        let mut payload = request("probe.happ", "with-roles-settings");
        payload.roles_settings = Some(HashMap::from([("ledger".to_owned(), settings)]));
        admin.install_app(payload).await.unwrap();
        admin.enable_app("with-roles-settings".to_owned()).await.unwrap();

        let apps = admin.list_apps(None).await.unwrap();
        let app = apps.iter().find(|app| app.installed_app_id == "with-roles-settings").unwrap();
        let role = app.manifest.app_roles().into_iter().find(|role| role.name == "ledger").unwrap();
        assert_eq!(role.dna.modifiers.network_seed.as_deref(), Some("another seed"));
        assert_eq!(role.dna.modifiers.properties, Some(properties));
        // Not only its manifest: the cell is of another DNA than without them.
        assert_ne!(cell(app, "ledger").dna_hash(), cell(shared.probe().await, "ledger").dna_hash());
        let CellInfo::Provisioned(cell) = &app.cell_info["ledger"][0] else { panic!("{app:?}") };
        assert_eq!(cell.dna_modifiers.network_seed, "another seed");
    });
}

#[test]
fn connect_multiple_addresses() {
    shared(async |shared| {
        let taken = unreachable();
        let addresses = [
            taken.local_addr().unwrap(),
            SocketAddr::new(Ipv4Addr::LOCALHOST.into(), shared.conductor.admin_port()),
        ];
        let admin = AdminWebsocket::connect(&addresses[..], None).await.unwrap();
        admin.list_apps(None).await.unwrap();
    });
}

#[test]
fn grant_direct_signal_capability() {
    shared(async |shared| {
        let admin = shared.admin().await;
        let app = install(&admin, "probe.happ", "grants-direct-signals").await;
        let cell = cell(&app, "probe");
        let everyone = GrantConstraint::Unrestricted;
        let tag = "direct-signal".to_owned();
        let hash = admin.grant_direct_signal_capability(cell.clone(), tag, everyone).await.unwrap();

        let grants = admin.list_capability_grants(app.installed_app_id, false).await.unwrap().0;
        let hashes: Vec<_> = grants
            .into_iter()
            .filter(|(of, _)| *of == cell)
            .flat_map(|(_, grants)| grants)
            .filter(|grant| grant.cap_grant.capability == Capability::DirectSignal)
            .map(|grant| grant.action_hash)
            .collect();
        assert_eq!(hashes, [hash]);
    });
}
