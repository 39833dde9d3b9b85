use ham_persistent::ResetRule;

use super::*;

fn endpoint() -> Endpoint {
    Endpoint::new("wss://example.org/connect?token=hush".parse().expect("a URL"))
}

#[test]
fn the_defaults_are_the_constants_and_a_link_that_did_not_last_counts_as_a_failure() {
    let endpoint = endpoint();
    assert!(endpoint.first_dial == FirstDial::Retried && endpoint.tokens.token().is_none());
    let RetryDelay::Exponential(retry) = &endpoint.retry else { panic!("pauses that grow") };
    assert_eq!((retry.initial, retry.max), (Duration::from_secs(1), Duration::from_secs(60)));
    assert!(matches!(retry.reset, ResetRule::AfterStable(_)));
    endpoint.check().expect("the defaults work");
}

#[test]
fn what_cannot_work_is_told() {
    let http = Endpoint::new("http://example.org".parse().expect("a URL"));
    assert_eq!(http.check(), Err(ConfigError::InvalidUrl));
    assert_eq!(endpoint().with_token("a\nb").check(), Err(ConfigError::InvalidToken));
    let query = endpoint().with_token("a\nb").with_token_place(TokenPlace::Query("token"));
    assert_eq!(query.check(), Ok(()), "a query escapes what it holds");
    let swapped = endpoint().with_reconnect_delays(Duration::from_secs(2), Duration::from_secs(1));
    assert!(matches!(swapped.check(), Err(ConfigError::DelaysSwapped { .. })));
    let session = SessionConfig::default().with_max_message_size(0);
    assert!(matches!(endpoint().with_session(session).check(), Err(ConfigError::Zero { .. })));
}

#[test]
fn a_token_is_placed_and_not_shown() {
    let url: Url = "ws://localhost/ws?chain=a".parse().expect("a URL");
    let query = TokenPlace::Query("token").target(&url, Some("s3cret&x=y")).expect("a target");
    assert_eq!(query.url.query(), Some("chain=a&token=s3cret%26x%3Dy"));
    let bearer = TokenPlace::Bearer.target(&url, Some("s3cret")).expect("a target");
    assert_eq!(bearer.url.query(), Some("chain=a"));
    assert_eq!(bearer.headers["authorization"], "Bearer s3cret");
    let shown = format!("{query:?} {bearer:?} {:?} {:?}", bearer.headers, endpoint().with_token("s3cret"));
    assert!(!shown.contains("s3cret") && !shown.contains("hush"), "{shown}");
}
