//! The stream, as another program follows it.

use ham_gateway::nats::{Follow, Followed, From};

use crate::server::NatsServer;
use crate::stage::{BOUND, Stage, client, must, nats};
use crate::stream::Stream;

async fn start(server: &NatsServer, subject: &str, from: From) -> Follow {
    must(Follow::start(&nats(&server.url()), subject, from, BOUND)).await.unwrap()
}

/// The heights of the next blocks.
async fn heights(follow: &mut Follow, count: usize) -> Vec<u64> {
    let mut heights = Vec::new();
    while heights.len() < count {
        let Followed::Message { payload, .. } = must(follow.next()).await else {
            panic!("nothing is missing")
        };
        let message: serde_json::Value = serde_json::from_slice(&payload).unwrap();
        heights.push(message["data"]["height"].as_u64().unwrap());
    }
    heights
}

#[tokio::test(flavor = "multi_thread")]
async fn it_goes_on_over_a_server_that_is_killed_and_where_a_durable_consumer_stands() {
    let (mut server, stage) = (NatsServer::start().await, Stage::start().await);
    let gateway = stage.gateway(nats(&server.url())).await;
    stage.note("first").await;
    Stream::of(client(&server).await).once(stage.ends_there().await).await;
    let blocks = "ham.*.block";
    let mut all = start(&server, blocks, From::Sequence(0)).await;
    let mut durable = start(&server, blocks, From::Durable("reader".to_owned())).await;
    let before: Vec<u64> = stage.chain().await.iter().map(|(_, height)| *height).collect();
    assert_eq!(heights(&mut all, before.len()).await, before);
    for round in 0..2 {
        for n in 0..10 {
            stage.note(&format!("{round} {n}")).await;
        }
        let chain = stage.chain().await;
        let last: Vec<u64> = chain[chain.len() - 10..].iter().map(|(_, height)| *height).collect();
        assert_eq!(heights(&mut all, 10).await, last);
        assert_eq!(heights(&mut durable, 10).await, last);
        if round == 0 {
            server.kill().await;
            server.restart().await;
        }
    }
    // It stands where it was read to, whoever reads; the last one was handed on and not said to be read.
    drop(durable);
    stage.note("while nobody reads").await;
    let mut durable = start(&server, blocks, From::Durable("reader".to_owned())).await;
    let chain = stage.chain().await;
    let last = chain.last().unwrap().1;
    let mut seen = heights(&mut durable, 1).await;
    if seen[0] != last {
        seen = heights(&mut durable, 1).await;
    }
    assert_eq!(seen, [last]);
    // What has fallen from the stream is told.
    Stream::of(client(&server).await).purge().await;
    stage.note("after").await;
    let mut late = start(&server, blocks, From::Sequence(1)).await;
    assert!(matches!(must(late.next()).await, Followed::Missed));
    assert_eq!(heights(&mut late, 1).await, [stage.chain().await.last().unwrap().1]);
    must(gateway.stop()).await;
    stage.conductor.shut_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_said() {
    let server = NatsServer::start().await;
    let none = Follow::start(&nats(&server.url()), "", From::Now, BOUND).await.unwrap_err().to_string();
    assert!(none.contains("the stream HAM"), "{none}");
    let nobody = nats("nats://127.0.0.1:1");
    let nobody = Follow::start(&nobody, "", From::Now, std::time::Duration::from_millis(50)).await;
    assert!(nobody.unwrap_err().to_string().contains("no server answers"));
}
