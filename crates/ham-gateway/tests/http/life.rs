//! How a gateway starts, changes and stops.

use std::os::unix::fs::PermissionsExt as _;

use ham_gateway::{Config, NewKey, Server, StartError};
use ham_testkit::chaos::Proxy;
use serde_json::json;

use crate::client::get;
use crate::must;
use crate::stage::{APP, Stage, bundle, conductor, config, everything, write_keys};

#[tokio::test(flavor = "multi_thread")]
async fn it_is_live_at_once_and_ready_once_its_cells_can_be_called() {
    let stage = Stage::with(|mut config| {
        config.operations_listen = Some("127.0.0.1:0".parse().unwrap());
        config
    })
    .await;
    assert_eq!(stage.get("/health").send().await.body, "Ok");
    assert_eq!(stage.get("/health/live").send().await.status, 200);
    stage.server.ready().await;
    let answer = get(stage.server.operations_address().unwrap(), "/health/ready").send().await;
    assert_eq!(answer.status, 200);
    let roles = &answer.json()["apps"][APP]["roles"];
    assert_eq!(*roles, json!({ "ledger": null, "probe": null }));
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_apps_of_a_conductor_share_one_link_to_its_admin_interface() {
    let conductor = conductor().await;
    conductor.install(bundle(), Some("other".into())).await.unwrap();
    let proxy = Proxy::start(([127, 0, 0, 1], conductor.admin_port()).into()).await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    write_keys(&directory.path().join("keys.toml"), &everything(&NewKey::new().unwrap()));
    let mut config = config(proxy.address().port(), directory.path());
    config.app.push(config.app[0].clone());
    config.app[1].id = "other".into();
    let server = Server::start(config).await.unwrap();
    server.ready().await;
    assert_eq!(proxy.counters().accepted, 1);
    server.stop().await;
    proxy.stop().await;
    conductor.shut_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_lets_calls_under_way_end_and_takes_no_others() {
    let stage = Stage::with(|mut config| {
        config.operations_listen = Some("127.0.0.1:0".parse().unwrap());
        config
    })
    .await;
    stage.server.ready().await;
    let (address, operations) = (stage.server.address(), stage.server.operations_address().unwrap());
    let slowly = stage.call("slow_create").json(&json!({ "call_id": "slow", "millis": 3_000 })).send();
    let stopping = async {
        let mut events =
            get(operations, "/api/v1/status").header("accept", "text/event-stream").stream().await;
        must(async { while events.next().await.unwrap()["apps"][0]["open"] != 1 {} }).await;
        stage.server.stop().await;
    };
    let (answer, ()) = tokio::join!(slowly, stopping);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
    stage.conductor.shut_down().await;
}

#[tokio::test]
async fn what_is_wrong_with_a_configuration_is_told_all_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let mut wrong = config(1, directory.path());
    wrong.origins = vec!["https://shop.example/".into()];
    wrong.operations_listen = Some("0.0.0.0:9464".parse().unwrap());
    wrong.keys = None;
    let StartError::Config(faults) = Server::start(wrong).await.unwrap_err() else { panic!("another error") };
    let keys: Vec<_> = faults.iter().map(|fault| fault.key).collect();
    assert_eq!(keys, ["operations_listen", "keys", "origins"]);
    let unknown = Config::parse("listn = \"127.0.0.1:0\"").unwrap_err().to_string();
    assert!(unknown.contains("unknown field `listn`") && unknown.contains("`listen`"), "{unknown}");
    let open = directory.path().join("keys.toml");
    std::fs::write(&open, "").unwrap();
    let error = Server::start(config(1, directory.path())).await.unwrap_err();
    assert!(matches!(error, StartError::Keys(_)), "{error}");
}

/// It was started without a word, and answered every call with 401.
#[tokio::test]
async fn a_file_without_keys_lets_nobody_in_and_is_said_to() {
    let directory = tempfile::tempdir().unwrap();
    write_keys(&directory.path().join("keys.toml"), "");
    let StartError::Keys(why) = Server::start(config(1, directory.path())).await.unwrap_err() else {
        panic!("another error")
    };
    assert!(why.to_string().contains("keys.toml holds no key"), "{why}");
    // While it runs, that takes the keys back.
    let key = NewKey::new().unwrap();
    write_keys(&directory.path().join("keys.toml"), &everything(&key));
    let server = Server::start(config(1, directory.path())).await.unwrap();
    let asked = async || get(server.address(), "/api/v1/apps").key(key.expose()).send().await.status;
    assert_eq!(asked().await, 200);
    write_keys(&directory.path().join("keys.toml"), "");
    server.reload(config(1, directory.path())).unwrap();
    assert_eq!(asked().await, 401);
    server.stop().await;
}

/// Others could see what is kept there, or put something else in its place.
#[tokio::test]
async fn a_state_directory_that_lets_others_in_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    write_keys(&directory.path().join("keys.toml"), &everything(&NewKey::new().unwrap()));
    let state = directory.path().join("state");
    let config = || config(1, directory.path()).with_state_dir(&state);
    Server::start(config()).await.unwrap().stop().await;
    std::fs::set_permissions(&state, std::fs::Permissions::from_mode(0o755)).unwrap();
    let error = Server::start(config()).await.unwrap_err();
    assert!(matches!(error, StartError::StateDirectoryOpen { mode: 0o755, .. }), "{error}");
}
