use std::future::pending;

use futures_util::future::BoxFuture;
use tokio::time::sleep_until;

use super::*;
use crate::commands::bench::measured::Measured;
use crate::exit::Exit;

const AMOUNT: Amount = Amount { in_flight: 4, within: Duration::from_secs(10), calls: 1_000_000 };

/// Calls that take a second each; after this many, they have no answer.
fn answering(answered: u64) -> impl Fn(Instant) -> BoxFuture<'static, Result<(), CallError>> + Clone {
    let left = Arc::new(AtomicU64::new(answered));
    move |until| {
        let answers = is_one_left(&left);
        Box::pin(async move {
            if answers {
                sleep_until(Instant::now() + Duration::from_secs(1)).await;
                return Ok(());
            }
            sleep_until(until + GRACE).await;
            Err(CallError::TimedOut { target: String::new(), after: GRACE, sent: true })
        })
    }
}

/// The whole bench, while the connection lasts.
async fn bench(
    call: impl Fn(Instant) -> BoxFuture<'static, Result<(), CallError>> + Clone + Send + 'static,
    amount: Amount,
    lost: impl Future<Output = Lost>,
    go: &watch::Sender<bool>,
) -> (Measured, Option<Cut>) {
    let (tally, mut lost) = (Tally::new(), std::pin::pin!(lost));
    let cut = async {
        first(&call, amount.within, &tally, lost.as_mut()).await?;
        run(call, amount, go, &tally, lost.as_mut()).await
    };
    let cut = cut.await.err();
    (tally.end(Instant::now()).unwrap(), cut)
}

fn counts(measured: &Measured) -> (u64, u64) {
    (measured.json()["answered"].as_u64().unwrap_or_default(), measured.unknown())
}

/// It waited for the deadlines of its calls, for minutes.
#[tokio::test(start_paused = true)]
async fn calls_without_an_answer_do_not_hold_up_the_end() {
    let (go, _) = watch::channel(true);
    let began = Instant::now();
    let (measured, cut) = bench(answering(9), AMOUNT, pending(), &go).await;
    // The first call is not counted, and each of the four callers has one open call.
    assert_eq!((counts(&measured), cut.is_some()), ((8, 4), false));
    assert_eq!(began.elapsed(), Duration::from_secs(1) + AMOUNT.within + GRACE);
    let began = Instant::now();
    let (measured, cut) = bench(answering(0), AMOUNT, pending(), &go).await;
    assert!(matches!(cut, Some(Cut::Unanswered)) && counts(&measured) == (0, 1));
    assert_eq!(began.elapsed(), AMOUNT.within + GRACE);
}

#[tokio::test(start_paused = true)]
async fn calls_that_are_answered_in_time_are_all_counted() {
    let (go, _) = watch::channel(true);
    let began = Instant::now();
    let (measured, _) = bench(answering(1_000), AMOUNT, pending(), &go).await;
    assert_eq!((counts(&measured), began.elapsed()), ((40, 0), Duration::from_secs(11)));
    let few = Amount { calls: 5, ..AMOUNT };
    let (measured, _) = bench(answering(1_000), few, pending(), &go).await;
    assert_eq!((counts(&measured), measured.took), ((5, 0), Duration::from_secs(2)));
}

/// It went on as if there were a conductor.
#[tokio::test(start_paused = true)]
async fn a_conductor_that_is_gone_ends_it_and_no_call_begins_meanwhile() {
    let (go, _) = watch::channel(true);
    let began = Instant::now();
    let lost = async {
        sleep_until(began + Duration::from_millis(3_500)).await;
        let at = Instant::now();
        go.send_replace(false);
        sleep_until(at + Duration::from_secs(2)).await;
        Lost { at, why: None }
    };
    // Calls under way end with an answer, and no new ones follow.
    let (measured, cut) = bench(answering(1_000), AMOUNT, lost, &go).await;
    let Some(Cut::Lost(lost)) = cut else { panic!("{cut:?}") };
    assert_eq!((counts(&measured), lost.at - began), ((12, 0), Duration::from_millis(3_500)));
    assert_eq!(began.elapsed(), Duration::from_millis(5_500));
}

/// It went on until the time was up, and every call failed.
#[tokio::test(start_paused = true)]
async fn an_app_that_is_uninstalled_ends_it_and_calls_without_an_answer_do_not_hold_that_up() {
    let (go, _) = watch::channel(true);
    for (hangs, unknown, took) in
        [(false, 0, Duration::from_secs(2)), (true, 1, Duration::from_secs(2) + GRACE)]
    {
        let (began, calls) = (Instant::now(), Arc::new(AtomicU64::new(0)));
        let call = move |until| -> BoxFuture<'static, Result<(), CallError>> {
            let number = calls.fetch_add(1, Ordering::Relaxed);
            Box::pin(async move {
                sleep_until(Instant::now() + Duration::from_secs(1)).await;
                match number {
                    0 => Ok(()),
                    1 if hangs => {
                        sleep_until(until).await;
                        Ok(())
                    }
                    _ => Err(CallError::AppNotInstalled { app_id: "one".into() }),
                }
            })
        };
        let (measured, cut) = bench(call, AMOUNT, pending(), &go).await;
        assert!(matches!(cut, Some(Cut::Gone)), "{cut:?}");
        assert_eq!((measured.unknown(), began.elapsed()), (unknown, took));
        let exit = if hangs { Exit::Unknown } else { Exit::NotRun };
        assert_eq!(measured.failure().unwrap().exit, exit);
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_away_at_the_end_holds_up_nothing() {
    let (go, _) = watch::channel(true);
    let (tally, began) = (Tally::new(), Instant::now());
    go.send_replace(false);
    run(answering(1), AMOUNT, &go, &tally, std::pin::pin!(pending())).await.unwrap();
    assert_eq!(began.elapsed(), AMOUNT.within);
}
