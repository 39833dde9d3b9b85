//! How a dial fails, and where to a connector dials.

#![expect(clippy::disallowed_methods, reason = "a test owns its tasks")]

mod support;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ham_persistent::{ConnectError, Connection, Connector, Permanence};
use ham_session::{
    DialError, DialPhase, HandshakeError, Io, Network, NetworkFuture, Recovery, SessionConfig, Target,
    WebSocketConnector, dial,
};
use ham_testkit::wait::pass;
use http::header::{AUTHORIZATION, HOST, RETRY_AFTER, SEC_WEBSOCKET_EXTENSIONS};
use http::{HeaderValue, StatusCode};
use support::binary::Binary;
use support::json::Json;
use support::{Identity, Peer, Server, must, recorder};
use tokio::io::AsyncReadExt as _;
use tokio::time::Instant;

/// Dials while `server` does its part.
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
async fn failure(target: &Target, config: &SessionConfig, server: impl Future) -> DialError {
    let (inbox, _kept) = recorder();
    let dialled = dial(target, Arc::new(Binary::new()), inbox, config);
    tokio::pin!(server);
    let mut served = false;
    tokio::pin!(dialled);
    loop {
        tokio::select! {
            result = &mut dialled => return result.unwrap_err(),
            _ = &mut server, if !served => served = true,
        }
    }
}

#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#[expect(clippy::result_large_err, reason = "the server library's own signature")]
async fn refusal(status: StatusCode) -> DialError {
    let server = Server::plain().await;
    let answer = server.accept_if(|_, _| {
        let refused = http::Response::builder().status(status).header(RETRY_AFTER, "7");
        Err(refused.body(None).unwrap())
    });
    failure(&server.target(), &SessionConfig::default(), answer).await
}

#[tokio::test]
async fn a_refused_upgrade_says_its_status_and_what_helps() {
    for status in [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN] {
        let error = refusal(status).await;
        assert!(matches!(error, DialError::Refused { status: s, .. } if s == status), "{error:?}");
        assert_eq!((error.recovery(), error.permanence()), (Recovery::GiveUp, Permanence::Permanent));
    }
    let busy = refusal(StatusCode::SERVICE_UNAVAILABLE).await;
    assert_eq!(busy.recovery(), Recovery::CoolDown { after: Duration::from_secs(7) });
    assert_eq!(busy.permanence(), Permanence::Transient);
    let moved = refusal(StatusCode::NOT_FOUND).await;
    assert_eq!(moved.permanence(), Permanence::Transient);
}

/// The token in the request was meant for the server that was named.
#[tokio::test]
async fn a_redirect_is_refused_and_not_followed() {
    let moved = refusal(StatusCode::FOUND).await;
    assert!(matches!(moved, DialError::Refused { status: StatusCode::FOUND, .. }), "{moved:?}");
}

/// What follows would be frames in a form that nobody here reads.
#[tokio::test]
#[expect(clippy::result_large_err, reason = "the server library's own signature")]
async fn an_extension_that_nobody_offered_fails_the_upgrade() {
    let server = Server::plain().await;
    let target = server.target().with_header(SEC_WEBSOCKET_EXTENSIONS, HeaderValue::from_static("x-mine"));
    let answer = server.accept_if(|request, mut response| {
        assert!(!request.headers().contains_key(SEC_WEBSOCKET_EXTENSIONS), "none is offered");
        let deflate = HeaderValue::from_static("permessage-deflate");
        response.headers_mut().insert(SEC_WEBSOCKET_EXTENSIONS, deflate);
        Ok(response)
    });
    let error = failure(&target, &SessionConfig::default(), answer).await;
    assert!(matches!(error, DialError::Upgrade(_)), "{error:?}");
}

#[tokio::test]
async fn a_token_refused_by_closing_is_a_refusal() {
    let server = Server::plain().await;
    let closing = async {
        let mut peer = server.accept().await;
        peer.recv_call().await.unwrap();
        peer.ws.close(None).await.unwrap();
        while peer.recv().await.is_some() {}
    };
    let error = failure(&server.target(), &SessionConfig::default(), closing).await;
    assert!(matches!(error, DialError::Handshake(HandshakeError::Refused(_))), "{error:?}");
    assert_eq!(error.permanence(), Permanence::Permanent);
}

