//! One file of credentials, and processes that share it.

use ham::{PersistentHam, ProcessMemory};

use crate::grants::{grants_of, stored};
use crate::support::*;

/// Case: eight processes on one new credential file, five of which ended with "head has moved", each with a key of its own.
/// Here the processes are memories that do not know of each other.
#[test]
fn eight_memories_and_one_new_credential_file_make_one_grant() {
    run(async {
        let conductor = shared().await;
        let app_id = app(conductor).await;
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("credentials");
        let process = || {
            let config = config(conductor, &app_id).with_signing(stored(&file));
            PersistentHam::connect(config.with_memory(ProcessMemory::apart()))
        };
        let calls = (0..8).map(async |_| call_ids(&process().await.unwrap()).await);
        futures_util::future::join_all(calls).await;
        assert_eq!(grants_of(&connect(conductor, &app_id).await).await.len(), 1);
    });
}

/// Another process that hangs with the lock stops those that need a new grant, and nobody else.
#[test]
fn a_cell_whose_grant_is_there_does_not_wait_for_another_cells_lock() {
    run(async {
        let conductor = shared().await;
        let app_id = app(conductor).await;
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("credentials");
        let process = || {
            let config = config(conductor, &app_id).with_signing(stored(&file));
            PersistentHam::connect(config.with_memory(ProcessMemory::apart()))
        };
        call_ids(&process().await.unwrap()).await;
        let lock = std::fs::File::open(dir.path().join("credentials.lock")).unwrap();
        lock.lock().unwrap();
        let ham = process().await.unwrap();
        // For as long as it takes the other one.
        let waits = ham.call_zome::<_, u64>("ledger", "ledger", "total", ());
        tokio::select! {
            biased;
            total = waits => panic!("{total:?}"),
            ids = call_ids(&ham) => assert!(ids.is_empty()),
        }
        drop(lock);
        ham.call_zome::<_, u64>("ledger", "ledger", "total", ()).await.unwrap();
        assert_eq!(grants_of(&ham).await.len(), 2);
    });
}

/// Case: {a}, then {a, b}, then a's second cell left {a, a}, and b's key was gone.
#[test]
fn two_apps_that_take_turns_keep_each_others_keys_in_one_file() {
    run(async {
        let conductor = shared().await;
        let (first, second) = (app(conductor).await, app(conductor).await);
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("credentials");
        let with =
            |app_id: &str| PersistentHam::connect(config(conductor, app_id).with_signing(stored(&file)));
        let (one, two) = (with(&first).await.unwrap(), with(&second).await.unwrap());
        for (ham, role, function) in
            [(&one, "probe", "count_items"), (&two, "probe", "count_items"), (&one, "ledger", "total")]
        {
            ham.call_zome::<_, u64>(role, role, function, ()).await.unwrap();
        }
        // What another process finds in it: a copy, because this one remembers its keys.
        let copy = dir.path().join("copy");
        std::fs::copy(&file, &copy).unwrap();
        for (app_id, roles) in [(&first, &["probe", "ledger"][..]), (&second, &["probe"])] {
            let again =
                PersistentHam::connect(config(conductor, app_id).with_signing(stored(&copy))).await.unwrap();
            for role in roles {
                let function = if *role == "probe" { "count_items" } else { "total" };
                again.call_zome::<_, u64>(*role, role, function, ()).await.unwrap();
            }
            assert_eq!(grants_of(&again).await.len(), roles.len(), "{app_id}");
        }
    });
}
