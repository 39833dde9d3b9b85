use proptest::prelude::*;

use super::*;

proptest! {
    /// Whatever a peer sends, it is answered.
    #[test]
    fn no_request_panics(mut head in prop::collection::vec(any::<u8>(), 0..400)) {
        head.extend_from_slice(END);
        prop_assert!(answer(&head, &Gate::default()).is_err());
    }

    #[test]
    fn no_path_and_no_header_panics(path in "[^\\r\\n ]{0,40}", name in "[!-9;-~]{1,20}", value in "[^\\r\\n]{0,40}") {
        let head = format!(
            "GET /{path} HTTP/1.1\r\nHost: here\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{name}: {value}\r\n\r\n"
        );
        match answer(head.as_bytes(), &Gate::default()) {
            Ok(answer) => prop_assert!(answer.starts_with(b"HTTP/1.1 101 ") && answer.ends_with(END)),
            Err(error) => {
                let told = matches!(error, AcceptError::NoUpgrade { .. } | AcceptError::Refused { .. });
                prop_assert!(told, "{error:?}");
            }
        }
    }
}
