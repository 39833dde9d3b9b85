use super::*;

fn queue(items: usize, bytes: usize) -> (Sender<u32>, Receiver<u32>) {
    let sender = Sender::new(Bounds { items, bytes });
    let receiver = sender.subscribe();
    (sender, receiver)
}

/// What is there, and the counts of what is missing.
async fn all(receiver: &mut Receiver<u32>) -> Vec<Result<u32, u64>> {
    let mut all = Vec::new();
    while let Some(next) = receiver.recv().await {
        all.push(next.map(|value| *value));
    }
    all
}

#[tokio::test]
async fn who_is_too_slow_is_told_how_many_are_missing() {
    let (sender, mut slow) = queue(2, 100);
    let mut quick = sender.subscribe();
    for number in 0..5 {
        sender.send(number, 10);
        assert_eq!(*quick.recv().await.unwrap().unwrap(), number);
    }
    drop(sender);
    assert_eq!(all(&mut slow).await, [Err(3), Ok(3), Ok(4)]);
    assert!(quick.recv().await.is_none());
}

/// Case: a thousand signals waited for a slow client, however large they were.
#[tokio::test]
async fn it_is_bounded_in_bytes_and_the_newest_waits_always() {
    let (sender, mut slow) = queue(1000, 100);
    for number in 0..5 {
        sender.send(number, 40);
    }
    assert_eq!(sender.0.queue().bytes, 80);
    sender.send(5, 1000);
    assert_eq!(sender.0.queue().items.len(), 1);
    drop(sender);
    assert_eq!(all(&mut slow).await, [Err(5), Ok(5)]);
}

#[tokio::test]
async fn what_all_have_read_is_gone_and_so_is_what_nobody_will() {
    let (sender, mut first) = queue(10, 100);
    let second = sender.subscribe();
    sender.send(1, 10);
    sender.send(2, 10);
    first.recv().await.unwrap().unwrap();
    assert_eq!(sender.0.queue().items.len(), 2);
    drop(second);
    assert_eq!(sender.0.queue().items.len(), 1);
    drop(first);
    assert!(!sender.has_receivers());
    sender.send(3, 10);
    let queue = sender.0.queue();
    assert_eq!((queue.items.len(), queue.bytes), (0, 0));
}

#[tokio::test]
async fn who_waits_is_woken() {
    let (sender, mut receiver) = queue(10, 100);
    let mut waiting = tokio::task::JoinSet::new();
    waiting.spawn(async move { all(&mut receiver).await });
    tokio::task::yield_now().await;
    sender.send(1, 1);
    tokio::task::yield_now().await;
    drop(sender);
    assert_eq!(waiting.join_next().await.unwrap().unwrap(), [Ok(1)]);
}
