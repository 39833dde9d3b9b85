//! Over WebSocket, in the documented dialect.

use ham_devconductor::DevConductor;
use ham_feed::{FeedItem, GapCause, Topic};
use ham_gateway::NewKey;
use serde_json::json;

use crate::client::get;
use crate::stage::{APP, Stage, config, data, must, next, stanza, write_keys};

#[tokio::test(flavor = "multi_thread")]
async fn a_zome_call_becomes_a_block_and_an_event() {
    let stage = Stage::start().await;
    for chain in ["supply_chain", "shop/features", "shop"] {
        let mut feed = stage.follow(Topic::chain(chain)).await;
        let hash = stage.call("features", "features", "create_note", json!(chain)).await.json();
        let block = next(&mut feed).await;
        let FeedItem::Block { chain_name, .. } = &block else { panic!("{block:?}") };
        assert_eq!(chain_name, chain);
        let block = data(&block);
        assert_eq!(block["block_hash"], hash["$hash"]);
        assert_eq!(
            (&block["action"], &block["role"], &block["zome"]),
            (&json!("Create"), &json!("features"), &json!("features"))
        );
        assert!(block["height"].as_u64().unwrap() > 3 && block["timestamp"].is_string(), "{block}");
        let event = data(&next(&mut feed).await);
        assert_eq!((&event["event_type"], &event["entity_id"]), (&json!("committed"), &hash["$hash"]));
    }
    let mut feed = stage.follow(Topic::chain("shop").with_event_type("emitted")).await;
    stage.call("features", "features", "signal", json!("hello")).await;
    let event = data(&next(&mut feed).await);
    assert_eq!(event["payload"], json!({ "type": "emitted", "text": "hello" }));
    stage.end().await;
}

/// It came once for each coordinator zome.
#[tokio::test(flavor = "multi_thread")]
async fn what_init_commits_is_told_once() {
    let stage = Stage::start().await;
    let mut feed = stage.follow(Topic::chain("shop/twin")).await;
    stage.call("twin", "features", "create_note", json!("first")).await;
    let mut heights = Vec::new();
    // The note is the last block, and its zome's event stands behind it.
    loop {
        match next(&mut feed).await {
            item @ FeedItem::Block { .. } => {
                let block = data(&item);
                heights.push(block["height"].as_u64().unwrap());
                if block["action"] == "Create"
                    && heights.len() > 1
                    && block["height"] == json!(heights.len() + 2)
                {
                    break;
                }
            }
            FeedItem::Event { .. } => {}
            other => panic!("{other:?}"),
        }
    }
    let last = heights.len() as u64;
    assert_eq!(heights, (3..3 + last).collect::<Vec<_>>());
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_follows_the_chains_that_are_listed_for_it() {
    let stage = Stage::start().await;
    let limited = NewKey::new().unwrap();
    let both = format!("{}{}", stanza(&limited, "supply_chain"), stanza_of(&stage));
    write_keys(stage.directory.path(), &both);
    stage.server.reload(config(stage.conductor.admin_port(), stage.directory.path())).unwrap();
    let events = |query: String| get(stage.server.address(), &format!("/api/v1/events?{query}"));
    let token = limited.expose();
    for (query, status, problem) in [
        ("chain=shop".to_owned(), 401, "no-key"),
        (format!("token={token}"), 400, "bad-request"),
        (format!("chain=shop&token={token}"), 404, "not-found"),
        (format!("chain=other&token={token}"), 404, "not-found"),
        (format!("chain=shop/features/x&token={token}"), 404, "not-found"),
    ] {
        let answer = events(query.clone()).send().await;
        assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (status, problem), "{query}");
    }
    assert_eq!(get(stage.server.address(), "/ws").send().await.problem(), "no-key");
    let status = get(stage.server.address(), &format!("/ws/status?token={token}")).send().await.json();
    assert_eq!(status["stats"]["chains"], json!({}));
    // Taken out of the file, it follows nothing any more.
    let feed = {
        let url = format!("ws://{}/ws", stage.server.address()).parse().unwrap();
        let config = ham_feed::FeedConfig::new(url)
            .with_resume(false)
            .with_endpoint(|endpoint| endpoint.with_token(token));
        let client = ham_feed::FeedClient::new(config).unwrap();
        must(client.subscribe(Topic::chain("supply_chain"), crate::stage::BOUND)).await
    };
    let mut feed = feed.unwrap();
    write_keys(stage.directory.path(), &stanza_of(&stage));
    stage.server.reload(config(stage.conductor.admin_port(), stage.directory.path())).unwrap();
    let FeedItem::Gap { cause: GapCause::LinkLost(ended), .. } = next(&mut feed).await else {
        panic!("a gap")
    };
    assert_eq!(ended.code, Some(1008));
    stage.end().await;
}

/// What the file says of the stage's key.
pub(crate) fn stanza_of(stage: &Stage) -> String {
    use ring::digest::{SHA256, digest};
    let hex: String =
        digest(&SHA256, stage.key.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let id = stage.key.split('_').nth(1).unwrap();
    format!(
        "[[key]]\nid = \"{id}\"\nname = \"all\"\nsha256 = \"{hex}\"\nscopes = [\"calls\", \"feed\"]\napps = [\"shop\"]\n\
         functions = [\"**\"]\nchains = [\"**\"]\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conductor_that_goes_is_a_gap_on_every_chain() {
    let stage = Stage::start().await;
    let mut feeds = Vec::new();
    for chain in ["supply_chain", "shop/features", "shop/twin", APP] {
        feeds.push(stage.follow(Topic::chain(chain)).await);
    }
    let Stage { conductor, server, directory: _directory, .. } = stage;
    DevConductor::shut_down(conductor).await;
    for feed in &mut feeds {
        let FeedItem::Gap { cause: GapCause::LinkLost(ended), .. } = next(feed).await else {
            panic!("a gap")
        };
        assert!(ended.reason.contains("its own link"), "{ended}");
    }
    must(server.stop()).await;
}
