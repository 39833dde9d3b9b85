//! A thousand cuts under load, the server a raw WebSocket. A test a file, because each looks at the memory of its process.

mod support;

use support::load::cut_a_thousand_times;
use support::{answering, deaf};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_cuts_leave_every_request_with_its_outcome_and_nothing_behind() {
    let server = answering().await;
    cut_a_thousand_times(server.address(), deaf(), &["ask"], None).await;
}
