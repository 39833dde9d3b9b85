//! Three servers, and a stream that each of them keeps.

use std::time::Duration;

use async_nats::jetstream;
use ham_testkit::port::Port;

use crate::client::get;
use crate::outages::{all_of, complete};
use crate::server::NatsServer;
use crate::stage::{Stage, must, nats};
use crate::stream::{Stream, config};

struct Cluster {
    servers: Vec<NatsServer>,
    /// Where they talk to each other.
    _routes: Vec<Port>,
}

impl Cluster {
    async fn start() -> Self {
        let ports: Vec<Port> = (0..SERVERS).map(|_| Port::reserve().unwrap()).collect();
        let urls: Vec<String> =
            ports.iter().map(|port| format!("nats://127.0.0.1:{}", port.number())).collect();
        let mut servers = Vec::new();
        for (nth, url) in urls.iter().enumerate() {
            let (name, routes) = (nth.to_string(), urls.join(","));
            let arguments = ["-n", &name, "-cluster_name", "ham", "-cluster", url, "-routes", &routes];
            servers.push(NatsServer::with(&arguments).await);
        }
        Self { servers, _routes: ports }
    }

    /// A client that finds another server where one is gone.
    async fn client(&self) -> async_nats::Client {
        let urls: Vec<String> = self.servers.iter().map(NatsServer::url).collect();
        must(async_nats::ConnectOptions::new().retry_on_initial_connect().connect(urls)).await.unwrap()
    }

    /// Which of them leads the stream, once one does and the stream has more than so many messages; and how many.
    async fn leader(&self, more_than: u64) -> (usize, u64) {
        let context = jetstream::new(self.client().await);
        must(async {
            loop {
                let Ok(stream) = context.get_stream("HAM").await else { continue };
                let info = stream.cached_info();
                let leader = info.cluster.as_ref().and_then(|cluster| cluster.leader.as_ref()?.parse().ok());
                if let Some(leader) = leader
                    && info.state.messages > more_than
                {
                    return (leader, info.state.messages);
                }
            }
        })
        .await
    }
}

/// While two of three are away nothing can be written; what has piled up then goes out message by message, so that one is on its way when
/// the leader dies. A cluster asks only what it has agreed upon for the last message, so what is sent again before that is known by its id alone.
#[tokio::test(flavor = "multi_thread")]
async fn a_leader_that_is_killed_under_load_misses_and_doubles_nothing() {
    let (mut cluster, stage) = (Cluster::start().await, Stage::start().await);
    let stream = Stream::of(cluster.client().await);
    let mut config = nats(&cluster.servers[0].url());
    config.urls = cluster.servers.iter().map(|server| server.url().parse().unwrap()).collect();
    config.stream_replicas = SERVERS;
    let gateway = stage.gateway(config).await;
    stage.note("first").await;
    let mut notes = 1;
    all_of(&stage, &stream, notes).await;
    for round in 0..2 {
        let (leader, before) = cluster.leader(0).await;
        let others = [(leader + 1) % SERVERS, (leader + 2) % SERVERS];
        for other in others {
            cluster.servers[other].kill().await;
        }
        for n in 0..NOTES {
            stage.note(&format!("{round} {n}")).await;
        }
        for other in others {
            cluster.servers[other].restart().await;
        }
        let leader = cluster.leader(before + 20).await.0;
        cluster.servers[leader].kill().await;
        notes += NOTES;
        // Of the two that are left, and then of all.
        let all = all_of(&stage, &stream, notes).await;
        complete(&stage, &all, notes).await;
        cluster.servers[leader].restart().await;
    }
    must(gateway.stop()).await;
    stage.conductor.shut_down().await;
}

/// A stream that somebody else had made was published to whatever it knew of ids, and a copy of a message could stand there twice.
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_of_a_cluster_that_forgets_ids_is_not_published_to() {
    let (cluster, stage) = (Cluster::start().await, Stage::start().await);
    let context = jetstream::new(cluster.client().await);
    let mut theirs = jetstream::stream::Config { num_replicas: SERVERS, ..config(Duration::from_secs(119)) };
    // Before it has a leader, a cluster makes none.
    must(async { while context.create_stream(theirs.clone()).await.is_err() {} }).await;
    let gateway = stage.gateway(nats(&cluster.servers[0].url())).await;
    stage.note("first").await;
    let why = must(async {
        loop {
            let status = get(gateway.address(), "/api/v1/status").key(stage.key.expose()).send().await;
            match status.json()["nats"]["why"].as_str() {
                Some(why) if why.contains("the stream HAM") => return why.to_owned(),
                _ => {}
            }
        }
    })
    .await;
    assert!(why.contains("has 3 replicas and forgets ids after 119s"), "{why}");
    assert!(why.ends_with("run `nats stream edit HAM --dupe-window=120s`"), "{why}");
    let stream = Stream::of(cluster.client().await);
    assert!(stream.all().await.is_empty());
    // Once that is done, everything is published.
    theirs.duplicate_window = Duration::from_secs(120);
    must(async { while context.update_stream(theirs.clone()).await.is_err() {} }).await;
    let all = all_of(&stage, &stream, 1).await;
    complete(&stage, &all, 1).await;
    must(gateway.stop()).await;
    stage.conductor.shut_down().await;
}

/// As many as a stream needs that is to outlive one of them.
const SERVERS: usize = 3;
/// Made while nothing can be written.
const NOTES: usize = 150;
