//! Blocks that were missed, asked of the chain.

use ham_devconductor::DevConductor;
use ham_feed::{FeedItem, GapCause, Topic};
use ham_gateway::{Config, NewKey, Server};
use ham_testkit::chaos::Proxy;
use holochain_conductor_api::CellInfo;
use holochain_zome_types::prelude::ExternIO;

use crate::lists::{bundle, chain};
use crate::stage::{APP, Stage, data, must, next, stanza, write_keys};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missed_while_the_link_is_down_is_told_once_and_in_order() {
    let directory = tempfile::tempdir().unwrap();
    let conductor = DevConductor::start().await.unwrap();
    conductor.install(bundle(directory.path()).await, Some(APP.into())).await.unwrap();
    let port = conductor.attach_app_interface(0).await.unwrap();
    let proxy = Proxy::start(([127, 0, 0, 1], port).into()).await.unwrap();
    let key = NewKey::new().unwrap();
    write_keys(directory.path(), &stanza(&key, "**"));
    let text = format!(
        "listen = \"127.0.0.1:0\"\n[conductor]\nadmin_url = \"ws://localhost:{}\"\n[[app]]\nid = \"{APP}\"\n\
         ready = [\"features\"]\napp_url = \"ws://{}\"\nbackfill = \"features/lists/blocks_since\"\n\
         [feed.chains]\nsupply_chain = \"{APP}/features\"\n",
        conductor.admin_port(),
        proxy.address()
    );
    let config = Config::parse(&text).unwrap().with_keys(directory.path().join("keys.toml"));
    let server = Server::start(config).await.unwrap();
    must(server.ready()).await;
    let stage = Stage { conductor, server, directory, key: key.expose().to_owned() };
    let observer = stage.conductor.observer();
    let apps = observer.apps().await.unwrap();
    let CellInfo::Provisioned(cell) = &apps[0].cell_info["features"][0] else { panic!("a cell") };
    let cell = cell.cell_id.clone();
    let mut feed = stage.follow(Topic::chain("supply_chain")).await;
    let note = async |text: String| {
        let payload = ExternIO::encode(text).unwrap().0;
        observer.call(&cell, "features", "create_note", payload).await.unwrap();
    };
    note("before".to_owned()).await;
    let mut told = Vec::new();
    let block = |item: &FeedItem| {
        let block = data(item);
        (block["block_hash"].as_str().unwrap().to_owned(), block["height"].as_u64().unwrap())
    };
    while told.is_empty() {
        let item = next(&mut feed).await;
        if matches!(item, FeedItem::Block { .. }) {
            told.push(block(&item));
        }
    }
    let first = told[0].1;
    for round in 0..3 {
        proxy.set_refusing(true);
        proxy.cut_now();
        loop {
            if let FeedItem::Gap { cause: GapCause::LinkLost(_), .. } = next(&mut feed).await {
                break;
            }
        }
        for n in 0..5 {
            note(format!("missed {round} {n}")).await;
        }
        proxy.set_refusing(false);
        let wanted = chain(&observer, &cell, first - 1).await;
        while told.len() < wanted.len() {
            let item = next(&mut feed).await;
            if matches!(item, FeedItem::Block { .. }) {
                told.push(block(&item));
            }
        }
        assert_eq!(told, wanted);
    }
    // And goes on with what comes.
    note("after".to_owned()).await;
    loop {
        let item = next(&mut feed).await;
        if matches!(item, FeedItem::Block { .. }) {
            told.push(block(&item));
            break;
        }
    }
    assert_eq!(told, chain(&observer, &cell, first - 1).await);
    stage.end().await;
}
