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
        self.liveness.tick(self.at(seconds), Load { oldest, stuck: false })
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
    assert_eq!(bench.tick(39, None).death, None);
    assert_eq!(bench.tick(40, None).death, Some(Death::Silent { after: Duration::from_secs(10) }));
}

#[test]
fn control_frames_do_not_stand_in_for_the_pong() {
    let mut bench = Bench::new(&defaults());
    bench.tick(30, None);
    bench.liveness.heard(bench.at(39));
    assert!(bench.tick(40, None).death.is_some());
}

#[test]
fn a_message_on_its_way_extends_the_pong_deadline() {
    let mut bench = Bench::new(&defaults());
    bench.tick(30, None);
    bench.liveness.read(bench.at(39), false, 1 << 20);
    assert_eq!(bench.tick(40, None).death, None);
    assert_eq!(bench.liveness.deadline(), bench.at(49));
    assert!(bench.tick(49, None).death.is_some());
}

#[test]
fn silence_is_death_even_before_the_ping() {
    let mut bench = Bench::new(&defaults().with_silence_bound(Some(Duration::from_secs(15))));
    bench.liveness.heard(bench.at(5));
    assert_eq!(bench.liveness.deadline(), bench.at(20));
    assert_eq!(bench.tick(19, None).death, None);
    assert_eq!(bench.tick(20, None).death, Some(Death::Silent { after: Duration::from_secs(15) }));
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
fn a_probe_that_is_not_answered_is_not_sent_again() {
    let mut bench = Bench::new(&defaults());
    bench.tick(30, Some(0));
    bench.liveness.pong(bench.at(30));
    assert!(bench.tick(40, Some(0)).health.is_some());
    assert!(!bench.tick(60, Some(0)).probe, "the peer has it; each more would take one of the peer's places");
    bench.liveness.pong(bench.at(60));
    assert_eq!(bench.tick(70, Some(0)).health, None);
    assert_eq!(bench.liveness.probe_answered(), Some(Health::Healthy));
    assert!(bench.tick(90, Some(0)).probe);
}

#[test]
fn a_link_without_a_place_is_degraded_and_ends_in_time() {
    // An answered probe does not help, and a protocol without one is told as well.
    let start = Instant::now();
    let at = |seconds| start + Duration::from_secs(seconds);
    for probes in [true, false] {
        let config = defaults().with_ping(Duration::MAX, Duration::MAX);
        let mut liveness = Liveness::new(&config, probes, start);
        let stuck = Load { oldest: Some(start), stuck: true };
        assert_eq!(liveness.tick(at(10), stuck).health, None);
        assert!(liveness.in_doubt());
        liveness.probe_answered();
        let degraded = Health::Degraded { since: at(10) };
        assert_eq!(liveness.tick(at(40), stuck).health, Some(degraded));
        assert_eq!(liveness.probe_answered(), None, "no place is free all the same");
        assert_eq!(liveness.deadline().min(at(310)), liveness.deadline());
        assert_eq!(liveness.tick(at(309), stuck).death, None);
        assert_eq!(
            liveness.tick(at(310), stuck).death,
            Some(Death::Stuck { after: Duration::from_secs(300) })
        );
        assert_eq!(liveness.answered(), Some(Health::Healthy), "one late answer would have been enough");
        assert_eq!(liveness.tick(at(311), stuck).death, None);
    }
}

#[test]
fn a_message_that_trickles_in_is_no_life_for_ever() {
    let mut bench = Bench::new(&defaults());
    for second in 0..40 {
        bench.liveness.heard(bench.at(second));
        bench.liveness.read(bench.at(second), false, 5 * (second + 1));
        bench.tick(second, None);
    }
    let Some(Death::TooSlow(slow)) = bench.tick(41, None).death else { panic!("too slow") };
    assert_eq!((slow.bytes, slow.after), (200, Duration::from_secs(41)));
}

#[test]
fn a_ping_that_comes_in_two_parts_begins_no_message() {
    let mut bench = Bench::new(&defaults());
    bench.liveness.read(bench.at(1), false, 1);
    assert_eq!(bench.liveness.deadline(), bench.at(30));
    bench.liveness.read(bench.at(2), false, 0);
    for second in (30..3000).step_by(30) {
        assert_eq!(bench.tick(second, None).death, None);
        bench.liveness.pong(bench.at(second));
    }
}

#[test]
fn what_is_written_drop_by_drop_does_not_stand_in_for_the_pong() {
    let mut bench = Bench::new(&defaults());
    let end = (0..200).find(|second| {
        bench.liveness.wrote(bench.at(*second), 5);
        bench.tick(*second, None).death.is_some()
    });
    assert_eq!(end, Some(50), "40 s of it were taken for life");
    let mut bench = Bench::new(&defaults());
    for second in 0..1000 {
        bench.liveness.wrote(bench.at(second), 5000);
        assert_eq!(bench.tick(second, None).death, None);
    }
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
                1 => bench.liveness.read(at, wait % 3 == 0, now * (wait % 2)),
                2 => { bench.liveness.pong(at); }
                _ => { bench.liveness.answered(); }
            }
            if bench.tick(now, Some(now.saturating_sub(wait))).death.is_some() {
                return Ok(());
            }
            proptest::prop_assert!(bench.liveness.deadline() > at);
        }
    }
}
