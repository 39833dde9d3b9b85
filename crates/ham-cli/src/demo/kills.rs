//! Kills the conductor under load, restarts it, and measures how the connection recovers.

use std::pin::pin;

use ham::{HamState, PersistentHam};
use ham_launcher::{Conductor, LaunchError};
use tokio::time::Instant;

use super::call::Call;
use super::error::DemoError;
use super::load::Load;
use super::options::{CALL_DEADLINE, DemoOptions, SHORT_DEADLINE};
use super::port;
use super::probe::Kind;
use super::progress::Progress;
use super::report::KillReport;
use super::wait::{for_state, within};

/// Kills as often as the options say, spread over the load that runs in parallel.
pub(super) async fn run(
    conductor: &mut Conductor,
    load: &Load<'_>,
    options: &DemoOptions,
    progress: &(impl Fn(Progress) + Send + Sync),
) -> Result<Vec<KillReport>, DemoError> {
    let mut reports = Vec::new();
    for number in 0..options.kills {
        within("progress of the calls", load.meter.until_ended(options.calls_before_kill(number))).await?;
        let report = kill(conductor, load, number + 1, options, progress).await?;
        progress(Progress::Recovered(report));
        reports.push(report);
    }
    Ok(reports)
}

async fn kill(
    conductor: &mut Conductor,
    load: &Load<'_>,
    number: u32,
    options: &DemoOptions,
    progress: &(impl Fn(Progress) + Send + Sync),
) -> Result<KillReport, DemoError> {
    let awaited = "moment with enough calls outstanding";
    let outstanding = within(awaited, load.meter.until_outstanding(options.outstanding)).await?;
    let ended = load.meter.ended();
    load.meter.link_changed();
    let killed = Instant::now();
    conductor.kill().await?;
    progress(Progress::Killed { kill: number, ended, outstanding });

    let mut state = load.ham.state();
    for_state("end of the link", &mut state, |now| (!now.is_live()).then_some(())).await?;
    // While the conductor is gone, a call that cannot wait must say that it did not run.
    let hasty = Call { deadline: SHORT_DEADLINE, ..Call::patient(Kind::Create) };
    load.make(hasty, &load.cells[0]).await?;

    let back = restart(conductor).await?;
    let live = for_state("live connection", &mut state, |now| match now {
        HamState::Live { since, .. } => Some(*since),
        HamState::Dialing { .. } | HamState::BackingOff { .. } | HamState::Closed { .. } | _ => None,
    })
    .await?;
    load.meter.link_changed();
    let (callable, answered) = tokio::join!(callable(load.ham, load), first_answer(load, live));
    Ok(times(number, ended, outstanding, [killed, back, live, callable?, answered?]))
}

/// Restarts the conductor; returns when its port listened again, or, if that cannot be seen, when it was ready.
async fn restart(conductor: &mut Conductor) -> Result<Instant, LaunchError> {
    let admin_port = conductor.admin_port();
    let mut restarted = pin!(conductor.restart());
    // The port first: it comes before the conductor says that it is ready. It comes once, so neither starves the other.
    tokio::select! {
        biased;
        back = port::is_back(admin_port) => {
            restarted.await?;
            Ok(back)
        }
        ready = &mut restarted => {
            ready?;
            Ok(Instant::now())
        }
    }
}

async fn callable(ham: &PersistentHam, load: &Load<'_>) -> Result<Instant, DemoError> {
    let callable = ham.wait_until_callable(load.cells[0].clone(), CALL_DEADLINE, |_| ()).await;
    callable.map_err(DemoError::calling("call a cell after a restart"))?;
    Ok(Instant::now())
}

async fn first_answer(load: &Load<'_>, live: Instant) -> Result<Instant, DemoError> {
    within("answer after a restart", load.meter.until_answered_after(live)).await
}

/// The parts of a recovery: killed, port back, live, callable, answered. A part that ended before its turn counts as 0.
fn times(kill: u32, ended: u32, outstanding: usize, moments: [Instant; 5]) -> KillReport {
    let [killed, back, live, callable, answered] = moments;
    let millis = |from: Instant, to: Instant| {
        u64::try_from(to.saturating_duration_since(from).as_millis()).unwrap_or(u64::MAX)
    };
    KillReport {
        kill,
        ended,
        outstanding,
        boot_ms: millis(killed, back),
        live_ms: millis(back, live),
        callable_ms: millis(live, callable),
        answer_ms: millis(callable, answered),
        total_ms: millis(killed, answered),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn parts_add_up_and_never_go_backwards() {
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        let report = times(1, 10, 8, [at(0), at(100), at(130), at(200), at(900)]);
        assert_eq!((report.boot_ms, report.live_ms, report.callable_ms), (100, 30, 70));
        assert_eq!((report.answer_ms, report.total_ms), (700, 900));
        // A call of the load was answered before the probe was.
        assert_eq!(times(1, 10, 8, [at(0), at(100), at(130), at(200), at(150)]).answer_ms, 0);
    }
}
