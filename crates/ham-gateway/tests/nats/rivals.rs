//! Others write to the stream, or take from it.

use ham_devconductor::DevConductor;

use crate::server::NatsServer;
use crate::stage::{BLOCKS, Stage, client, must, nats};
use crate::stream::{Stream, blocks, gaps};
use crate::wire::Cable;

/// Each block is first written by one of them.
#[tokio::test(flavor = "multi_thread")]
async fn two_gateways_write_each_block_once() {
    let (server, stage) = (NatsServer::start().await, Stage::start().await);
    let stream = Stream::of(client(&server).await);
    stream.forgetful().await;
    let one = stage.gateway(nats(&server.url())).await;
    let cable = Cable::to(server.port).await;
    let other = stage.gateway(nats(&cable.url())).await;
    for round in 0..4 {
        for n in 0..20 {
            stage.note(&format!("{round} {n}")).await;
        }
        let all = stream.once(stage.ends_there().await).await;
        assert_eq!(blocks(&all, BLOCKS), stage.chain().await);
        // What the other one hears now it writes later than the stream knows ids.
        cable.down();
        for n in 0..20 {
            stage.note(&format!("{round} {n} alone")).await;
        }
        stream.once(stage.ends_there().await).await;
        cable.cut();
    }
    must(one.stop()).await;
    stage.note("with one of them").await;
    let all = stream.once(stage.ends_there().await).await;
    assert_eq!(blocks(&all, BLOCKS), stage.chain().await);
    must(other.stop()).await;
    stage.conductor.shut_down().await;
}

/// Nobody can say which blocks were there.
#[tokio::test(flavor = "multi_thread")]
async fn what_has_fallen_from_the_stream_is_not_told_again() {
    let (server, stage) = (NatsServer::start().await, Stage::start().await);
    let stream = Stream::of(client(&server).await);
    let gateway = stage.gateway(nats(&server.url())).await;
    stage.note("before").await;
    stream.once(stage.ends_there().await).await;
    must(gateway.stop()).await;
    stream.purge().await;
    stage.note("without a gateway").await;
    let gateway = stage.gateway(nats(&server.url())).await;
    stream.once(|all| gaps(all) == ["history_lost"]).await;
    stage.note("after").await;
    let all = stream.once(stage.ends_there().await).await;
    assert_eq!(blocks(&all, BLOCKS), stage.chain().await[stage.chain().await.len() - 1..]);
    must(gateway.stop()).await;
    stage.conductor.shut_down().await;
}

/// Its blocks were below the height of the other one's last block, and none of them was published.
#[tokio::test(flavor = "multi_thread")]
async fn another_chain_under_the_same_name_begins_anew() {
    let (server, before) = (NatsServer::start().await, Stage::start().await);
    let stream = Stream::of(client(&server).await);
    let gateway = before.gateway(nats(&server.url())).await;
    for n in 0..10 {
        before.note(&format!("{n}")).await;
    }
    let first = stream.once(before.ends_there().await).await;
    must(gateway.stop()).await;
    let after = Stage::start().await;
    let gateway = after.gateway(nats(&server.url())).await;
    after.note("another chain").await;
    let all = stream.once(after.ends_there().await).await;
    assert_eq!(gaps(&all), ["restart", "chain_changed"]);
    let both: Vec<_> = [before.chain().await, after.chain().await].concat();
    assert_eq!(blocks(&all, BLOCKS), both);
    assert!(first.len() < all.len());
    must(gateway.stop()).await;
    for conductor in [before.conductor, after.conductor] {
        DevConductor::shut_down(conductor).await;
    }
}
