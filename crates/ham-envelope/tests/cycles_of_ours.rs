//! A thousand cuts under load between two of ours, which ask each other.

mod support;

use ham_envelope::{Envelope, Incoming, ServerConfig};
use support::load::{Seen, cut_a_thousand_times, noting};
use support::serving::{Serving, asked};
use support::{BOUND, must};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_cuts_between_two_of_ours_leave_the_truth_on_both_sides() {
    let seen = Seen::default();
    let noted = seen.clone();
    // Answers with what the asker answers to the same question.
    let turned = move |incoming| {
        let noted = noted.clone();
        async move {
            let Incoming::Envelope { envelope, replier } = incoming else { return };
            noted.note(envelope.payload_as().expect("an own number"));
            let mut question = Envelope::request("ask");
            question.payload = envelope.payload.clone();
            // Either can fail with the link.
            if let Ok(told) = replier.request(question, BOUND).await {
                let mut answer = envelope.reply("turned");
                answer.payload = told.payload;
                let _ = replier.reply(answer, BOUND).await;
            }
        }
    };
    let serving = Serving::start(ServerConfig::default(), noting(&seen).fallback(turned)).await;
    cut_a_thousand_times(serving.address, asked(), &["ask", "turn"], Some(seen)).await;
    must(serving.stop()).await;
}
