//! What is told is in the stream, once and in order.

use serde_json::json;

use crate::client::post;
use crate::server::NatsServer;
use crate::stage::{APP, BLOCKS, COMMITTED, Stage, client, must, nats};
use crate::stream::{Stream, blocks, entities, gaps};

#[tokio::test(flavor = "multi_thread")]
async fn blocks_and_events_are_in_the_stream_once_and_in_order() {
    let (server, stage) = (NatsServer::start().await, Stage::start().await);
    let stream = Stream::of(client(&server).await);
    // What was there before the first gateway is published too.
    stage.note("before").await;
    let gateway = stage.gateway(nats(&server.url())).await;
    stream.once(stage.ends_there().await).await;
    for n in 0..30 {
        stage.note(&format!("note {n}")).await;
    }
    let notes = stage.last(30).await;
    let emit = format!("/api/v1/apps/{APP}/roles/features/zomes/features/fns/signal");
    let emitted = post(gateway.address(), &emit).key(stage.key.expose()).json(&json!("hello")).send().await;
    assert_eq!(emitted.status, 200);
    let all = stream.once(|all| all.iter().any(|kept| kept.subject.ends_with("event.emitted"))).await;
    assert_eq!(blocks(&all, BLOCKS), stage.chain().await);
    let mut events = entities(&all, COMMITTED);
    events.retain(|event| notes.contains(event));
    assert_eq!(events, notes);
    assert_eq!(gaps(&all), [""; 0]);
    let event = all.iter().find(|kept| kept.subject.ends_with("event.emitted")).unwrap();
    assert_eq!(event.body["data"]["payload"]["text"], "hello");
    assert_eq!(
        (event.body["id"].as_str(), event.body["chain_name"].as_str()),
        (Some(event.id.as_str()), Some("shop/features"))
    );
    must(gateway.stop()).await;
    stage.conductor.shut_down().await;
}

/// One that is stopped goes on behind the last block; what was told meanwhile is a gap.
#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_goes_on_behind_the_last_block() {
    let (server, stage) = (NatsServer::start().await, Stage::start().await);
    let stream = Stream::of(client(&server).await);
    for round in 0..3 {
        let gateway = stage.gateway(nats(&server.url())).await;
        stage.note(&format!("with a gateway {round}")).await;
        let all = stream.once(stage.ends_there().await).await;
        assert_eq!(blocks(&all, BLOCKS), stage.chain().await);
        assert_eq!(gaps(&all), vec!["restart"; round]);
        must(gateway.stop()).await;
        stage.note(&format!("without one {round}")).await;
    }
    stage.conductor.shut_down().await;
}
