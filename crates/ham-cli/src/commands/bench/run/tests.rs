use std::future::pending;

use super::*;

const AMOUNT: Amount = Amount { in_flight: 4, within: Duration::from_secs(10), calls: 1_000_000 };

/// Calls that take a second each, and of which those after so many have no answer.
fn answering(
    answered: u64,
) -> impl Fn() -> futures_util::future::BoxFuture<'static, Result<(), CallError>> + Clone {
    let left = Arc::new(AtomicU64::new(answered));
    move || {
        let answers = is_one_left(&left);
        Box::pin(async move {
            if !answers {
                pending::<()>().await;
            }
            sleep_until(Instant::now() + Duration::from_secs(1)).await;
            Ok(())
        })
    }
}

fn counts(ran: &Ran) -> (u64, u64) {
    (ran.measured.json()["answered"].as_u64().unwrap_or_default(), ran.measured.unknown())
}

/// It waited for the deadlines of its calls, for minutes.
#[tokio::test(start_paused = true)]
async fn calls_without_an_answer_do_not_hold_up_the_end() {
    let (go, _) = watch::channel(Go::Begin);
    let began = Instant::now();
    let ran = run(answering(9), AMOUNT, &go, pending()).await.unwrap();
    // The first is not among them, and each of four callers has one that is open.
    assert_eq!((counts(&ran), ran.lost.is_some()), ((8, 4), false));
    assert_eq!(began.elapsed(), Duration::from_secs(1) + AMOUNT.within + GRACE);
    let began = Instant::now();
    let ran = run(answering(0), AMOUNT, &go, pending()).await.unwrap();
    assert_eq!(counts(&ran), (0, 1));
    assert_eq!(began.elapsed(), AMOUNT.within + GRACE);
}

#[tokio::test(start_paused = true)]
async fn calls_that_are_answered_in_time_are_all_counted() {
    let (go, _) = watch::channel(Go::Begin);
    let began = Instant::now();
    let ran = run(answering(1_000), AMOUNT, &go, pending()).await.unwrap();
    assert_eq!((counts(&ran), began.elapsed()), ((40, 0), Duration::from_secs(11)));
    let few = Amount { calls: 5, ..AMOUNT };
    let ran = run(answering(1_000), few, &go, pending()).await.unwrap();
    assert_eq!((counts(&ran), ran.measured.took), ((5, 0), Duration::from_secs(2)));
}

/// It went on as if there were a conductor.
#[tokio::test(start_paused = true)]
async fn a_conductor_that_is_gone_ends_it_and_no_call_begins_meanwhile() {
    let (go, _) = watch::channel(Go::Begin);
    let began = Instant::now();
    let lost = async {
        sleep_until(began + Duration::from_millis(3_500)).await;
        let at = Instant::now();
        go.send_replace(Go::Hold);
        sleep_until(at + Duration::from_secs(2)).await;
        Lost { at, why: "it was killed".into() }
    };
    // Those that are under way end with an answer, and are followed by none.
    let ran = run(answering(1_000), AMOUNT, &go, lost).await.unwrap();
    assert_eq!((counts(&ran), ran.lost.is_some()), ((12, 0), true));
    assert_eq!(ran.measured.took, Duration::from_millis(2_500), "until it was lost");
    assert_eq!(began.elapsed(), Duration::from_millis(5_500));
}
