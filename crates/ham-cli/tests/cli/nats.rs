//! `ham feed serve` from a stream of NATS.

use rustix::process::Signal;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

use crate::nats_server::NatsServer;
use crate::support::{BOUND, Ham};

/// What `telnet` could do: NATS is a protocol of lines.
struct Publisher(BufReader<TcpStream>);

impl Publisher {
    async fn to(server: &NatsServer) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", server.port)).await.unwrap();
        let mut publisher = Self(BufReader::new(stream));
        publisher.write("CONNECT {\"verbose\":false,\"headers\":true}\r\nSUB answers 1\r\n").await;
        publisher
    }

    /// Publishes, and waits for the stream's word.
    async fn publish(&mut self, subject: &str, text: &str) -> String {
        self.write(&format!("PUB {subject} answers {}\r\n{text}\r\n", text.len())).await;
        loop {
            let mut line = String::new();
            let read = tokio::time::timeout(BOUND, self.0.read_line(&mut line)).await;
            assert!(read.expect("it hangs").unwrap() > 0, "the server went");
            if line.starts_with('{') {
                return line;
            }
        }
    }

    async fn write(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.unwrap();
    }
}

fn block(height: u64) -> String {
    format!(r#"{{"type":"new_block","chain_name":"a","data":{{"height":{height}}}}}"#)
}

#[tokio::test]
async fn a_stream_is_served_and_gone_on_with() {
    let mut server = NatsServer::start().await;
    let mut publisher = Publisher::to(&server).await;
    let stream = r#"{"name":"HAM","subjects":["ham.*.block"]}"#;
    let made = publisher.publish("$JS.API.STREAM.CREATE.HAM", stream).await;
    assert!(made.contains("\"config\""), "{made}");
    publisher.publish("ham.a.block", &block(1)).await;
    let (ham, url) = (Ham::new(), server.url());
    let serve = [
        "feed",
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--nats",
        &url,
        "--subject",
        "ham.a.block",
        "--durable",
        "reader",
    ];
    for height in [2, 4] {
        let mut serving = ham.start(&serve);
        let line = serving.line(|line| line.contains("listening on")).await;
        let feed = line.rsplit(' ').next().unwrap();
        let mut following = ham.start(&["feed", feed, "--chain", "a", "--json"]);
        following.said("subscribed to the chain `a`").await;
        publisher.publish("ham.a.block", &block(height)).await;
        let told = format!(r#"{{"type":"block","chain":"a","data":{{"height":{height}}}}}"#);
        assert_eq!(following.line(|line| line.contains("block")).await, told);
        publisher.publish("ham.a.block", "nonsense").await;
        serving.said("message ").await;
        // It goes on over a server that goes.
        server.kill().await;
        server.restart().await;
        publisher = Publisher::to(&server).await;
        publisher.publish("ham.a.block", &block(height + 1)).await;
        let told = told.replace(&height.to_string(), &(height + 1).to_string());
        assert_eq!(following.line(|line| line.contains("block")).await, told);
        serving.signal(Signal::TERM);
        assert_eq!(serving.ended().await, Some(143));
        following.signal(Signal::INT);
        assert_eq!(following.ended().await, Some(130));
    }
}

#[tokio::test]
async fn what_is_wrong_with_nats_is_named() {
    let (server, ham) = (NatsServer::start().await, Ham::new());
    let serve =
        async |rest: &[&str]| ham.run(&[&["feed", "serve", "--listen", "127.0.0.1:0"], rest].concat()).await;
    serve(&["--nats", &server.url()]).await.failed(3, &["the stream HAM", "--stream"]);
    serve(&["--nats", "http://x"]).await.failed(2, &["nats://"]);
    serve(&["--nats", "nats://u:s3cret@x"]).await.failed(2, &["nats.urls"]);
    serve(&["--nats", "nats://x", "--from", "f"]).await.failed(2, &["--from"]);
    serve(&["--durable", "d"]).await.failed(2, &["--nats"]);
    let open = ham.home.path().join("creds");
    std::fs::write(&open, "s3cret").unwrap();
    std::fs::set_permissions(&open, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let ran = serve(&["--nats", "nats://x", "--nats-credentials", open.to_str().unwrap()]).await;
    ran.failed(2, &["chmod 600"]);
    crate::support::no_secret(&ran.all(), b"s3cret");
}
