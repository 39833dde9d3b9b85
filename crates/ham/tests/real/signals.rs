//! Signals in order, and gaps where something is missing.

use ham::Signal;
use ham::{GapCause, SignalItem};
use serde::Deserialize;

use crate::support::*;

#[derive(Debug, Deserialize)]
struct Told {
    r#type: String,
    #[serde(default)]
    text: String,
}

fn told(item: &SignalItem) -> Option<Told> {
    let SignalItem::Signal(signal) = item else { return None };
    let Signal::App { signal, .. } = &**signal else { return None };
    rmp_serde::from_slice(&signal.clone().into_inner().0).ok()
}

#[test]
fn signals_arrive_in_order_and_a_lost_link_is_a_gap() {
    run_apart(async {
        let mut conductor = start().await;
        let app_id = app(&conductor).await;
        let ham = connect(&conductor, &app_id).await;
        let mut signals = ham.signals();
        for n in 0..20 {
            ham.call_zome::<_, ()>("probe", "probe", "emit", n.to_string()).await.unwrap();
        }
        let mut texts = Vec::new();
        while texts.len() < 20 {
            let item = signals.next().await.unwrap();
            if let Some(told) = told(&item).filter(|told| told.r#type == "emitted") {
                texts.push(told.text);
            }
        }
        assert_eq!(texts, (0..20).map(|n| n.to_string()).collect::<Vec<_>>());

        conductor.kill().await.unwrap();
        loop {
            if let SignalItem::Gap { cause: GapCause::LinkLost(_), .. } = signals.next().await.unwrap() {
                break;
            }
        }
        conductor.restart().await.unwrap();
        ham.call_zome::<_, ()>("probe", "probe", "emit", "after").await.unwrap();
        loop {
            if told(&signals.next().await.unwrap()).is_some_and(|told| told.text == "after") {
                break;
            }
        }
        ham.close().await;
        conductor.stop().await.unwrap();
        while signals.next().await.is_some() {}
    });
}

#[test]
fn every_commit_is_signalled_by_the_probe() {
    run(async {
        let (_, ham) = connected().await;
        let mut signals = ham.signals();
        ham.call_zome::<_, serde::de::IgnoredAny>("probe", "probe", "create_item", item("seen"))
            .await
            .unwrap();
        loop {
            if told(&signals.next().await.unwrap()).is_some_and(|told| told.r#type == "committed") {
                break;
            }
        }
    });
}
