//! What follows a commit, and what runs by schedule.

use holochain_types::prelude::*;

use crate::app::{app, run, told};

#[test]
fn post_commit_tells_and_calls() {
    run(async {
        let app = app().await;
        let mut signals = app.0.signals();
        let _: ActionHash = app.ask("create_note", "relay:on").await;
        let mut zomes = Vec::new();
        while zomes.last().is_none_or(|(zome, count)| zome != "mirror" || *count != 1) {
            let told = told(&mut signals).await;
            assert_eq!(told.r#type, "committed");
            zomes.push((told.zome.unwrap(), told.actions.unwrap().len()));
        }
        assert!(zomes.contains(&("features".to_owned(), 1)), "{zomes:?}");
    });
}

#[test]
fn after_a_commit_its_zome_is_told_and_can_undo_nothing() {
    run(async {
        let app = app().await;
        app.ask::<()>("nothing", ()).await;
        let mut signals = app.0.signals();
        let (first, second): (ActionHash, ActionHash) = app.ask("two_notes", "two").await;
        let of_write: ActionHash = app.ask("create_note", "write:more").await;
        let mut commits = Vec::new();
        let failure = loop {
            let told = told(&mut signals).await;
            match told.r#type.as_str() {
                "committed" => commits.push((told.zome.unwrap(), told.actions.unwrap())),
                _ => break told.text.unwrap(),
            }
        };
        assert!(failure.contains("cannot be called from"), "{failure}");
        let of = |hash: &ActionHash| -> Vec<_> {
            let with =
                commits.iter().filter(|(_, actions)| actions.iter().any(|action| action.as_hash() == hash));
            with.map(|(zome, actions)| (zome.as_str(), actions.len())).collect()
        };
        assert_eq!((of(&first), of(&second)), (vec![("features", 2)], vec![("features", 2)]));
        let of_panic: ActionHash = app.ask("create_note", "panic:now").await;
        for written in [of_write, of_panic] {
            assert!(app.ask::<Option<Record>>("get_record", written).await.is_some());
        }
    });
}

#[test]
fn scheduled_functions_run_as_often_as_they_ask_for() {
    run(async {
        let app = app().await;
        // One after the other: of two functions that fall due together the conductor keeps only one.
        for (function, ephemeral, persisted) in
            [("tick_failing", 0, 0), ("tick_ephemeral", 3, 0), ("tick_persisted", 3, 3)]
        {
            app.ask::<()>("schedule_function", function).await;
            while app.ask::<Ticks>("ticks", ()).await != (Ticks { ephemeral, persisted }) {}
        }
    });
}

#[derive(Debug, PartialEq, Deserialize)]
struct Ticks {
    ephemeral: u32,
    persisted: u32,
}
