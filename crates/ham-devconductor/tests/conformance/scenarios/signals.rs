//! Signals, and what happens after a commit.

use holochain_types::prelude::{CapSecret, GrantConstraint};

use crate::stage::Stage;
use crate::value::map;

pub(crate) async fn post_commits(stage: &mut Stage) {
    let (app, zome) = stage.features().await;
    stage.call(&zome, "nothing", ()).await;
    // Of the commits of `init`.
    app.hear(2).await;
    for (text, count) in [("plain", 1), ("write:refused", 2), ("panic:trapped", 1), ("relay:on", 2)] {
        stage.call(&zome, "create_note", text).await;
        stage.signals(text, &app, count).await;
    }
    stage.call(&zome, "two_notes", "two").await;
    stage.signals("two", &app, 1).await;
    stage.call(&zome, "two_notes_then_fail", "none").await;
    stage.call(&zome, "query_chain", super::validation::query().include_entries(true)).await;
}

pub(crate) async fn emitted_signals(stage: &mut Stage) {
    let (app, zome) = stage.features().await;
    stage.call(&zome, "nothing", ()).await;
    // Of the commits of `init`.
    app.hear(2).await;
    for text in ["one", "two", "three"] {
        stage.call(&zome, "signal", text).await;
    }
    stage.call(&zome, "signal_then_fail", "four").await;
    stage.call(&zome.beside("mirror"), "signal", "of the mirror").await;
    stage.signals("heard", &app, 5).await;
    // Another client of the app hears it too, one of another app does not.
    let second = stage.connect(&app.id).await;
    stage.call(&zome, "signal", "to both").await;
    stage.signals("the first", &app, 1).await;
    stage.signals("the second", &second, 1).await;
}

pub(crate) async fn remote_signals(stage: &mut Stage) {
    let (app, zome) = stage.features().await;
    let peer = stage.install("features.happ", "peer").await;
    let there = stage.enter(&peer, "features", "features").await;
    there.quiet::<()>("nothing", ()).await;
    peer.hear(2).await;
    stage.call(&zome, "nothing", ()).await;
    // Of the commits of `init`.
    app.hear(2).await;
    stage.wait_for_agents(&zome.cell, 2).await;
    stage.call(&zome, "signal_remote", map! { agents: [&peer.agent], text: "to the peer" }).await;
    stage.signals("the peer", &peer, 1).await;
    let unknown = holo_hash::AgentPubKey::from_raw_32(vec![1; 32]);
    stage.call(&zome, "signal_remote", map! { agents: [&unknown], text: "to nobody" }).await;
    stage
        .call(&zome, "signal_remote", map! { agents: Vec::<holo_hash::AgentPubKey>::new(), text: "to none" })
        .await;
    stage.call(&zome, "signal_remote", map! { agents: [&app.agent], text: "to itself" }).await;
    stage.signals("itself", &app, 1).await;
}

/// Of one conductor, each with a cell of the DNA.
pub(crate) async fn remote_signals_to_three(stage: &mut Stage) {
    let (_, zome) = stage.features().await;
    let mut peers = Vec::new();
    for name in ["first", "second", "third"] {
        let peer = stage.install("features.happ", name).await;
        let there = stage.enter(&peer, "features", "features").await;
        there.quiet::<()>("nothing", ()).await;
        peer.hear(2).await;
        peers.push(peer);
    }
    stage.call(&zome, "nothing", ()).await;
    stage.wait_for_agents(&zome.cell, 4).await;
    let agents: Vec<_> = peers.iter().map(|peer| peer.agent.clone()).collect();
    zome.quiet::<()>("signal_remote", map! { agents: agents, text: "to all" }).await;
    let mut heard = 0;
    for peer in &peers {
        heard += peer.heard(1).await;
    }
    stage.note("heard", heard);
}

pub(crate) async fn direct_signals(stage: &mut Stage) {
    let (app, zome) = stage.probe().await;
    let peer = stage.install("probe.happ", "peer").await;
    stage.wait_for_agents(&zome.cell, 2).await;
    let secret: CapSecret = [7; 64].into();
    let constraint = GrantConstraint::Transferable { secret };
    let granted =
        peer.client.grant_direct_signal_capability(peer.cell("probe"), "direct".to_owned(), constraint).await;
    stage.answer("grant", granted);
    // Granting ran `init`, which commits.
    peer.hear(1).await;
    for (text, secret) in
        [("no secret", None), ("wrong secret", Some([8; 64].into())), ("right secret", Some(secret))]
    {
        let dna = zome.cell.dna_hash().clone();
        let sent = app.client.send_direct_signal(dna, vec![peer.agent.clone()], text.into(), secret).await;
        stage.answer(text, sent);
    }
    stage.signals("heard", &peer, 1).await;
    let unknown = holo_hash::DnaHash::from_raw_32(vec![1; 32]);
    let sent = app.client.send_direct_signal(unknown, vec![peer.agent.clone()], "x".into(), None).await;
    stage.answer("in an unknown DNA", sent);
    let nowhere = holochain_types::prelude::CellId::new(
        holo_hash::DnaHash::from_raw_32(vec![1; 32]),
        app.agent.clone(),
    );
    let granted = app
        .client
        .grant_direct_signal_capability(nowhere, "none".to_owned(), GrantConstraint::Unrestricted)
        .await;
    stage.answer("grant in no cell", granted);
    let others = app
        .client
        .grant_direct_signal_capability(peer.cell("probe"), "x".to_owned(), GrantConstraint::Unrestricted)
        .await;
    stage.answer("grant in another's cell", others);
}
