//! Requests missed blocks from the hApp.

use std::time::Duration;

use ham::{CallOptions, CallPolicy, Effect, Outcome, PersistentHam};
use holochain_zome_types::prelude::ExternIO;
use serde::Serialize;
use tokio::time::Instant;

use super::super::backfill::{Ask, LIMIT};
use super::super::block::Block;
use super::source::Source;

/// Calls this function, again and again, until it answers or cannot.
pub(in crate::feed) fn of(ham: &PersistentHam, source: &Source) -> Ask {
    let (ham, source) = (ham.clone(), source.clone());
    Box::new(move |after| {
        let (ham, source) = (ham.clone(), source.clone());
        Box::pin(async move { ask(&ham, &source, after).await })
    })
}

async fn ask(ham: &PersistentHam, source: &Source, after: Option<u32>) -> Option<Vec<Block>> {
    #[derive(Debug, Serialize)]
    struct Wanted {
        after: Option<u32>,
        limit: u32,
    }
    // The head is the newest one.
    let limit = if after.is_some() { LIMIT } else { 1 };
    let wanted = ExternIO::encode(Wanted { after, limit }).ok()?;
    let options = CallOptions::default()
        .with_deadline(CALL_TIMEOUT)
        .with_policy(CallPolicy::IDEMPOTENT)
        .with_read_only();
    let mut pause = FIRST_PAUSE;
    loop {
        let Source { role, zome, function } = source;
        let called = ham.call_zome_raw(role.as_str(), zome, function, wanted.clone(), options).await;
        match called {
            Ok(answer) => return blocks(source, answer.as_bytes()),
            // It ran and refused: it would refuse again.
            Err(error) if error.outcome() == Outcome::Answered && error.effect() == Effect::Nothing => {
                tracing::error!(event = "gateway.backfill", %error, ?source, "missed blocks cannot be asked for");
                return None;
            }
            Err(error) => {
                tracing::debug!(event = "gateway.backfill", %error, "missed blocks are asked for again");
            }
        }
        tokio::time::sleep_until(Instant::now() + pause).await;
        pause = (pause * 2).min(LAST_PAUSE);
    }
}

/// The listed blocks, in order.
fn blocks(source: &Source, answer: &[u8]) -> Option<Vec<Block>> {
    let shown = ham_json::shown(answer);
    let Some(items) = shown.as_array() else {
        tracing::error!(event = "gateway.backfill", ?source, "the function answers no list of actions");
        return None;
    };
    let mut blocks: Vec<_> = items.iter().filter_map(Block::of).collect();
    blocks.sort_by_key(|block| block.seq);
    Some(blocks)
}

/// How long one call may take.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LAST_PAUSE: Duration = Duration::from_secs(30);
