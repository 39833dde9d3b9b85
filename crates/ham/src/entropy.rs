//! Randomness, for nonces, keys, capability secrets and jitter.

use std::fmt;

use ham_persistent::Randomness;
use rand::TryRngCore as _;

/// Where random bytes come from. Injected, so that a simulation can be repeated.
///
/// **Hazardous to replace.** Anyone who can predict the bytes can forge calls: keys, capability secrets and nonces are made from them.
pub trait Entropy: fmt::Debug + Send + Sync + 'static {
    /// Fills all of `bytes` with random data. Takes little time, and does not block once the system has started.
    ///
    /// # Errors
    /// Why there is no randomness; the bytes are not used then.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), String>;
}

/// The operating system's randomness.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), String> {
        rand::rngs::OsRng.try_fill_bytes(bytes).map_err(|error| error.to_string())
    }
}

/// The jitter of an engine, drawn from `entropy`; the engine's own if `entropy` fails.
pub(crate) fn jitter(entropy: &dyn Entropy) -> Randomness {
    let mut seed = [0; 8];
    entropy.fill(&mut seed).map_or(Randomness::Entropy, |()| Randomness::Seed(u64::from_le_bytes(seed)))
}
