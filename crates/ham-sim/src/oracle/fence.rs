//! What fences say: I8.

use super::view::View;
use crate::finding::Verdict;

pub(super) fn judge(view: &View, verdict: &mut Verdict) {
    for (nonce, known) in view.nonces.iter().filter(|(_, known)| !known.forgotten) {
        for (moment, said) in &known.fences {
            let at = Some(moment.at);
            match said {
                Some("NeverRan") => {
                    let there = view.store_at(*moment);
                    if let Some((run, store)) = known.runs.iter().find(|(_, store)| *store == there) {
                        let when = run.at.as_millis();
                        verdict.find(
                            "I8",
                            at,
                            format_args!("nonce {nonce} never ran, and ran at {when} ms, store {store}"),
                        );
                    }
                }
                Some("Arrived")
                    if !known.claimed.iter().any(|(claimed, fence)| claimed < moment && !fence) =>
                {
                    verdict.find(
                        "I8",
                        at,
                        format_args!("nonce {nonce} arrived, and was claimed by a fence only"),
                    );
                }
                _ => {}
            }
        }
    }
}
