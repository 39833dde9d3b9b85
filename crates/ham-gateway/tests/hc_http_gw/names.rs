//! Under which names it is asked, and by whose pages.

use std::net::{Ipv4Addr, SocketAddr};

use ham_gateway::{Config, Server};

use crate::asking::{Answer, ask_with};

/// Who asks it is on another machine, under the name of that machine; pages of that name must not reach what is for this one alone.
#[tokio::test]
async fn under_another_name_it_answers_where_it_is_for_other_machines() {
    for (address, expected) in [("0.0.0.0", 400), ("127.0.0.1", 403)] {
        let variables = [("ADMIN_WS_URL", "ws://localhost:1"), ("ADDRESS", address), ("PORT", "0")];
        let variables = variables.map(|(name, value)| (format!("HC_GW_{name}"), value.to_owned()));
        let server = Server::start(Config::hc_http_gw().with_hc_http_gw(variables).unwrap()).await.unwrap();
        let here = SocketAddr::from((Ipv4Addr::LOCALHOST, server.address().port()));
        let asked = async |lines: &str| {
            ask_with(here, "GET", "/dna/app/zome/function", lines).await.without_outcome()
        };
        assert_eq!(asked("Host: gateway.example").await.status, expected, "{address}");
        let invalid = Answer::error(400, "Request is malformed: Invalid DNA hash");
        assert_eq!(asked("Host: localhost").await, invalid);
        let page = asked("Host: localhost\r\nOrigin: https://other.example").await;
        assert_eq!(page, Answer::error(403, "it is not listed in `origins`"));
        server.stop().await;
    }
}
