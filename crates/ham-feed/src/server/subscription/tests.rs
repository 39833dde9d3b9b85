use std::num::NonZeroUsize;
use std::time::Duration;

use futures_util::FutureExt as _;
use serde_json::json;

use super::super::config::FeedServerConfig;
use super::super::news::Draft;
use super::*;

/// Subscriptions that follow the chain "a", and what they hang on.
fn subscribed(readers: usize, queue: usize) -> (Arc<Hub>, Vec<Subscription>) {
    let config = FeedServerConfig::default().with_queue(NonZeroUsize::new(queue).unwrap());
    let hub = Arc::new(Hub::new(config.with_max_connections(NonZeroUsize::MAX)).unwrap());
    let readers = (0..readers).map(|_| {
        let mut reader = Subscription::new(Arc::clone(&hub), Guest::new("somebody")).unwrap();
        reader.add("a", None, &Since::Unsaid).unwrap();
        reader
    });
    let readers = readers.collect();
    (hub, readers)
}

#[tokio::test(start_paused = true)]
async fn who_rests_reads_when_the_rest_is_over_and_before_its_queue_is_full() {
    let (hub, mut readers) = subscribed(1, 4);
    let began = Instant::now();
    let rested = began + Duration::from_secs(1);
    let publish = || hub.table().publish(Draft::event("a", &json!({})));
    publish();
    assert!(readers[0].said(Some(rested)).now_or_never().is_none());
    publish();
    assert!(readers[0].said(Some(rested)).now_or_never().is_some());
    assert!(readers[0].said(Some(rested)).await.is_some());
    assert_eq!(began.elapsed(), Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn few_readers_do_not_rest_and_many_do_but_never_for_long() {
    let now = Instant::now();
    for (readers, rest) in [(1, None), (249, None), (250, Some(1)), (5_000, Some(20)), (20_000, Some(20))] {
        let (hub, _readers) = subscribed(readers, 1);
        let rests = hub.rests_until(now).map(|until| (until - now).as_millis());
        assert_eq!(rests, rest, "{readers}");
    }
}
