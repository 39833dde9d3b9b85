//! The scenario from its first to its last step.

use tokio::time::Instant;

use super::error::DemoError;
use super::ledger::Ledger;
use super::load::Load;
use super::meter::Meter;
use super::options::DemoOptions;
use super::progress::Progress;
use super::report::Report;
use super::signals::Follower;
use super::snapshot::Snapshot;
use super::stage::Stage;
use super::{chain, cuts, kills};

/// Runs the scenario and resolves with its figures when everything that it started is gone again. [`Report::verdict`]
/// says whether they match what was promised.
///
/// `progress` is called from inside the future; it must not block.
///
/// # Errors
/// [`DemoError`], variant by variant: the scenario could not be carried out.
///
/// # Cancel safety
/// Cancel-safe: dropping the future kills the conductor, removes its data and closes every connection.
pub async fn run(
    options: DemoOptions,
    progress: impl Fn(Progress) + Send + Sync,
) -> Result<Report, DemoError> {
    options.check()?;
    let mut stage = Stage::set(&options, &progress).await?;
    let follower = Follower::new();
    let signals = stage.ham.signals();
    // Fair: neither signals nor the work may starve the other. The stream only ends with the connection, which the work holds.
    let report = tokio::select! {
        report = play(&mut stage, &options, &follower, &progress) => report?,
        () = follower.follow(signals) => return Err(DemoError::Connect(ham::ConnectError::Closed)),
    };
    stage.strike().await?;
    Ok(report)
}

async fn play(
    stage: &mut Stage,
    options: &DemoOptions,
    follower: &Follower,
    progress: &(impl Fn(Progress) + Send + Sync),
) -> Result<Report, DemoError> {
    let before = Snapshot::take(stage).await?;
    let (ledger, meter) = (Ledger::new(options.seed), Meter::new());

    let began = Instant::now();
    let load = Load::new(&stage.ham, &stage.cells, &ledger, &meter, options);
    let (kills, ()) =
        tokio::try_join!(kills::run(&mut stage.conductor, &load, options, progress), load.run())?;
    let kills_took = began.elapsed();

    let began = Instant::now();
    let cuts = cuts::run(stage, &ledger, &meter, follower, options, progress).await?;
    let cuts_took = began.elapsed();

    progress(Progress::Reading);
    let chains = chain::read(&stage.ham, &stage.cells).await?;
    let after = Snapshot::take_settled(stage, &before).await?;
    Ok(Report {
        seed: options.seed,
        calls: ledger.compare(&chains.actions),
        kills,
        cuts,
        signals: follower.report(),
        items_counted: chains.counted,
        items_listed: chains.listed,
        before,
        after,
        kills_ms: u64::try_from(kills_took.as_millis()).unwrap_or(u64::MAX),
        cuts_ms: u64::try_from(cuts_took.as_millis()).unwrap_or(u64::MAX),
    })
}
