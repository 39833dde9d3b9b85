//! What clients of the page and of the windows can take from the process that serves them.

use std::path::Path;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::process::Command;

use crate::{BOUND, Dev, bundle};

/// Without the scheme.
fn host(url: &str) -> &str {
    url.trim_start_matches("http://").trim_end_matches('/')
}

/// The most memory that a process has had, in MiB.
fn peak(dev: &Dev) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", dev.child.id().unwrap())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() >> 10
}

/// Twenty clients that asked for 60 MiB and read nothing took 1.3 GB.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_nobody_reads_takes_no_memory() {
    const FILE: u64 = 60 << 20;
    let ui = tempfile::tempdir().unwrap();
    std::fs::write(ui.path().join("index.html"), "<!doctype html>").unwrap();
    std::fs::File::create(ui.path().join("large.bin")).unwrap().set_len(FILE).unwrap();
    let (app, directory) = (bundle().display().to_string(), ui.path().display().to_string());
    let dev = Dev::start(&["--no-page", "--app", &app, "--ui", &directory]).await;
    let address = host(dev.started["ui"][0]["url"].as_str().unwrap());
    let before = peak(&dev);
    let mut waiting = Vec::new();
    for _ in 0..20 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET /large.bin HTTP/1.1\r\nHost: {address}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut begin = [0; 15];
        stream.read_exact(&mut begin).await.unwrap();
        assert_eq!(&begin, b"HTTP/1.1 200 OK");
        waiting.push(stream);
    }
    let took = peak(&dev) - before;
    assert!(took < 100, "{took} MiB");
    // Who reads gets all of it.
    let mut read = waiting.pop().unwrap().take(FILE);
    assert_eq!(tokio::io::copy(&mut read, &mut tokio::io::sink()).await.unwrap(), FILE);
}

/// Six hundred idle connections took every descriptor, and nobody could call any more. Later they shut everybody out of the page for ten
/// seconds; and later still those did so for thirty that had each asked for something.
#[tokio::test(flavor = "multi_thread")]
async fn idle_connections_to_the_page_leave_descriptors_for_calls() {
    let wrapped = ["-c", "ulimit -n 512; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_ham"), "dev"];
    let dev = Dev::of("sh", &wrapped).await;
    let page = dev.text("page");
    let mut idle = Vec::new();
    for number in 0..600 {
        let mut stream = TcpStream::connect(host(&page)).await.unwrap();
        if number % 2 == 1 {
            let nothing = format!("GET /nothing HTTP/1.1\r\nHost: {}\r\n\r\n", host(&page));
            // It may have made room already.
            let _ = stream.write_all(nothing.as_bytes()).await;
        }
        idle.push(stream);
    }
    // They are taken in this order: the page is served before any of them has been silent for long.
    let mut asking = TcpStream::connect(host(&page)).await.unwrap();
    let request = format!("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", host(&page));
    asking.write_all(request.as_bytes()).await.unwrap();
    let mut begin = [0; 15];
    tokio::time::timeout(BOUND, asking.read_exact(&mut begin)).await.expect("it is served").unwrap();
    assert_eq!(&begin, b"HTTP/1.1 200 OK");
    // The first made room.
    let mut byte = [0];
    let first =
        tokio::time::timeout(BOUND, idle.first_mut().unwrap().read(&mut byte)).await.expect("it is open");
    assert!(matches!(first, Ok(0) | Err(_)), "{first:?}");
    let open = Path::new("/proc").join(dev.child.id().unwrap().to_string()).join("fd");
    let open = std::fs::read_dir(open).unwrap().count();
    println!("{open} descriptors");
    assert!(open < 300, "{open}");
    let pinged = Command::new(env!("CARGO_BIN_EXE_ham"))
        .args(["app", "list", "--admin-port", &dev.text("admin_port"), "--json"])
        .output()
        .await
        .unwrap();
    assert!(pinged.status.success(), "{}", String::from_utf8_lossy(&pinged.stderr));
}
