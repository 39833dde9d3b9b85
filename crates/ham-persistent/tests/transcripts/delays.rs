//! When the attempts are made.

use ham_persistent::{
    Config, Exponential, Fixed, Patience, PermanentPolicy, Persistent, Randomness, ResetRule,
};
use ham_testkit::scripted::{Attempt, scripted};
use ham_testkit::transcript::Transcript;

use crate::setup::{Setup, doubling, millis, pass, seconds};

/// When the attempts began, in milliseconds.
fn starts(transcript: &Transcript) -> Vec<u64> {
    let lines = transcript.lines();
    let times = lines.iter().filter_map(|line| line.strip_suffix(" address"));
    times.map(|time| time.replace('.', "").parse().expect("a time in milliseconds")).collect()
}

/// The starts of the first attempts under this configuration, when each one is refused after this long.
async fn starts_when_refused(config: Config, attempts: &[Attempt]) -> Vec<u64> {
    let setup = Setup::new().config(config);
    for attempt in attempts {
        setup.script.push(attempt.clone());
    }
    let (_persistent, _script, transcript) = setup.spawn();
    // The attempt after the last one shows how long the last delay was.
    let ends = || transcript.events().iter().filter(|line| *line == "address").count();
    while ends() <= attempts.len() {
        transcript.wait_for_lines(transcript.lines().len() + 1).await;
    }
    starts(&transcript)
}

fn refused(count: usize) -> Vec<Attempt> {
    vec![Attempt::refused("refused"); count]
}

#[tokio::test(start_paused = true)]
async fn by_default_every_ten_seconds_from_start_to_start() {
    let attempts = [
        Attempt::refused("refused"),
        Attempt::refused("timed out").taking(seconds(4)),
        Attempt::refused("timed out").taking(seconds(25)),
        Attempt::refused("refused"),
    ];
    assert_eq!(starts_when_refused(Config::default(), &attempts).await, [0, 10_000, 20_000, 45_000, 55_000]);
}

#[tokio::test(start_paused = true)]
async fn by_default_the_delay_is_moved_by_at_most_thirty_percent() {
    let delays = |seed| async move {
        let transcript = Transcript::new();
        let (connector, script) = scripted(&transcript);
        script.otherwise(Attempt::refused("refused"));
        let persistent = Persistent::builder("peer", connector).randomness(Randomness::Seed(seed)).spawn();
        pass(seconds(1000)).await;
        persistent.close().await;
        let starts = starts(&transcript);
        starts.windows(2).map(|pair| pair[1] - pair[0]).collect::<Vec<_>>()
    };
    let first = delays(1).await;
    assert!(first.iter().all(|delay| (7000..=13_000).contains(delay)), "{first:?}");
    assert!(
        first.iter().any(|delay| *delay < 8500) && first.iter().any(|delay| *delay > 11_500),
        "{first:?}"
    );
    assert_eq!(first, delays(1).await, "a seed gives its own sequence again");
    assert_ne!(first, delays(2).await);
}

#[tokio::test(start_paused = true)]
async fn the_delay_can_be_a_function_of_the_attempt() {
    let config = Config::default().with_retry(Fixed::per_attempt(|attempt| seconds(u64::from(attempt))));
    assert_eq!(starts_when_refused(config, &refused(3)).await, [0, 1000, 3000, 6000]);
}

#[tokio::test(start_paused = true)]
async fn without_randomness_the_delay_is_used_as_it_is() {
    let config = Config::default().with_retry(Fixed::every(seconds(3)));
    assert_eq!(starts_when_refused(config, &refused(3)).await, [0, 3000, 6000, 9000]);
}

#[tokio::test(start_paused = true)]
async fn never_more_often_than_the_least_pause() {
    let config = Config::default().with_retry(Fixed::every(millis(0)));
    assert_eq!(starts_when_refused(config, &refused(3)).await, [0, 100, 200, 300]);
}

#[tokio::test(start_paused = true)]
async fn a_long_lived_link_that_dies_is_redialled_at_once_and_then_after_the_delay() {
    let setup = Setup::new().noting();
    setup.script.push(Attempt::accepted());
    setup.script.otherwise(Attempt::refused("refused"));
    let (_persistent, script, transcript) = setup.spawn();
    transcript.wait_for("Connected").await;
    pass(seconds(3600)).await;
    script.link(1).lose("reset");
    pass(seconds(21)).await;
    assert_eq!(starts(&transcript), [0, 3_600_000, 3_610_000, 3_620_000]);
}

#[tokio::test(start_paused = true)]
async fn a_short_lived_link_that_dies_waits_for_the_rest_of_the_delay() {
    let setup = Setup::new().noting();
    setup.script.push(Attempt::accepted());
    let (_persistent, script, transcript) = setup.spawn();
    transcript.wait_for("Connected").await;
    pass(seconds(4)).await;
    script.link(1).lose("reset");
    pass(seconds(20)).await;
    assert_eq!(
        transcript.lines()[6..9],
        ["4.000 Disconnected", "10.000 AttemptingToConnect", "10.000 address"]
    );
}

#[tokio::test(start_paused = true)]
async fn an_exponential_delay_is_measured_from_the_attempts_end() {
    let attempts: Vec<_> = (0..5).map(|_| Attempt::refused("timed out").taking(seconds(2))).collect();
    let config = Config::default().with_retry(doubling());
    assert_eq!(starts_when_refused(config, &attempts).await, [0, 3000, 7000, 13_000, 23_000, 33_000]);
}

