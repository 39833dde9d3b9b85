//! A call that can be tried right away.

use crate::code;
use crate::exports::functions;

/// A function of the app, probably one that only reads.
#[derive(Debug)]
pub(super) struct Sample {
    role: String,
    zome: String,
    function: String,
}

impl Sample {
    /// The call as a shell command line.
    pub(super) fn curl(&self, url: &str, app: &str) -> String {
        let Self { role, zome, function } = self;
        // App names may contain spaces and quotes, and one that looks like a key is never repeated.
        let app = if ham::masked(app) == app { percent(app) } else { "ID".to_owned() };
        let path = percent(&format!("/roles/{role}/zomes/{zome}/fns/{function}"));
        format!("curl --json null {url}/api/v1/apps/{app}{path}")
    }
}

/// The function whose name most suggests that it needs no argument and writes nothing; `None` if the app has no functions.
pub(super) async fn sample(bundle: &[u8]) -> Option<Sample> {
    let roles = code::roles(code::unpacked(bundle).ok()?).await.ok()?;
    let all = roles.iter().flat_map(|(role, dna)| {
        dna.dna_def().coordinator_zomes.iter().flat_map(move |(zome, _)| {
            let functions = functions(dna, zome).unwrap_or_default().into_iter();
            functions.map(move |function| Sample { role: role.clone(), zome: zome.to_string(), function })
        })
    });
    all.min_by_key(|sample| {
        let rank =
            READERS.iter().position(|start| sample.function.starts_with(start)).unwrap_or(READERS.len());
        (rank, sample.function.clone())
    })
}

fn percent(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte);
    path.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// Prefixes of names of functions that need no argument and only read.
const READERS: [&str; 6] = ["get_all", "list", "count", "my_", "total", "get_"];
