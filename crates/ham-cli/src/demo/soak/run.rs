//! The soak from its first to its last step.

use std::time::Duration;

use ham::PersistentHam;
use ham_persistent::{Exponential, ResetRule};
use ham_testkit::chaos::Proxy;
use tokio::time::Instant;

use super::load::Load;
use super::losses;
use super::options::{SoakOptions, share};
use super::report::{SoakProgress, SoakReport};
use super::vitals::Vitals;
use crate::demo::chain;
use crate::demo::error::DemoError;
use crate::demo::ledger::Ledger;
use crate::demo::options::DemoOptions;
use crate::demo::stage::Stage;
use crate::demo::wait::within;

/// Marks between the start and the end.
const MARKS: u64 = 10;
/// The pause before each attempt to reconnect. The soak is about what lost links leave behind, not about waiting for links.
const PAUSE: Duration = Duration::from_millis(5);

/// Runs the soak and resolves with its figures when everything that it started is gone again. [`SoakReport::verdict`]
/// says whether they match what was promised.
///
/// `progress` is called from inside the future; it must not block.
///
/// # Errors
/// [`DemoError`], variant by variant: the soak could not be carried out.
///
/// # Cancel safety
/// Cancel-safe: dropping the future kills the conductor, removes its data and closes every connection.
pub async fn soak(
    options: SoakOptions,
    progress: impl Fn(SoakProgress) + Send + Sync,
) -> Result<SoakReport, DemoError> {
    options.check()?;
    progress(SoakProgress::Starting);
    let stage = DemoOptions { install: options.install.clone(), ..DemoOptions::default() };
    let stage = Stage::set(&stage.with_release(options.release), &|_| ()).await?;
    let proxy = Proxy::start(stage.app_address().await?).await.map_err(DemoError::Proxy)?;
    let retry = Exponential::new(PAUSE, PAUSE).with_reset(ResetRule::OnConnect);
    let ham = PersistentHam::connect(stage.config_through(proxy.address())?.with_retry(retry)).await?;
    let report = play(&stage, &proxy, &ham, &options, &progress).await?;
    within("end of the connection", ham.close()).await?;
    drop(ham);
    within("end of the proxy", proxy.stop()).await?;
    stage.strike().await?;
    Ok(report)
}

async fn play(
    stage: &Stage,
    proxy: &Proxy,
    ham: &PersistentHam,
    options: &SoakOptions,
    progress: &(impl Fn(SoakProgress) + Send + Sync),
) -> Result<SoakReport, DemoError> {
    let ledger = Ledger::new(options.seed);
    let load = Load::new(ham, &stage.cells, &ledger, options);
    let began = Instant::now();
    let take = || {
        // All links except the one that is alive.
        let losses = proxy.counters().ended;
        Vitals::take(stage.conductor.process_id(), load.ended(), losses, began.elapsed())
    };
    let mut vitals = vec![take()];
    progress(SoakProgress::Mark(vitals[0]));
    let marks = async {
        for mark in 1..=MARKS {
            load.until_ended(share(options.calls, mark, MARKS)).await;
            let now = take();
            progress(SoakProgress::Mark(now));
            vitals.push(now);
        }
        Ok(())
    };
    tokio::try_join!(load.run(), losses::run(proxy, ham, &load, options), marks)?;
    progress(SoakProgress::Reading);
    let chains = chain::read(&stage.ham, &stage.cells).await?;
    let end = Vitals::take_settled(&vitals[0], &take).await;
    progress(SoakProgress::Mark(end));
    vitals.push(end);
    let losses = proxy.counters().ended;
    let echoes = load.into_echoes();
    Ok(SoakReport {
        losses,
        echoes: echoes.told,
        wrong_echoes: echoes.wrong,
        writes: ledger.compare(&chains.actions),
        vitals,
    })
}
