//! Load from `wrk`.

use std::path::PathBuf;

use tokio::process::Command;

use crate::Failure;

/// Makes load.
pub(crate) struct Wrk {
    pub(crate) seconds: u64,
    /// For its scripts.
    pub(crate) directory: PathBuf,
}

/// What it asks for again and again.
pub(crate) struct Asked {
    url: String,
    /// The rest of its script.
    script: String,
}

/// What came of a measurement.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measured {
    pub(crate) a_second: f64,
    /// Milliseconds.
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    /// Requests that were not answered, or with another status than 200.
    pub(crate) failed: f64,
}

impl Asked {
    pub(crate) fn get(url: String) -> Self {
        Self { url, script: String::new() }
    }

    /// A call of `echo_text`; in a round, each under an idempotency key of its own.
    pub(crate) fn post(url: String, key: &str, round: Option<usize>) -> Self {
        let mut script = format!(
            "local n = 0\nlocal h = {{ ['content-type'] = 'application/json', ['authorization'] = 'Bearer {key}' }}\n\
             request = function()\n  n = n + 1\n"
        );
        if let Some(round) = round {
            script += &format!("  h['idempotency-key'] = 'round-{round}-' .. n\n");
        }
        script += "  return wrk.format('POST', nil, h, '\"hello\"')\nend\n";
        Self { url, script }
    }
}

impl Wrk {
    pub(crate) async fn run(&self, clients: u32, asked: &Asked) -> Result<Measured, Failure> {
        let script = self.directory.join("wrk.lua");
        std::fs::write(&script, format!("{}{DONE}", asked.script))?;
        let output = Command::new("wrk")
            .args(["-t1", &format!("-c{clients}"), &format!("-d{}s", self.seconds), "--timeout", "30s", "-s"])
            .arg(&script)
            .arg(&asked.url)
            .output()
            .await
            .map_err(|error| format!("`wrk` cannot be run, Debian has it: {error}"))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let line = text.lines().find_map(|line| line.strip_prefix("measured "));
        let line = line.ok_or_else(|| format!("wrk: {text}{}", String::from_utf8_lossy(&output.stderr)))?;
        let numbers: Vec<f64> = line.split(' ').map(str::parse).collect::<Result<_, _>>()?;
        let [requests, microseconds, p50, p99, failed] = numbers[..] else { return Err(line.into()) };
        Ok(Measured {
            a_second: (requests - failed).max(0.0) / (microseconds / 1e6),
            p50: p50 / 1e3,
            p99: p99 / 1e3,
            failed,
        })
    }
}

const DONE: &str = "done = function(s, l)
  local e = s.errors
  io.write(string.format('measured %d %d %d %d %d\\n', s.requests, s.duration, l:percentile(50), l:percentile(99),
    e.status + e.connect + e.read + e.write + e.timeout))
end
";
