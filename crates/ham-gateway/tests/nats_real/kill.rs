//! The conductor is killed, as a process.

use crate::server::NatsServer;
use crate::stage::{Stage, must};
use crate::stream::{Stream, blocks, entities, gaps};

/// Where the blocks of the cell are, and the events that it has committed something.
const BLOCKS: &str = "ham.shop%2Ffeatures.block";
const COMMITTED: &str = "ham.shop%2Ffeatures.event.committed";

/// The stream knows ids for a tenth of a second only, so that they prove nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_real_conductor_that_is_killed_under_load_misses_and_doubles_nothing() {
    let server = NatsServer::start().await;
    let stream = Stream::of(must(async_nats::connect(server.url())).await.unwrap());
    stream.forgetful().await;
    let mut stage = Stage::start(&server).await;
    stage.note("before").await.expect("it is answered");
    let load = async {
        // Until one has met the kill.
        let mut n = 0;
        while stage.note(&format!("under it {n}")).await.is_some() || stage.conductor.is_running() {
            n += 1;
        }
    };
    let kill = async {
        stream.once(|all| blocks(all, BLOCKS).len() > 20).await;
        stage.conductor.kill().await.unwrap();
    };
    tokio::join!(load, kill);
    stage.conductor.restart().await.unwrap();
    stage.ready().await;
    let mut after = Vec::new();
    for n in 0..20 {
        after.push(stage.note(&format!("after it {n}")).await.expect("it is answered"));
    }
    let chain = stage.chain().await;
    assert_eq!(chain.last().map(|(hash, _)| hash), after.last(), "nobody else writes");
    let told = |all: &[_]| {
        let events = entities(all, COMMITTED);
        blocks(all, BLOCKS).last() == chain.last() && after.iter().all(|note| events.contains(note))
    };
    let all = stream.once(told).await;
    assert_eq!(blocks(&all, BLOCKS), chain);
    let events = entities(&all, COMMITTED);
    // What was committed beside the notes is told by each zome that has a `post_commit`.
    for note in &after {
        assert_eq!(events.iter().filter(|event| *event == note).count(), 1, "{note}");
    }
    // Events that the kill took are a gap; while the conductor starts, links to it come and go.
    let gaps = gaps(&all);
    assert!(!gaps.is_empty() && gaps.iter().all(|cause| cause == "link_lost"), "{gaps:?}");
    stage.end().await;
}
