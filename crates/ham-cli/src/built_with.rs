//! Which HDI the zomes of an app were built with. A conductor accepts zomes of another release without a word, and
//! fails where the data shapes differ.

use std::collections::{BTreeSet, HashMap};

use bytes::Bytes;
use ham::Release;
use ham_bundle::Inflated;
use holochain_types::app::AppBundle;

/// Reports that zomes were built for another release; `None` if they were not, or if that cannot be determined.
pub(crate) async fn for_another_release(bundle: &[u8], conductor: Release) -> Option<String> {
    let of_release = series(conductor)?;
    // If it is not a bundle, the conductor refuses it in its own words.
    let stored = Inflated::default().stored(Bytes::copy_from_slice(bundle)).ok()?;
    let app = AppBundle::unpack(&*stored).ok()?;
    let resolved = app.resolve_cells(HashMap::default(), HashMap::default()).await.ok()?;
    let codes = resolved.dnas_to_register.iter().flat_map(|(dna, _)| dna.code().values());
    let versions: BTreeSet<String> = codes.filter_map(|wasm| version(&wasm.clone().code())).collect();
    let others: Vec<_> = versions.into_iter().filter(|version| !version.starts_with(of_release)).collect();
    let others = (!others.is_empty()).then(|| others.join(", "))?;
    Some(format!(
        "this app's zomes were built with HDI {others}, but Holochain {conductor} uses HDI {of_release}x: the app is installed, \
         but calls may fail, for example over a missing field. Build it with that release's HDK"
    ))
}

/// The beginning of the HDI versions of a release.
fn series(release: Release) -> Option<&'static str> {
    match release {
        Release::V0_6 => Some("0.7."),
        Release::V0_7_0 | Release::V0_7_1 => Some("0.8."),
        // It still has development releases.
        _ => None,
    }
}

/// The version of the HDI from the path of a source file, which the code contains for panic messages.
fn version(code: &[u8]) -> Option<String> {
    let mut places = code.windows(BEFORE.len()).enumerate().filter(|(_, window)| *window == BEFORE);
    places.find_map(|(at, _)| {
        let rest = code.get(at + BEFORE.len()..)?;
        let version: Vec<u8> = rest.iter().copied().take_while(|byte| *byte != b'/').take(LONGEST).collect();
        let version = String::from_utf8(version).ok()?;
        let is_one = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let mut parts = version.splitn(3, '.');
        (parts.next().is_some_and(is_one) && parts.next().is_some_and(is_one) && parts.next().is_some())
            .then_some(version)
    })
}

const BEFORE: &[u8] = b"/hdi-";
/// Of a version.
const LONGEST: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    /// Case: a bundle of 0.6 was installed in 0.7.1 without a word, and its first commit failed over a missing field.
    #[tokio::test]
    async fn a_bundle_of_another_release_is_told_of() {
        let bundle =
            |name| std::fs::read(format!("{}/../../happ/bundle/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        let (old, new) = (bundle("0.6/probe.happ"), bundle("probe.happ"));
        let told = for_another_release(&old, Release::V0_7_1).await.unwrap();
        assert!(told.contains("HDI 0.7.3") && told.contains("0.7.1 uses HDI 0.8.x"), "{told}");
        assert!(for_another_release(&new, Release::V0_6).await.is_some());
        for (fits, release) in [(&old, Release::V0_6), (&new, Release::V0_7_1), (&new, Release::V0_8)] {
            assert_eq!(for_another_release(fits, release).await, None);
        }
        assert_eq!(for_another_release(b"no bundle", Release::V0_7_1).await, None);
    }
}
