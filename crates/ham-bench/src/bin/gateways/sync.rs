//! What the disk takes to be sure.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use tokio::time::Instant;

use crate::Failure;

/// The median of writing 4 KiB and syncing them.
pub(crate) fn median(directory: &Path) -> Result<Duration, Failure> {
    let mut file = File::create(directory.join("synced"))?;
    let mut times = Vec::with_capacity(TIMES);
    for _ in 0..TIMES {
        let began = Instant::now();
        file.write_all(&[7; 4 << 10])?;
        file.sync_data()?;
        times.push(began.elapsed());
    }
    times.sort_unstable();
    Ok(times[TIMES / 2])
}

const TIMES: usize = 100;
