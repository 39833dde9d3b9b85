use ham_session::{LossyReceiver, Received, lossy_queue};
use proptest::prelude::*;
use serde_json::json;

use super::*;

fn table(kept: usize) -> Table {
    Table::new(History::new(kept, usize::MAX))
}

fn queue() -> (LossySender<Outbound>, LossyReceiver<Outbound>) {
    lossy_queue(10_000, usize::MAX)
}

fn received(queue: &mut LossyReceiver<Outbound>) -> Vec<u64> {
    std::iter::from_fn(|| queue.try_next())
        .map(|received| match received {
            Received::Item(Outbound::News(news)) => news.id().number(),
            other => panic!("{other:?}"),
        })
        .collect()
}

fn numbers(news: &[Arc<News>]) -> Vec<u64> {
    news.iter().map(|news| news.id().number()).collect()
}

fn event(of: &str) -> Draft {
    Draft::event("a", &json!({ "event_type": of }))
}

#[test]
fn who_asks_for_nothing_is_told_the_documents_words() {
    let (sender, mut receiver) = queue();
    let mut table = table(10);
    table.subscribe(1, &sender, "a", None, &Since::Unsaid);
    table.publish(Draft::block("a", &json!({ "block_hash": "ab", "height": 10 })));
    let Some(Received::Item(Outbound::Text(text))) = receiver.try_next() else { panic!("a text") };
    assert_eq!(
        text.as_str(),
        r#"{"type":"new_block","chain_name":"a","data":{"block_hash":"ab","height":10}}"#
    );
}

#[test]
fn who_asks_is_told_ids() {
    let (sender, mut receiver) = queue();
    let mut table = table(10);
    let replay = table.subscribe(1, &sender, "a", None, &Since::Now);
    assert_eq!((replay.from.number(), replay.gap, replay.messages.len()), (0, None, 0));
    table.publish(Draft::gap("a", "link_lost", None, 7));
    let Some(Received::Item(Outbound::News(news))) = receiver.try_next() else { panic!("news") };
    let id = news.id();
    assert_eq!(
        news.text(),
        format!(
            r#"{{"type":"gap","chain_name":"a","id":"{id}","cause":"link_lost","missed":null,"since":7}}"#
        )
    );
}

#[test]
fn what_is_older_than_the_history_is_a_gap_and_so_is_another_server() {
    let (sender, _receiver) = queue();
    let mut table = table(2);
    let start = table.newest();
    for _ in 0..5 {
        table.publish(Draft::block("a", &json!(1)));
    }
    let mut since = |n: &str| {
        let replay = table.subscribe(1, &sender, "a", None, &Since::After(n.to_owned()));
        table.unsubscribe(1, "a");
        (replay.from.number(), replay.gap, numbers(&replay.messages))
    };
    assert_eq!(since(&start.to_string()), (3, Some("history_lost"), vec![4, 5]));
    assert_eq!(since(&start.at(3).to_string()), (3, None, vec![4, 5]));
    assert_eq!(since(&start.at(5).to_string()), (5, None, vec![]));
    for foreign in ["", "nonsense", "0000000000000000-1", &start.at(6).to_string()] {
        assert_eq!(since(foreign), (3, Some("restart"), vec![4, 5]), "{foreign}");
    }
}

/// The document's example subscribes to a chain and to one type of its events on one connection.
#[test]
fn two_subscriptions_of_a_connection_are_told_again_once() {
    let (sender, mut receiver) = queue();
    let mut table = table(10);
    let since = Since::After(table.newest().to_string());
    for of in ["t", "u", "t"] {
        table.publish(event(of));
    }
    table.publish(Draft::gap("a", "link_lost", None, 1));
    assert_eq!(numbers(&table.subscribe(1, &sender, "a", Some("t"), &since).messages), [1, 3, 4]);
    assert_eq!(numbers(&table.subscribe(1, &sender, "a", Some("u"), &since).messages), [2]);
    assert_eq!(numbers(&table.subscribe(1, &sender, "a", None, &since).messages), [0_u64; 0]);
    table.publish(event("t"));
    assert_eq!(received(&mut receiver), [5]);
}

proptest! {
    /// Wherever links are cut, each message is told once, in order.
    #[test]
    fn nothing_is_lost_or_doubled(steps in prop::collection::vec((0_u8..4, any::<bool>()), 1..200)) {
        let mut table = table(1000);
        let (mut sender, mut receiver) = queue();
        let mut told = Vec::new();
        let mut last = table.newest();
        table.subscribe(0, &sender, "a", None, &Since::Now);
        let mut wanted = Vec::new();
        for (number, (publish, cut)) in (1_u64..).zip(steps) {
            for _ in 0..publish {
                table.publish(event("t"));
                wanted.push(table.newest().number());
            }
            if cut {
                // Some of what waits was read; the rest is lost with the link.
                for n in received(&mut receiver).into_iter().take(usize::from(publish)) {
                    told.push(n);
                    last = last.at(n);
                }
                table.unsubscribe(number - 1, "a");
                (sender, receiver) = queue();
                let replay = table.subscribe(number, &sender, "a", None, &Since::After(last.to_string()));
                prop_assert_eq!(replay.gap, None);
                for news in replay.messages {
                    told.push(news.id().number());
                    last = news.id();
                }
            } else {
                table.unsubscribe(number - 1, "a");
                table.subscribe(number, &sender, "a", None, &Since::Now);
            }
        }
        told.extend(received(&mut receiver));
        prop_assert_eq!(told, wanted);
    }
}
