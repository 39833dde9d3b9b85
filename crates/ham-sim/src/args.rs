//! The command line.

use std::num::NonZeroUsize;

use clap::{Parser, ValueEnum};

use crate::mask::Mask;

/// Live simulated lives of ham and look for broken promises.
///
/// Exits with 0 when no promise was broken, 1 when one was or a state of the table was not reached, 2 on wrong usage.
#[derive(Clone, Debug, Parser)]
#[command(name = "ham-sim", max_term_width = 100)]
pub(crate) struct Args {
    /// How many seeds to live
    #[arg(long, default_value_t = 20_000, value_name = "N")]
    pub(crate) seeds: u64,
    /// The first seed
    #[arg(long, default_value_t = 0, value_name = "SEED")]
    pub(crate) from: u64,
    /// How many threads [default: as many as there are processors]
    #[arg(long, value_name = "J")]
    pub(crate) jobs: Option<NonZeroUsize>,
    /// What is simulated
    #[arg(long, value_enum, default_value_t = LayerName::Ham)]
    pub(crate) layer: LayerName,
    /// Stop at the first finding
    #[arg(long)]
    pub(crate) first: bool,
    /// Print how often each state was reached, and fail where one never was
    #[arg(long)]
    pub(crate) coverage: bool,
    /// Live one seed and print its transcript
    #[arg(long, value_name = "N", conflicts_with_all = ["seeds", "from", "jobs", "first", "coverage"])]
    pub(crate) seed: Option<u64>,
    /// Leave elements of the life out, like 3,7-9
    #[arg(long, requires = "seed", value_name = "ELEMENTS")]
    pub(crate) without: Option<Mask>,
    /// Print what ham logs between the lines of the transcript
    #[arg(long, requires = "seed")]
    pub(crate) log: bool,
    /// Print JSON, an object a line
    #[arg(long)]
    pub(crate) json: bool,
}

/// Which layer is simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LayerName {
    /// ham against a model of a conductor
    Ham,
    /// The gateway's outbox over ham, with its journal on a disk that tears
    Gateway,
    /// ham-persistent against a scripted connector
    Persistent,
    /// ham-session against an echo peer, over streams in memory
    Session,
    /// A made-up layer with a known fault, for the tests of this command
    #[value(hide = true)]
    Example,
}
