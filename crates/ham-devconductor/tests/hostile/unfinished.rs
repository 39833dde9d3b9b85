//! Messages that do not end, frames that say what does not come, and clients that say nothing.

use std::time::Duration;

use futures_util::StreamExt as _;
use ham_devconductor::{Config, DevConductor};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use crate::frames::{Socket, admin, lives, open};
use crate::support::run;

/// A frame's head that announces so many bytes, masked.
fn head(announced: u64) -> Vec<u8> {
    headed(0x82, announced)
}

fn headed(kind: u8, announced: u64) -> Vec<u8> {
    [&[kind, 0xff][..], &announced.to_be_bytes(), &[0; 4]].concat()
}

/// Resolves once all that was written to it has been read.
async fn is_read(socket: &mut Socket) {
    socket.get_mut().write_all(&[0x89, 0x80, 0, 0, 0, 0]).await.unwrap();
    while !socket.next().await.unwrap().unwrap().is_pong() {}
}

#[test]
fn a_frame_that_announces_too_much_ends_the_connection() {
    run(async |server| {
        for announced in [17 << 20, 1 << 40, u64::MAX >> 1, u64::MAX] {
            let mut socket = admin(server).await;
            let stream = socket.get_mut();
            stream.write_all(&head(announced)).await.unwrap();
            let mut rest = Vec::new();
            // Nothing more is sent, and the conductor waits for nothing more.
            let _ = stream.read_to_end(&mut rest).await;
        }
        // Frames that are not masked, of an unknown kind, and with reserved bits.
        for frame in [[0x82, 0x01, 0xc0], [0x8f, 0x80, 0x00], [0xf2, 0x80, 0x00]] {
            let mut socket = admin(server).await;
            let stream = socket.get_mut();
            stream.write_all(&frame).await.unwrap();
            stream.write_all(&[0; 3]).await.unwrap();
            let _ = stream.read_to_end(&mut Vec::new()).await;
        }
    });
}

/// The kinds of a message's first frame and of its last.
const BEGINS: u8 = 0x02;
const ENDS: u8 = 0x80;

/// Why the conductor closes a connection.
async fn closed(socket: &mut Socket) -> CloseFrame {
    loop {
        if let Message::Close(frame) = socket.next().await.unwrap().unwrap() {
            return frame.unwrap();
        }
    }
}

/// Thirty connections with an unfinished message each took 1.9 GB, for as long as they liked.
#[tokio::test(flavor = "multi_thread")]
async fn unfinished_messages_take_what_there_is_and_the_next_client_is_told() {
    const MOST: u64 = 1 << 20;
    let config = Config::default().with_incoming_bytes(MOST).with_message_time(Duration::from_secs(300));
    let conductor = DevConductor::start_with(config).await.unwrap();
    let port = conductor.admin_port();
    // What is announced is nothing yet; 64 KiB of what has come are not counted.
    let half = vec![0; 500 << 10];
    let mut first = open(port).await;
    first.get_mut().write_all(&headed(BEGINS, half.len() as u64)).await.unwrap();
    first.get_mut().write_all(&half).await.unwrap();
    is_read(&mut first).await;
    let mut small = open(port).await;
    lives(&mut small).await;
    let mut second = open(port).await;
    second.get_mut().write_all(&head(15 << 20)).await.unwrap();
    // It is read no further, and thrown away.
    let _ = second.get_mut().write_all(&vec![0; 14 << 20]).await;
    let told = closed(&mut second).await;
    assert_eq!(u16::from(told.code), 1013, "{told}");
    assert!(told.reason.contains("1048576 bytes (--max-incoming-bytes)"), "{told}");
    lives(&mut small).await;
    // It is listened to for a moment, and then its room is there again: whoever was first may end.
    while second.next().await.is_some_and(|read| read.is_ok()) {}
    first.get_mut().write_all(&headed(ENDS, half.len() as u64)).await.unwrap();
    first.get_mut().write_all(&half).await.unwrap();
    lives(&mut first).await;
    small.get_mut().write_all(&[head(2 * half.len() as u64), half.clone(), half].concat()).await.unwrap();
    lives(&mut small).await;
    conductor.shut_down().await;
}

/// An unfinished message waited for ever.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_not_complete_in_time_ends_its_connection() {
    let conductor = DevConductor::start_with(Config::default().with_message_time(Duration::from_millis(200)))
        .await
        .unwrap();
    let mut slow = open(conductor.admin_port()).await;
    slow.get_mut().write_all(&head(100)).await.unwrap();
    let told = closed(&mut slow).await;
    assert_eq!(u16::from(told.code), 1008, "{told}");
    assert!(told.reason.contains("200ms (--max-message-time)"), "{told}");
    conductor.shut_down().await;
}

#[test]
fn what_is_no_websocket_is_cut_off() {
    run(async |server| {
        for bytes in [&b"GET / HTTP/1.1\r\n\r\n"[..], b"\x16\x03\x01\x02\x00\x01", &[0; 64], &[b'a'; 100_000]]
        {
            let mut stream = TcpStream::connect(server.conductor.admin_address()).await.unwrap();
            let _ = stream.write_all(bytes).await;
            let _ = stream.shutdown().await;
            let _ = stream.read_to_end(&mut Vec::new()).await;
        }
    });
}

#[test]
fn a_client_that_never_shakes_hands_keeps_nobody_out() {
    run(async |server| {
        let mut silent = Vec::new();
        for port in [server.conductor.admin_port(), server.port] {
            for _ in 0..20 {
                silent.push(TcpStream::connect(("127.0.0.1", port)).await.unwrap());
            }
        }
        tokio::time::timeout(Duration::from_secs(20), async {
            lives(&mut admin(server).await).await;
            server.serves().await;
        })
        .await
        .expect("clients that say nothing keep others out");
        drop(silent);
    });
}
