//! Relaxed writes to one chain at the same time: which sequence numbers stand twice, without lanes and with them.
//!
//! `cargo run -p ham-bench --bin forks [ROUNDS]`: every conductor that can be had without building, and the embedded one where
//! `cargo build -p ham-cli` has been run. `HAM_BENCH_HAM` names a `ham`, whose embedded conductor is measured alone.

use std::error::Error;
use std::time::Duration;

use ham::{PersistentHam, PersistentHamConfig};
use ham_bench::relaxed::{create, write};
use ham_bench::runtime;
use ham_launcher::{Conductor, Install, InstallOptions, InstallSource};

/// Rounds of each width, unless the command line says otherwise.
const ROUNDS: usize = 30;
/// Writes at a time, and whether ham lets them out one at a time.
const WIDTHS: [(usize, bool); 7] =
    [(1, false), (2, false), (5, false), (8, false), (10, false), (20, false), (20, true)];
/// The conductor compiles the zomes before the first call.
const PATIENCE: Duration = Duration::from_secs(120);

fn main() -> Result<(), Box<dyn Error>> {
    let rounds = std::env::args().nth(1).map_or(Ok(ROUNDS), |rounds| rounds.parse())?;
    runtime().block_on(async {
        println!("| conductor | at a time | lanes | acknowledged | refused | missing | actions | numbers twice | most of one |");
        println!("|---|---|---|---|---|---|---|---|---|");
        let installs = match std::env::var_os("HAM_BENCH_HAM") {
            Some(ham) => vec![Install::embedded(ham)],
            None => Install::available().await?.into_iter().chain(Install::embedded_of_this_build().ok()).collect(),
        };
        for install in installs {
            measure(install, rounds).await?;
        }
        Ok(())
    })
}

async fn measure(install: Install, rounds: usize) -> Result<(), Box<dyn Error>> {
    let bundle = install.relaxed_bundle()?;
    let embedded = install.source == InstallSource::Embedded;
    let name = if embedded { "embedded".to_owned() } else { install.release().to_string() };
    let conductor = Conductor::builder().with_install(install).start().await?;
    for (width, lanes) in WIDTHS {
        let app = format!("width-{width}-{lanes}");
        let options = InstallOptions { network_seed: Some(app.clone()), ..InstallOptions::default() };
        conductor.install_app(&bundle, &app, options).await?;
        conductor.enable(&app).await?;
        let config = PersistentHamConfig::local(conductor.admin_port(), &app)
            .with_deadline(PATIENCE)
            .with_lanes(lanes);
        let ham = PersistentHam::connect(config).await?;
        let cell = ham.wait_until_callable("probe", PATIENCE, |_| ()).await?;
        // So that `init` and the compiler are over.
        create(&ham, &cell, "first".to_owned()).await?;
        let chain = write(&ham, &cell, width, rounds).await;
        println!(
            "| {name} | {width} | {} | {} | {} | {} | {} | {} | {} |",
            if lanes { "yes" } else { "no" },
            chain.acknowledged,
            chain.refused,
            chain.missing,
            chain.actions,
            chain.forks,
            chain.most
        );
        ham.close().await;
    }
    conductor.stop().await?;
    Ok(())
}
