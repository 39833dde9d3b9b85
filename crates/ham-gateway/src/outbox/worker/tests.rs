use std::fs::OpenOptions;
use std::time::Duration;

use redb::backends::FileBackend;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::outbox::action_runner::Stops;
use crate::outbox::limits::Limits;
use crate::outbox::registry::CallRegistry;
use crate::outbox::store::{Opened, Store};
use crate::outbox::testing::call;

/// Case: the file was being reopened when a call's payload was to be read. The call was written down without it, and
/// then signed and sent without it.
#[tokio::test(start_paused = true)]
async fn a_call_whose_payload_cannot_be_read_keeps_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("outbox.redb");
    let again = move || {
        let file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&path)?;
        FileBackend::new(file).map_err(std::io::Error::other)
    };
    let (Opened { store, .. }, mut writer) = Store::open_apart(again, Limits::default()).unwrap();
    let (disk, store) = (Arc::clone(&writer.disk), Arc::new(store));
    let mut waiting = call("inv-1");
    waiting.deliver_until = i64::MAX;
    let kept = waiting.clone();
    let writes = async {
        while writer.gather().await {
            while writer.commit().is_some() {}
            writer.answer();
        }
    };
    let test = async {
        store.accept(kept.clone()).await.unwrap();
        // Once it is written, it is kept in memory without its large parts.
        waiting.payload = None;
        let runner = ActionRunner {
            config: Arc::default(),
            ham: None,
            place: None,
            stops: Stops::default(),
            cancelled: CancellationToken::new(),
        };
        let registered = RegisteredCall { registry: Arc::new(CallRegistry::default()), id: waiting.id };
        let store = Arc::clone(&store);
        let worker = Worker {
            call: waiting,
            runner,
            store: Arc::clone(&store),
            registered,
            on_disk: true,
            told: None,
            was_not_let: false,
        };
        disk.give_up(StoreError::Closed);
        let signing = worker.run(Step { commit: None, action: Action::Sign });
        // It has no app, so it only ever waits for its turn again.
        tokio::time::timeout(Duration::from_secs(600), signing).await.unwrap_err();
        store.sweep(0).await.unwrap();
        let found = store.get(kept.id).unwrap().unwrap();
        assert_eq!((found.payload, found.record), (kept.payload, kept.record));
    };
    tokio::select! {
        () = writes => unreachable!("the store is open"),
        () = test => {}
    }
}
