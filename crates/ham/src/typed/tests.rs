//! Which options take precedence when a call is made.

use super::*;
use crate::config::PersistentHamConfig;

#[tokio::test]
async fn the_client_goes_before_the_trait_and_the_trait_before_the_connection() {
    let ham = PersistentHam::start(PersistentHamConfig::local(1, "app")).unwrap();
    let zome = ZomeHandle::new(&ham, "role", "zome");
    assert_eq!(zome.options(CallOptions::default()), CallOptions::default());

    let second = Duration::from_secs(1);
    let declared =
        CallOptions::default().with_policy(CallPolicy::IDEMPOTENT).with_deadline(second).with_read_only();
    assert_eq!(zome.options(declared), declared);

    let own = zome.clone().with_policy(CallPolicy::FailFast).options(declared);
    assert_eq!(own, declared.with_policy(CallPolicy::FailFast));
    let own = zome.with_deadline(second * 2).options(declared);
    assert_eq!(own, declared.with_deadline(second * 2));
}