#[tokio::test]
async fn an_impossible_url_is_the_callers() {
    let target = Target::new("http://localhost:1/?token=hush".parse().unwrap());
    let error = failure(&target, &SessionConfig::default(), std::future::ready(())).await;
    assert!(matches!(error, DialError::InvalidUrl { .. }));
    assert_eq!(error.permanence(), Permanence::Permanent);
    assert!(!format!("{error:?} {error}").contains("hush"));
}

#[tokio::test]
async fn a_closed_port_names_its_address() {
    let target = Server::plain().await.target();
    let error = failure(&target, &SessionConfig::default(), std::future::ready(())).await;
    assert!(matches!(error, DialError::Connect { address, .. } if Some(address.port()) == target.url.port()));
    assert_eq!(error.permanence(), Permanence::Transient);
}

#[tokio::test]
async fn the_time_out_names_the_step() {
    let config = SessionConfig::default();
    let server = Server::plain().await;
    let phase = |error: DialError| match error {
        DialError::TimedOut { phase, after } => (phase, after >= config.connect_timeout),
        other => panic!("{other:?}"),
    };
    // The time passes once the step has begun.
    let silent = async || {
        let mut stream = server.stream().await.unwrap();
        stream.read_u8().await.unwrap();
        pass(config.connect_timeout).await;
        std::future::pending::<()>().await;
    };
    assert_eq!(phase(failure(&server.target(), &config, silent()).await), (DialPhase::Upgrade, true));
    let mut secure = server.target();
    secure.url.set_scheme("wss").unwrap();
    assert_eq!(phase(failure(&secure, &config, silent()).await), (DialPhase::Tls, true));
    let upgraded_only = async {
        let mut peer = server.accept().await;
        peer.recv_call().await.unwrap();
        pass(config.connect_timeout).await;
        std::future::pending::<()>().await;
    };
    assert_eq!(phase(failure(&server.target(), &config, upgraded_only).await), (DialPhase::Handshake, true));
}

#[tokio::test]
async fn dropping_a_dial_closes_its_socket() {
    let server = Server::plain().await;
    let target = server.target();
    let (inbox, _kept) = recorder();
    let dialled = tokio::spawn(async move {
        dial(&target, Arc::new(Binary::new()), inbox, &SessionConfig::default()).await
    });
    let mut peer = server.accept().await;
    peer.recv_call().await.unwrap();
    dialled.abort();
    while must(peer.recv()).await.is_some() {}
}

#[tokio::test]
async fn headers_are_sent_but_ours_win() {
    let server = Server::plain().await;
    let target = server
        .target()
        .with_header(AUTHORIZATION, HeaderValue::from_static("Bearer hush"))
        .with_header(HOST, HeaderValue::from_static("elsewhere"));
    let (inbox, _kept) = recorder();
    let config = SessionConfig::default();
    let (link, peer) = tokio::join!(dial(&target, Arc::new(Json), inbox, &config), server.accept());
    assert_eq!(peer.headers[AUTHORIZATION], "Bearer hush");
    assert!(peer.headers[HOST].to_str().unwrap().starts_with("localhost"));
    let shown = format!("{target:?} {:?}", link.unwrap());
    assert!(!shown.contains("hush") && shown.contains("/socket?redacted"), "{shown}");
}

