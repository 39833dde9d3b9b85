//! The kill test on the real conductors of the other releases, each where it can be had without building.
//!
//! A slice of it, 3 kills and 20 cuts, unless `HAM_KILLS=full`: then 20 kills, 200 cuts and 10,000 calls.
#![cfg(target_os = "linux")]

mod scenario;

use ham_launcher::{Install, Release};
use scenario::{Size, alone, keeps_its_promises};

const SLICE: Size = Size { kills: 3, cuts: 20, calls: 1_000, sees_everything: false };

async fn no_call_is_lost_or_run_twice_on(release: Release) {
    let _alone = alone().await;
    let found = Install::of_release_test(release).await.expect("what was found can be used");
    if let Some(install) = found {
        keeps_its_promises(install, SLICE.or_full()).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_is_lost_or_run_twice_on_0_6_3() {
    no_call_is_lost_or_run_twice_on(Release::V0_6_3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_is_lost_or_run_twice_on_0_7_0() {
    no_call_is_lost_or_run_twice_on(Release::V0_7_0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_is_lost_or_run_twice_on_0_8() {
    no_call_is_lost_or_run_twice_on(Release::V0_8_0Dev14).await;
}
