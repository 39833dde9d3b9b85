//! Every behaviour of the loopback servers, seen from a plain WebSocket client.

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use ham_testkit::server::{Behaviour, Message, PeerError, Server, ServerEvent};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{Error, Message as Wire};
use tokio_tungstenite::{WebSocketStream, client_async};

type Client = WebSocketStream<TcpStream>;

async fn dial(address: SocketAddr) -> Result<Client, Error> {
    let stream = TcpStream::connect(address).await?;
    client_async(format!("ws://{address}/path?token=t"), stream).await.map(|(client, _)| client)
}

async fn ask(client: &mut Client, text: &str) -> Option<Result<Wire, Error>> {
    client.send(Wire::text(text)).await.expect("the client can still send");
    client.next().await
}

#[tokio::test]
async fn behaviours_are_used_in_order_and_the_last_repeats() {
    let behaviours = [Behaviour::RefuseUpgrade { status: 503 }, Behaviour::Echo];
    let server = Server::start(behaviours).await.unwrap();
    let refused = dial(server.address()).await.unwrap_err();
    assert!(matches!(&refused, Error::Http(response) if response.status() == 503), "{refused}");
    for _ in 0..2 {
        let mut client = dial(server.address()).await.unwrap();
        assert_eq!(ask(&mut client, "hello").await.unwrap().unwrap(), Wire::text("hello"));
    }
    server.stop().await;
}

#[tokio::test]
async fn the_upgrade_and_the_messages_are_reported() {
    let server = Server::echo().await.unwrap();
    let mut client = dial(server.address()).await.unwrap();
    ask(&mut client, "hello").await;
    drop(client);
    let mut events = server.events();
    let upgraded = events.wait_for(|event| matches!(event, ServerEvent::Upgraded { .. })).await.unwrap();
    let ServerEvent::Upgraded { upgrade, .. } = upgraded else { unreachable!("the event waited for") };
    assert_eq!(upgrade.target, "/path?token=t");
    assert_eq!(upgrade.header("HOST"), Some(server.address().to_string().as_str()));
    let received = ServerEvent::Received { connection: 0, message: "hello".into() };
    events.wait_for(|event| *event == received).await.unwrap();
    events.wait_for(|event| *event == ServerEvent::Ended { connection: 0 }).await.unwrap();
}

#[tokio::test]
async fn answers_come_in_order() {
    let answering = Behaviour::answer(|message: Message| match message {
        Message::Text(text) => {
            vec![Message::from(format!("{text} one")), Message::from(format!("{text} two"))]
        }
        Message::Binary(_) => vec![],
    });
    let server = Server::start([answering]).await.unwrap();
    let mut client = dial(server.address()).await.unwrap();
    client.send(Wire::binary(vec![1])).await.unwrap();
    assert_eq!(ask(&mut client, "a").await.unwrap().unwrap(), Wire::text("a one"));
    assert_eq!(client.next().await.unwrap().unwrap(), Wire::text("a two"));
}

#[tokio::test]
async fn a_silent_server_answers_pings_only() {
    let server = Server::start([Behaviour::Silent]).await.unwrap();
    let mut client = dial(server.address()).await.unwrap();
    client.send(Wire::text("anybody?")).await.unwrap();
    client.send(Wire::Ping(vec![7].into())).await.unwrap();
    assert_eq!(client.next().await.unwrap().unwrap(), Wire::Pong(vec![7].into()));
}

#[tokio::test]
async fn closing_and_dropping_after_n_messages() {
    let behaviours =
        [Behaviour::CloseAfter { messages: 1, code: 4001 }, Behaviour::DropAfter { messages: 1 }];
    let server = Server::start(behaviours).await.unwrap();

    let mut client = dial(server.address()).await.unwrap();
    assert_eq!(ask(&mut client, "one").await.unwrap().unwrap(), Wire::text("one"));
    let Wire::Close(Some(frame)) = client.next().await.unwrap().unwrap() else { panic!("no close frame") };
    assert_eq!(u16::from(frame.code), 4001);

    let mut client = dial(server.address()).await.unwrap();
    assert_eq!(ask(&mut client, "one").await.unwrap().unwrap(), Wire::text("one"));
    assert!(client.next().await.unwrap().is_err(), "the socket ends without a close frame");
}

#[tokio::test]
async fn a_driven_connection_is_in_the_tests_hands() {
    let server = Server::start([Behaviour::Driven]).await.unwrap();
    let (client, peer) = tokio::join!(dial(server.address()), server.next_peer());
    let (mut client, mut peer) = (client.unwrap(), peer.unwrap());
    assert_eq!((peer.connection(), peer.upgrade().target.as_str()), (0, "/path?token=t"));

    client.send(Wire::text("question")).await.unwrap();
    assert_eq!(peer.receive().await.unwrap(), Message::from("question"));
    peer.send(vec![1, 2]).await.unwrap();
    assert_eq!(client.next().await.unwrap().unwrap(), Wire::binary(vec![1, 2]));
    peer.ping(b"x").await.unwrap();
    assert_eq!(client.next().await.unwrap().unwrap(), Wire::Ping(b"x".to_vec().into()));

    drop(client);
    let gone = peer.receive().await.unwrap_err();
    assert!(matches!(gone, PeerError::Socket(_) | PeerError::Closed), "{gone}");
}

#[tokio::test]
async fn stopping_ends_connections_that_would_stay_for_ever() {
    let server = Server::start([Behaviour::Deaf, Behaviour::NeverUpgrade]).await.unwrap();
    let mut deaf = dial(server.address()).await.unwrap();
    let waiting = dial(server.address());
    let stop = async {
        let mut events = server.events();
        events.wait_for(|event| *event == ServerEvent::Accepted { connection: 1 }).await.unwrap();
        server.stop().await;
    };
    let (never, ()) = tokio::join!(waiting, stop);
    assert!(never.is_err(), "the upgrade was never answered");
    assert!(deaf.next().await.unwrap().is_err(), "the socket ends without a close frame");
}
