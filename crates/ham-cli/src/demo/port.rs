//! When a port listens again, without touching it: repeated attempts to connect to a free port can connect to
//! themselves, and then the conductor could not bind it.

use std::time::Duration;

use tokio::time::Instant;

/// The pause between two looks. The system does not announce that a port listens, so this is a poll, and its interval
/// is the precision of "port is back". A look takes some milliseconds if there are many sockets, hence a pause and not
/// a rhythm.
const PAUSE: Duration = Duration::from_millis(20);

/// Linux's tables of sockets.
const TABLES: [&str; 2] = ["/proc/net/tcp", "/proc/net/tcp6"];

/// Resolves when somebody listens on the port; never, if the system has no such tables.
pub(super) async fn is_back(port: u16) -> Instant {
    // These files are in memory: reading them does not wait for a disk.
    while !TABLES.iter().any(|table| std::fs::read_to_string(table).is_ok_and(|text| listens(&text, port))) {
        tokio::time::sleep_until(Instant::now() + PAUSE).await;
    }
    Instant::now()
}

/// Whether the table has a listening socket (state `0A`) on the port. Columns: number, local address, remote address, state.
fn listens(table: &str, port: u16) -> bool {
    let suffix = format!(":{port:04X}");
    table.lines().skip(1).any(|line| {
        let mut columns = line.split_whitespace().skip(1);
        let local = columns.next().is_some_and(|address| address.ends_with(&suffix));
        local && columns.nth(1) == Some("0A")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_listening_socket_on_the_port_counts() {
        let table = "  sl  local_address rem_address   st tx_queue\n\
            0: 0100007F:1F90 00000000:0000 0A 00000000:00000000\n\
            1: 0100007F:1F91 0100007F:1F92 01 00000000:00000000\n\
            2: 0100007F:1F93 0100007F:1F90 06 00000000:00000000\n";
        assert!(listens(table, 8080));
        assert!(!listens(table, 8081) && !listens(table, 8083) && !listens(table, 80));
        assert!(!listens("", 8080));
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_real_listener_is_seen() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        is_back(listener.local_addr().unwrap().port()).await;
    }
}
