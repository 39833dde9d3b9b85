//! App interfaces that are kept, and who asks for their ports.

use ham_testkit::port::Port;
use holochain_client::AllowedOrigins;

use crate::start;
use crate::support::{admin, must};

/// Case: `ham dev --data D --app-port N` started once and never again: the port was taken by the interface that is kept.
#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_the_port_of_a_kept_app_interface_is_answered_with_it() {
    let directory = tempfile::tempdir().unwrap();
    let conductor = start(&directory).await;
    let reserved = Port::reserve().unwrap();
    let port = reserved.number();
    assert_eq!(conductor.attach_app_interface(port).await.unwrap(), port);
    let conductor = must(conductor.restart()).await.unwrap();
    assert_eq!(conductor.attach_app_interface(port).await.unwrap(), port);
    assert_eq!(admin(&conductor).await.list_app_interfaces().await.unwrap().len(), 1);
    conductor.shut_down().await;
}

/// Case: each start of `ham dev --data D --ui DIR` attached one more, and all of them were kept.
#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_a_free_port_is_answered_with_that_of_an_app_interface_that_is_kept() {
    let directory = tempfile::tempdir().unwrap();
    let mut conductor = start(&directory).await;
    let one = conductor.attach_app_interface(0).await.unwrap();
    let other = conductor.attach_app_interface(0).await.unwrap();
    assert_ne!(one, other, "neither was kept");
    for _ in 0..2 {
        conductor = must(conductor.restart()).await.unwrap();
        // This one is not for all.
        let (admin, app) = (admin(&conductor).await, Some("an app".to_owned()));
        admin.attach_app_interface(0, None, AllowedOrigins::Any, app).await.unwrap();
        let port = conductor.attach_app_interface(0).await.unwrap();
        let attached = admin.list_app_interfaces().await.unwrap();
        let for_all = attached.iter().filter(|attached| attached.installed_app_id.is_none());
        let for_all: Vec<u16> = for_all.map(|attached| attached.port).collect();
        assert!(for_all.len() == 2 && for_all.contains(&port), "{attached:?}");
    }
    conductor.shut_down().await;
}
