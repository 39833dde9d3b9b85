//! From the queue to the handler.

use std::future::Future;
use std::pin::pin;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::time::{Instant, sleep_until};

use crate::queue::Queue;

/// Hands what waits to the handler, as much at a time as the handler allows, until `stop`, or until nothing more can come. Meanwhile
/// requests that have waited too long are refused, even while the handler has its hands full. Resolves when everything that the
/// handler was given is done.
pub(crate) async fn handle_all(queue: &Queue, stop: impl Future<Output = ()>) {
    let handler = queue.handler();
    let limit = handler.concurrency().get();
    let mut handled = FuturesUnordered::new();
    let mut stop = pin!(stop);
    let mut more = true;
    loop {
        while more && handled.len() < limit {
            let Some(incoming) = queue.take() else { break };
            handled.push(handler.handle(incoming));
        }
        more &= !queue.is_over();
        if !more && handled.is_empty() {
            return;
        }
        let late = if more { queue.refuse_late() } else { None };
        tokio::select! {
            // Finished work makes room first. It cannot starve the others: when there is room something is taken off the queue, and
            // each round refuses what is late.
            biased;
            Some(()) = handled.next() => {}
            () = &mut stop, if more => more = false,
            () = queue.changed(), if more => {}
            () = sleep_until(late.unwrap_or_else(Instant::now)), if late.is_some() => {}
        }
    }
}