#[tokio::test(start_paused = true)]
async fn patience_lasts_for_the_outages_first_minute() {
    let config = Config::default()
        .with_retry(doubling().with_patience(Patience { cap: seconds(2), lasts: seconds(8) }));
    assert_eq!(
        starts_when_refused(config, &refused(7)).await,
        [0, 1000, 3000, 5000, 7000, 9000, 13_000, 21_000]
    );
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_accepts_and_drops_is_dialled_less_and_less() {
    let retry = doubling().with_reset(ResetRule::AfterStable(seconds(60)));
    let setup = Setup::new().config(Config::default().with_retry(retry));
    setup.script.otherwise(Attempt::accepted());
    let (_persistent, script, transcript) = setup.spawn();
    for number in 1..=4 {
        transcript.wait_for(&format!("link {number} up")).await;
        script.link(number).lose("go away");
    }
    transcript.wait_for("link 5 up").await;
    pass(seconds(60)).await;
    script.link(5).lose("reset");
    transcript.wait_for("link 6 up").await;
    assert_eq!(starts(&transcript), [0, 1000, 3000, 7000, 15_000, 75_000]);
}

#[tokio::test(start_paused = true)]
async fn redial_now_ends_the_wait() {
    let setup = Setup::new();
    setup.script.otherwise(Attempt::refused("refused"));
    let (persistent, _script, transcript) = setup.spawn();
    pass(seconds(1)).await;
    persistent.redial_now();
    pass(millis(50)).await;
    persistent.redial_now();
    pass(seconds(11)).await;
    assert_eq!(starts(&transcript), [0, 1000, 1100, 11_100]);
}

#[tokio::test(start_paused = true)]
async fn a_permanent_failure_waits_at_the_cap_or_stops() {
    let config = Config::default().with_retry(doubling());
    let attempts = [Attempt::refused_for_good("wrong token"), Attempt::refused("refused")];
    assert_eq!(starts_when_refused(config.clone(), &attempts).await, [0, 8000, 16_000]);

    let setup = Setup::new().config(config.with_on_permanent(PermanentPolicy::Stop)).noting();
    setup.script.push(Attempt::refused("refused"));
    setup.script.push(Attempt::refused_for_good("wrong token"));
    let (persistent, _script, transcript) = setup.spawn();
    let closed = persistent.connected().await.expect_err("it stops");
    assert_eq!(closed.to_string(), "closed: attempt failed: wrong token");
    persistent.close_finished().await;
    pass(seconds(100)).await;
    assert_eq!(starts(&transcript), [0, 1000]);
    assert_eq!(transcript.lines().last().map(String::as_str), Some("1.000 FailedToConnect(wrong token)"));
}

/// How many attempts begin within this time, when every link is lost after `lives`.
async fn dials(config: Config, lives: std::time::Duration, within: std::time::Duration) -> usize {
    let setup = Setup::new().config(config);
    setup.script.otherwise(Attempt::accepted());
    let (persistent, script, transcript) = setup.spawn();
    let losing = async {
        for number in 1.. {
            transcript.wait_for(&format!("link {number} up")).await;
            pass(lives).await;
            script.link(number).lose("closed by the peer: code 1008");
        }
    };
    tokio::time::timeout(within, losing).await.expect_err("it goes on for ever");
    persistent.close().await;
    starts(&transcript).len()
}

/// 119 dials in 12 s, of a server that closed with 1008 right after the upgrade; 95 links in 20 s, with a token each, of an
/// app whose link was dropped after 0.2 s.
#[tokio::test(start_paused = true)]
async fn a_peer_that_accepts_and_drops_is_no_storm_by_default() {
    let config = |retry| Config::default().with_retry(retry);
    let at_once = millis(0);
    // At 0, 1, 3, 7 seconds; the next one at 15.
    let doubling = config(Exponential::new(seconds(1), seconds(60)));
    assert_eq!(dials(doubling, at_once, seconds(12)).await, 4);
    assert_eq!(dials(config(Exponential::default()), at_once, seconds(12)).await, 4);
    // Pauses of 0.1, 0.2, 0.4, 0.8 and then 1 second, each after a link of 0.2.
    let conductor = Exponential::new(millis(100), seconds(30))
        .with_patience(Patience { cap: seconds(1), lasts: seconds(60) });
    assert_eq!(dials(config(conductor), millis(200), seconds(20)).await, 19);
    assert_eq!(dials(Config::default(), at_once, seconds(12)).await, 2);
    // A link that lasts is redialled at once, every time: at 0, 10, 20 … 90 seconds.
    assert_eq!(dials(config(Exponential::default()), seconds(10), seconds(95)).await, 10);
}

/// `with_min_pause(Duration::MAX)` made the driver panic, and with it closed the connection.
#[tokio::test(start_paused = true)]
async fn a_pause_without_end_ends_with_close() {
    let endless = std::time::Duration::MAX;
    for retry in [ham_persistent::RetryDelay::from(Fixed::every(endless)), Exponential::default().into()] {
        let setup = Setup::new().config(Config::default().with_retry(retry).with_min_pause(endless));
        setup.script.otherwise(Attempt::refused("refused"));
        let (persistent, _script, transcript) = setup.spawn();
        pass(seconds(1_000_000)).await;
        persistent.redial_now();
        pass(seconds(1)).await;
        assert!(!persistent.is_closed());
        assert_eq!(starts(&transcript), [0]);
        persistent.close().await;
    }
}
