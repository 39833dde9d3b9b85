//! How a port that was asked for is named.

/// 0 is no port.
pub(super) fn port_of(port: u16) -> String {
    match port {
        0 => "any free port".to_owned(),
        port => format!("port {port}"),
    }
}

/// One that was asked for and its replacement.
pub(super) fn kept_port_of(port: u16) -> String {
    match port {
        0 => port_of(0),
        port => format!("port {port} or on a free one"),
    }
}
