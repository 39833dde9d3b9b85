use super::*;

struct Bench {
    liveness: Liveness,
    start: Instant,
}

impl Bench {
    fn new(config: &SessionConfig) -> Self {
        let start = Instant::now();
        Self { liveness: Liveness::new(config, true, start), start }
    }

    fn at(&self, seconds: u64) -> Instant {
        self.start + Duration::from_secs(seconds)
    }

    fn tick(&mut self, seconds: u64, oldest: Option<u64>) -> Due {
        let oldest = oldest.map(|seconds| self.at(seconds));
        self.liveness.tick(self.at(seconds), oldest)
    }
}

/// Ping every 30 s, 10 s for the pong, probe after 30 s: the defaults.
fn defaults() -> SessionConfig {
    SessionConfig::default()
}

#[test]
fn a_ping_every_interval_while_pongs_come() {
    let mut bench = Bench::new(&defaults().with_degraded_after(None));
    assert_eq!(bench.liveness.deadline(), bench.at(30));
    assert_eq!(bench.tick(29, None), Due::default());
    assert!(bench.tick(30, None).ping);
    assert_eq!(bench.liveness.deadline(), bench.at(40));
    assert_eq!(bench.liveness.pong(bench.at(31)), Some(Duration::from_secs(1)));
    assert_eq!(bench.liveness.deadline(), bench.at(60));
    assert!(bench.tick(60, None).ping);
}

#[test]
fn a_missing_pong_is_death_at_its_deadline() {
    let mut bench = Bench::new(&defaults());
    bench.tick(30, None);
    assert_eq!(bench.tick(39, None).dead, None);
    assert_eq!(bench.tick(40, None).dead, Some(Duration::from_secs(10)));
}

#[test]
fn control_frames_do_not_stand_in_for_the_pong() {
    let mut bench = Bench::new(&defaults());
    bench.tick(30, None);
    bench.liveness.heard(bench.at(39));
    assert!(bench.tick(40, None).dead.is_some());
}

#[test]
fn a_message_on_its_way_extends_the_pong_deadline() {
    let mut bench = Bench::new(&defaults());
    bench.tick(30, None);
    bench.liveness.progressed(bench.at(39));
    assert_eq!(bench.tick(40, None).dead, None);
    assert_eq!(bench.liveness.deadline(), bench.at(49));
    assert!(bench.tick(49, None).dead.is_some());
}

#[test]
fn silence_is_death_even_before_the_ping() {
    let mut bench = Bench::new(&defaults().with_silence_bound(Some(Duration::from_secs(15))));
    bench.liveness.heard(bench.at(5));
    assert_eq!(bench.liveness.deadline(), bench.at(20));
    assert_eq!(bench.tick(19, None).dead, None);
    assert_eq!(bench.tick(20, None).dead, Some(Duration::from_secs(15)));
}

#[test]
fn long_outstanding_requests_cause_one_probe_and_then_doubt() {
    let mut bench = Bench::new(&defaults());
    let due = bench.tick(30, Some(10));
    assert!(!due.probe, "the oldest is 20 s old");
    bench.liveness.pong(bench.at(30));
    assert_eq!(bench.liveness.deadline(), bench.at(40));
    assert!(bench.tick(40, Some(10)).probe);
    assert!(bench.liveness.in_doubt());
    assert_eq!(bench.tick(49, Some(10)), Due::default());
    let degraded = Health::Degraded { since: bench.at(40) };
    assert_eq!(bench.tick(50, Some(10)).health, Some(degraded));
    assert_eq!(bench.liveness.answered(), Some(Health::Healthy));
    assert!(!bench.liveness.in_doubt());
}

#[test]
fn an_answered_probe_means_requests_are_only_slow() {
    let mut bench = Bench::new(&defaults());
    bench.tick(30, Some(0));
    bench.liveness.pong(bench.at(30));
    assert_eq!(bench.liveness.answered(), None);
    assert_eq!(bench.tick(50, Some(0)), Due::default());
    assert!(bench.tick(60, Some(0)).probe, "and it is asked again as long as they are outstanding");
}

#[test]
fn a_degraded_link_is_probed_anew() {
    let mut bench = Bench::new(&defaults());
    bench.tick(30, Some(0));
    bench.liveness.pong(bench.at(30));
    assert!(bench.tick(40, Some(0)).health.is_some());
    assert!(bench.tick(60, Some(0)).probe);
    bench.liveness.pong(bench.at(60));
    let again = bench.tick(70, Some(0));
    assert_eq!(again.health, None, "it is degraded since the first probe");
}

#[test]
fn without_requests_nothing_is_probed() {
    let mut bench = Bench::new(&defaults());
    assert!(!bench.tick(30, None).probe);
    bench.liveness.pong(bench.at(30));
    assert_eq!(bench.liveness.deadline(), bench.at(60));
}

#[test]
fn endless_intervals_do_not_overflow() {
    let config = defaults().with_ping(Duration::MAX, Duration::MAX).with_degraded_after(Some(Duration::MAX));
    let mut bench = Bench::new(&config.with_silence_bound(Some(Duration::MAX)));
    assert_eq!(bench.tick(1_000_000, Some(0)), Due::default());
    assert!(bench.liveness.deadline() > bench.at(1_000_000));
}

proptest::proptest! {
    /// After a tick the next deadline lies ahead, so the timer cannot spin.
    #[test]
    fn a_tick_always_moves_on(steps in proptest::collection::vec((0_u8..4, 0_u64..20), 0..100)) {
        let mut bench = Bench::new(&defaults().with_silence_bound(Some(Duration::from_secs(60))));
        let mut now = 0;
        for (step, wait) in steps {
            now += wait;
            let at = bench.at(now);
            match step {
                0 => bench.liveness.heard(at),
                1 => bench.liveness.progressed(at),
                2 => { bench.liveness.pong(at); }
                _ => { bench.liveness.answered(); }
            }
            if bench.tick(now, Some(now.saturating_sub(wait))).dead.is_some() {
                return Ok(());
            }
            proptest::prop_assert!(bench.liveness.deadline() > at);
        }
    }
}
