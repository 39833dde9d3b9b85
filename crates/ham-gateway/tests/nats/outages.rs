//! The server, or the wire to it, is away.

use crate::server::NatsServer;
use crate::stage::{BLOCKS, COMMITTED, Stage, client, must, nats};
use crate::stream::{Kept, Stream, blocks, entities, gaps};
use crate::wire::Cable;

/// Everything of the chain is there once and in order, and so is every event of its last notes.
pub(crate) async fn complete(stage: &Stage, all: &[Kept], notes: usize) {
    assert_eq!(blocks(all, BLOCKS), stage.chain().await);
    let notes = stage.last(notes).await;
    let mut events = entities(all, COMMITTED);
    events.retain(|event| notes.contains(event));
    assert_eq!(events, notes);
    assert_eq!(gaps(all), [""; 0]);
}

pub(crate) async fn all_of(stage: &Stage, stream: &Stream, notes: usize) -> Vec<Kept> {
    let (there, notes) = (stage.ends_there().await, stage.last(notes).await);
    let told = |all: &[Kept]| {
        let events = entities(all, COMMITTED);
        notes.iter().all(|note| events.contains(note))
    };
    stream.once(|all| there(all) && told(all)).await
}

/// The stream knows ids for a tenth of a second only, so what is sent twice is found by its place.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_under_load_misses_and_doubles_nothing() {
    let (mut server, stage) = (NatsServer::start().await, Stage::start().await);
    Stream::of(client(&server).await).forgetful().await;
    let gateway = stage.gateway(nats(&server.url())).await;
    stage.note("first").await;
    let mut notes = 1;
    all_of(&stage, &Stream::of(client(&server).await), notes).await;
    for round in 0..3 {
        let load = async {
            for n in 0..60 {
                stage.note(&format!("{round} {n}")).await;
            }
        };
        let killed = async {
            let stream = Stream::of(client(&server).await);
            // In the middle of it.
            stream.once(|all| entities(all, COMMITTED).len() > notes + 10).await;
            server.kill().await;
            server.restart().await;
        };
        tokio::join!(load, killed);
        notes += 60;
        let all = all_of(&stage, &Stream::of(client(&server).await), notes).await;
        complete(&stage, &all, notes).await;
    }
    must(gateway.stop()).await;
    stage.conductor.shut_down().await;
}

/// Each cut loses some acknowledgement.
#[tokio::test(flavor = "multi_thread")]
async fn a_wire_that_is_cut_under_load_misses_and_doubles_nothing() {
    let (server, stage) = (NatsServer::start().await, Stage::start().await);
    let stream = Stream::of(client(&server).await);
    stream.forgetful().await;
    let cable = Cable::to(server.port).await;
    let gateway = stage.gateway(nats(&cable.url())).await;
    stage.note("first").await;
    all_of(&stage, &stream, 1).await;
    for n in 0..150 {
        stage.note(&format!("{n}")).await;
        if n % 7 == 3 {
            cable.cut();
        }
    }
    let all = all_of(&stage, &stream, 151).await;
    complete(&stage, &all, 151).await;
    must(gateway.stop()).await;
    stage.conductor.shut_down().await;
}

/// The blocks are asked of the chain; the events are lost, and that is told.
#[tokio::test(flavor = "multi_thread")]
async fn an_outage_longer_than_the_history_is_a_gap_and_misses_no_block() {
    let (server, stage) = (NatsServer::start().await, Stage::start().await);
    let stream = Stream::of(client(&server).await);
    let cable = Cable::to(server.port).await;
    let mut config = stage.config(nats(&cable.url()));
    (config.feed.history, config.feed.queue) = (10, 4);
    let gateway = ham_gateway::Server::start(config).await.unwrap();
    must(gateway.ready()).await;
    stage.note("before").await;
    all_of(&stage, &stream, 1).await;
    cable.down();
    for n in 0..50 {
        stage.note(&format!("{n}")).await;
    }
    // In the end the history has nothing of any block.
    for n in 0..30 {
        stage.emit(&format!("{n}")).await;
    }
    cable.cut();
    let all = stream.once(stage.ends_there().await).await;
    assert_eq!(blocks(&all, BLOCKS), stage.chain().await);
    let told = gaps(&all);
    assert!(!told.is_empty() && told.iter().all(|cause| cause == "history_lost"), "{told:?}");
    // Those that are there are there once.
    let (mut events, notes) = (entities(&all, COMMITTED), stage.last(51).await);
    events.retain(|event| notes.contains(event));
    assert!(events.is_sorted_by(|one, next| one < next), "{events:?}");
    assert!(events.len() < 51);
    must(gateway.stop()).await;
    stage.conductor.shut_down().await;
}
