//! The relay's process. The first run on a machine builds it.
#![cfg(unix)]

use ham_launcher::Relay;
use tokio::net::TcpStream;

#[tokio::test]
async fn a_relay_is_killed_and_comes_back_on_its_port() {
    let mut relay = Relay::start().await.unwrap();
    let address = relay.address();
    assert_ne!(address.port(), 0);
    assert_eq!(relay.url(), format!("http://{address}"));
    TcpStream::connect(address).await.unwrap();

    relay.kill().await.unwrap();
    assert!(!relay.is_running());
    assert!(TcpStream::connect(address).await.is_err(), "nothing listens any more");

    relay.restart().await.unwrap();
    assert_eq!(relay.address(), address);
    TcpStream::connect(address).await.unwrap();
    drop(relay);
}
