//! A gateway whose port is taken, and a port behind which there is no gateway any more.

use tokio::net::TcpListener;

use crate::support::{Ham, probe};

/// The advice named no flag.
#[tokio::test]
async fn where_its_port_is_taken_the_flag_for_another_one_is_named() {
    let ham = Ham::new();
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let dev = ham.run(&["gateway", "--dev", "--app", &probe(), "--listen", &address]).await;
    dev.failed(8, &[&address, "another address with --listen"]);
}

/// It was told to correct the URL.
#[tokio::test]
async fn a_gateway_that_is_gone_or_goes_is_not_a_wrong_url() {
    let ham = Ham::new();
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", socket.local_addr().unwrap());
    let list = ["gateway", "calls", "list", "--gateway", &url];
    // As one that is killed while it is dialled.
    let hung_up = async { drop(socket.accept().await.unwrap()) };
    let (ran, ()) = tokio::join!(ham.run(&list), hung_up);
    ran.failed(3, &["it hung up", "that the gateway is still running"]);
    drop(socket);
    ham.run(&list).await.failed(3, &["nothing is listening there: start the gateway", "--gateway URL"]);
}
