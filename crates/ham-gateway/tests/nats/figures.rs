//! What readers cost the gateway.

use std::time::Duration;

use futures_util::StreamExt as _;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::task::JoinSet;

use crate::kills::Process;
use crate::server::NatsServer;
use crate::stage::{Stage, client, must};

/// Each reader, over a connection of its own, is told of each event, and the gateway writes each once. `HAM_NATS_READERS=0,100,1000 HAM_NATS_EVENTS=500` and `--nocapture` show the figures
/// of docs/nats.md; a hundred events a second.
#[tokio::test(flavor = "multi_thread")]
async fn each_event_is_written_once_however_many_read_it() {
    let words = |name: &str, default: &str| std::env::var(name).unwrap_or_else(|_| default.to_owned());
    let events: usize = words("HAM_NATS_EVENTS", "20").parse().unwrap();
    let maximum = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).unwrap();
    for readers in words("HAM_NATS_READERS", "0,20").split(',') {
        let readers: usize = readers.parse().unwrap();
        let (server, stage) = (NatsServer::start().await, Stage::start().await);
        let process = Process::start(&stage, &server.url()).await;
        stage.note("first").await;
        let mut reading = JoinSet::new();
        for _ in 0..readers {
            let client = client(&server).await;
            let mut heard = client.subscribe("ham.*.event.emitted").await.unwrap();
            must(client.flush()).await.unwrap();
            reading.spawn(async move {
                for _ in 0..events {
                    must(heard.next()).await.unwrap();
                }
                drop(client);
            });
        }
        let mut all = client(&server).await.subscribe("ham.*.event.emitted").await.unwrap();
        let before = (process.cpu(), server.cpu());
        let mut tick = tokio::time::interval(Duration::from_millis(10));
        for n in 0..events {
            tick.tick().await;
            stage.emit(&format!("{n}")).await;
        }
        for _ in 0..events {
            must(all.next()).await.unwrap();
        }
        must(reading.join_all()).await;
        let spent = |now: Duration, before: Duration| (now - before).as_millis();
        println!(
            "{readers} readers, {events} events: the gateway took {} ms of CPU, nats-server {} ms",
            spent(process.cpu(), before.0),
            spent(server.cpu(), before.1)
        );
        let stream = crate::stream::Stream::of(client(&server).await);
        let written =
            stream.once(|all| all.iter().filter(|kept| kept.subject.ends_with(".emitted")).count() >= events);
        let written = written.await.iter().filter(|kept| kept.subject.ends_with(".emitted")).count();
        assert_eq!(written, events);
        process.kill().await;
        stage.conductor.shut_down().await;
    }
}
