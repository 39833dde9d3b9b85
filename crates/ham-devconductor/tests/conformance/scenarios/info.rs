//! What the conductor says of itself, of apps, cells and calls.

use rmpv::Value;

use crate::stage::Stage;
use crate::value::map;

pub(crate) async fn infos(stage: &mut Stage) {
    let (app, zome) = stage.features().await;
    for zome in [zome.clone(), zome.beside("mirror")] {
        for function in ["info_agent", "info_dna", "info_dna_v1", "info_zome", "info_call"] {
            stage.call(&zome, function, ()).await;
        }
    }
    stage.call(&zome, "create_note", "moves the head").await;
    stage.call(&zome, "info_agent", ()).await;
    stage.call(&zome, "info_agent_around_write", ()).await;
    stage.call(&zome.beside("bare"), "bare_dna_name", ()).await;
    let twin = stage.enter(&app, "twin", "features").await;
    stage.call(&twin, "info_dna", ()).await;
    stage.call(&twin, "info_agent", ()).await;
}

pub(crate) async fn bare_functions(stage: &mut Stage) {
    let (_, zome) = stage.shared().await;
    let bare = zome.beside("bare");
    for value in [Value::Nil, 7.into(), "text".into(), Value::Binary(vec![1, 2]), map! { a: [1, 2] }] {
        stage.call(&bare, "bare_echo", value).await;
    }
    let mut params = bare.params("bare_json", ());
    params.payload = holochain_types::prelude::ExternIO(br#"{"a":1}"#.to_vec());
    let answer = bare.send_params(&params).await;
    stage.note(
        "json",
        answer.map(|answer| String::from_utf8(answer.into_vec()).unwrap()).map_err(|error| error.to_string()),
    );
    stage.call(&bare, "bare_trace", "a line").await;
    stage.call(&bare, "bare_now", ()).await;
    stage.call(&zome, "trace_all", "a line").await;
}

pub(crate) async fn externs(stage: &mut Stage) {
    let (_, zome) = stage.shared().await;
    for function in ["increment", "increment_twice", "increment_thrice", "mapped"] {
        stage.call(&zome, function, 7).await;
    }
    stage.call(&zome, "nothing", ()).await;
    let probe = stage.install("probe.happ", "probe").await;
    let probe = stage.enter(&probe, "probe", "probe").await;
    stage.call(&probe, "echo", map! { any: [Value::Nil, 1.5.into(), Value::Binary(vec![1])] }).await;
    stage.call(&probe, "whoami", ()).await;
    stage.call(&probe, "slow_echo", map! { millis: 20, text: "late" }).await;
}

pub(crate) async fn app_infos(stage: &mut Stage) {
    let (app, _) = stage.features().await;
    stage.note("of the client", &app.info);
    let listed = stage.admin.list_apps(None).await.unwrap();
    let listed = listed.into_iter().find(|info| info.installed_app_id == app.id);
    stage.note("listed", listed);
    let dump = stage.admin.dump_conductor_state().await.unwrap();
    let dump: Value = serde_json::from_str(&dump).unwrap();
    let fields: Vec<String> = match &dump {
        Value::Map(fields) => fields.iter().map(|(key, _)| key.to_string()).collect(),
        other => vec![other.to_string()],
    };
    stage.note("fields of the conductor's state", fields);
}

pub(crate) async fn dna_definitions(stage: &mut Stage) {
    let (app, _) = stage.features().await;
    for role in ["features", "twin"] {
        let definition = stage.admin.get_dna_definition(app.cell(role)).await;
        stage.answer(role, definition);
    }
    let probe = stage.install("probe-memproof.happ", "probe").await;
    let definition = stage.admin.get_dna_definition(probe.cell("probe")).await;
    stage.answer("probe", definition);
}

pub(crate) async fn host_functions(stage: &mut Stage) {
    let (app, _) = stage.probe().await;
    let functions = app.client.list_wasm_host_functions().await;
    stage.answer("host functions", functions);
}

pub(crate) async fn storage(stage: &mut Stage) {
    let (app, zome) = stage.probe().await;
    zome.quiet::<()>("emit", "run init").await;
    let info = stage.admin.storage_info().await.unwrap();
    let mut shapes = Vec::new();
    for holochain_conductor_api::StorageBlob::Dna(dna) in &info.blobs {
        if dna.used_by.contains(&app.id) {
            shapes.push((dna.used_by.clone(), dna.dht_data_size > 0, dna.dht_data_size_on_disk > 0));
        }
    }
    stage.note("of the app", shapes);
    let timings = app.client.dump_op_timings(zome.cell.dna_hash().clone(), None, None).await;
    stage.note("op timings", timings.is_ok());
    let stranger = holo_hash::DnaHash::from_raw_32(vec![1; 32]);
    let timings = app.client.dump_op_timings(stranger, None, None).await;
    stage.answer("op timings of an unknown DNA", timings.map(|_| ()));
}

/// What a conductor without a network has nothing to say of.
pub(crate) async fn network(stage: &mut Stage) {
    let (app, zome) = stage.probe().await;
    zome.quiet::<()>("emit", "run init").await;
    stage.wait_for_agents(&zome.cell, 1).await;
    let dna = zome.cell.dna_hash().clone();
    let stats = app.client.dump_network_stats().await.unwrap();
    stage.note("transport", stats.transport_stats.backend);
    let agents = app.client.agent_info(Some(vec![dna.clone()])).await.unwrap();
    stage.note("known agents", agents.len());
    let metrics = app.client.dump_network_metrics(Some(dna.clone()), false).await.unwrap();
    stage.note("local agents in the metrics", metrics[&dna].local_agents.len());
    let stranger = holo_hash::DnaHash::from_raw_32(vec![1; 32]);
    let metrics = app.client.dump_network_metrics(Some(stranger.clone()), false).await;
    stage.answer("metrics of an unknown DNA", metrics.map(|_| ()));
    let url = holochain_client::Url::from_str("ws://test.com:80/x").unwrap();
    let peers = app.client.peer_meta_info(url.clone(), Some(vec![dna])).await.unwrap();
    stage.note("known of a peer", peers.values().map(|known| known.len()).sum::<usize>());
    let peers = app.client.peer_meta_info(url, Some(vec![stranger])).await;
    stage.answer("a peer in an unknown DNA", peers.map(|_| ()));
    let added = stage.admin.add_agent_info(vec!["no agent".to_owned()]).await;
    stage.answer("add no agent", added);
}