#[tokio::test]
async fn the_last_good_target_serves_when_the_provider_fails() {
    let server = Server::plain().await;
    let target = server.target();
    let asked = Arc::new(AtomicUsize::new(0));
    let provider = {
        let (asked, target) = (Arc::clone(&asked), target.clone());
        move || {
            let (turn, target) = (asked.fetch_add(1, Ordering::Relaxed), target.clone());
            async move { if turn == 1 { Ok(target) } else { Err("the token service is down".into()) } }
        }
    };
    let (inbox, _kept) = recorder();
    let mut connector =
        WebSocketConnector::new(provider, Arc::new(Json), inbox, SessionConfig::default()).unwrap();
    let failed = connector.address().await.unwrap_err();
    assert!(matches!(failed, DialError::NoTarget(_)));
    // An engine logs an error with its sources, and the text may quote a token.
    assert!(std::error::Error::source(&failed).is_none());
    let fresh = connector.address().await.unwrap();
    assert_eq!(fresh, target);
    let (link, _peer) = tokio::join!(connector.connect(&fresh), server.accept());
    link.unwrap();
    assert_eq!(connector.address().await.unwrap(), target, "the last good one");
    assert_eq!(asked.load(Ordering::Relaxed), 3);
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_never_answers_is_one_that_fails() {
    let target = Target::new("ws://localhost:1/".parse().unwrap());
    let config = SessionConfig::default();
    for fallback in [None, Some(target)] {
        let (inbox, _kept) = recorder();
        let never = std::future::pending::<Result<Target, _>>;
        let mut connector = WebSocketConnector::new(never, Arc::new(Json), inbox, config.clone()).unwrap();
        if let Some(target) = &fallback {
            connector = connector.with_fallback(target.clone());
        }
        let address = must(connector.address()).await;
        match fallback {
            Some(target) => assert_eq!(address.unwrap(), target),
            None => assert!(matches!(address, Err(DialError::TimedOut { phase: DialPhase::Target, .. }))),
        }
    }
}

#[tokio::test]
async fn a_configuration_that_cannot_work_is_refused() {
    let (inbox, _kept) = recorder();
    let config = SessionConfig::default().with_ping(Duration::ZERO, Duration::ZERO);
    let refused =
        WebSocketConnector::new(std::future::pending::<Result<Target, _>>, Arc::new(Json), inbox, config);
    assert_eq!(refused.unwrap_err().to_string(), "ping_interval must not be zero");
}

#[tokio::test]
async fn every_address_of_a_host_is_tried() {
    // `localhost` is ::1 too on most systems, and the server listens on 127.0.0.1 only.
    let server = Server::tls(Identity::new()).await;
    let mut target = server.target();
    target.url.set_scheme("ws").unwrap();
    let error = failure(&target, &SessionConfig::default(), async { server.stream().await.is_none() }).await;
    assert!(matches!(error, DialError::Upgrade(_)), "connected, and TLS is no HTTP: {error:?}");
}

#[tokio::test]
async fn endless_times_and_sizes_are_for_ever() {
    let endless = Duration::MAX;
    let config = SessionConfig::default()
        .with_connect_timeout(endless)
        .with_ping(endless, endless)
        .with_silence_bound(Some(endless))
        .with_degraded_after(Some(endless))
        .with_stuck_timeout(Some(endless))
        .with_drain_timeout(endless)
        .with_close_timeout(endless)
        .with_write_coalescing(usize::MAX)
        .with_max_message_size(usize::MAX)
        .with_max_frame_size(usize::MAX)
        .with_max_send_size(usize::MAX)
        .with_max_waiting(usize::MAX)
        .with_max_waiting_bytes(usize::MAX)
        .with_max_in_flight(support::window(usize::MAX));
    let server = Server::plain().await;
    let rig = support::rig(&server, Binary::new(), &config, Peer::welcome).await.unwrap();
    let echo = tokio::spawn(rig.peer.echo());
    assert!(rig.link.request(support::binary::call(1, "here"), support::far()).await.is_ok());
    must(rig.link.close()).await;
    must(echo).await.unwrap();
}

/// A network in memory: a name with two addresses, the first of which swallows packets and the second refuses.
#[derive(Debug, Default)]
struct TwoAddresses(AtomicUsize);

impl Network for TwoAddresses {
    fn resolve<'a>(&'a self, _host: &'a str, port: u16) -> NetworkFuture<'a, Vec<SocketAddr>> {
        Box::pin(async move { Ok([1, 2].map(|last| SocketAddr::from(([192, 0, 2, last], port))).to_vec()) })
    }

    fn connect(&self, address: SocketAddr) -> NetworkFuture<'_, Box<dyn Io>> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move {
            if address.ip() == IpAddr::from([192, 0, 2, 1]) {
                std::future::pending::<()>().await;
            }
            Err(io::ErrorKind::ConnectionRefused.into())
        })
    }
}

#[tokio::test(start_paused = true)]
async fn an_address_that_swallows_packets_leaves_time_for_the_next() {
    let network = Arc::new(TwoAddresses::default());
    let config = SessionConfig::default().with_network(network.clone());
    let target = Target::new("ws://conductor.example:7/".parse().unwrap());
    let began = Instant::now();
    let error = failure(&target, &config, std::future::ready(())).await;
    let second = SocketAddr::from(([192, 0, 2, 2], 7));
    assert!(matches!(error, DialError::Connect { address, .. } if address == second), "{error:?}");
    assert_eq!(network.0.load(Ordering::Relaxed), 2);
    assert_eq!(began.elapsed().as_secs(), config.connect_timeout.as_secs() / 2);
}
