//! What operators read says what there is: log events, metrics in alerts, the sample configuration.

#![expect(clippy::unwrap_used, reason = "what unwraps here fails the test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use ham_gateway::Config;
use ham_gateway::metrics::TABLE;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn text(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap()
}

/// The first cells of a table's rows, without their quotes.
fn rows(text: &str, head: &str) -> BTreeSet<String> {
    let rows = text.lines().skip_while(|line| !line.starts_with(head)).skip(2);
    let cells = rows.take_while(|line| line.starts_with('|')).map(|line| line.split('|').nth(1).unwrap());
    cells.map(|cell| cell.trim().trim_matches('`').to_owned()).collect()
}

fn sources(directory: &Path, into: &mut String) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push_str(&fs::read_to_string(path).unwrap());
        }
    }
}

#[test]
fn each_log_event_is_in_the_runbook() {
    let mut code = String::new();
    // What it shares with the page of `ham dev` speaks in its log, too.
    for sources_of in ["crates/ham-gateway/src", "crates/ham-web/src"] {
        sources(&root().join(sources_of), &mut code);
    }
    let said = code.split('"').filter(|word| {
        ["gateway.", "web."].iter().any(|room| word.starts_with(room) && word.len() > room.len())
            && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'.' || byte == b'_')
    });
    // What a host is called, and the file of a sample.
    let said: BTreeSet<String> = said
        .filter(|word| !word.starts_with("gateway.example") && *word != "gateway.toml")
        .map(str::to_owned)
        .collect();
    assert_eq!(rows(&text("docs/operate.md"), "| event |"), said);
}

/// Of a histogram also its parts.
fn is_known(name: &str) -> bool {
    TABLE.iter().any(|(known, kind, _)| {
        let part = name.strip_prefix(known).filter(|_| *kind == "histogram").unwrap_or_default();
        *known == name || ["_bucket", "_sum", "_count"].contains(&part)
    })
}

#[test]
fn each_alert_is_in_the_runbook_and_asks_for_metrics_that_there_are() {
    let (rules, runbook) = (text("packaging/gateway/alerts.yml"), text("docs/operate.md"));
    let after = |word: &str| -> BTreeSet<String> {
        let found = rules.lines().filter_map(|line| line.split_once(word));
        found.map(|(_, rest)| rest.trim().to_owned()).collect()
    };
    assert_eq!(rows(&runbook, "| alert |"), after("- alert: "));
    for rule in after("expr: ") {
        for name in rule.split(|c: char| !(c.is_ascii_lowercase() || c == '_')) {
            let known = is_known(name);
            assert!(known || !name.starts_with("ham_"), "{name}");
        }
    }
    let anchors: BTreeSet<String> = runbook
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .map(|title| title.to_lowercase().replace(' ', "-").replace(',', ""))
        .collect();
    for rule in after("runbook: ") {
        let (_, anchor) = rule.trim_matches(['"', '}', ' ']).split_once('#').unwrap();
        assert!(anchors.contains(anchor), "{anchor}");
    }
}

#[test]
fn the_sample_configurations_are_ones() {
    Config::parse(&text("packaging/gateway/gateway.toml")).unwrap();
    let manifest = text("packaging/gateway/kubernetes.yaml");
    let (_, config) = manifest.split_once("gateway.toml: |\n").unwrap();
    let (config, _) = config.split_once("---").unwrap();
    Config::parse(&config.replace("\n    ", "\n")).unwrap();
}

/// As Grafana imports it.
#[test]
fn the_dashboard_asks_for_metrics_that_there_are() {
    let dashboard: serde_json::Value =
        serde_json::from_str(&text("packaging/gateway/dashboard.json")).unwrap();
    assert!(dashboard["schemaVersion"].is_u64() && dashboard["title"].is_string());
    let variables = dashboard["templating"]["list"].as_array().unwrap();
    assert!(variables.iter().any(|variable| variable["name"] == "source"));
    let mut shown = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        assert!(ids.insert(panel["id"].as_u64().unwrap()) && panel["title"].is_string(), "{panel}");
        assert_eq!(panel["datasource"]["uid"], "${source}", "{panel}");
        let place = &panel["gridPos"];
        assert!(place["x"].as_u64().unwrap() + place["w"].as_u64().unwrap() <= 24, "{panel}");
        for target in panel["targets"].as_array().unwrap() {
            let names =
                target["expr"].as_str().unwrap().split(|c: char| !(c.is_ascii_lowercase() || c == '_'));
            for name in names.filter(|name| name.starts_with("ham_")) {
                assert!(is_known(name), "{name}");
                shown.insert(name.to_owned());
            }
        }
    }
    // What nobody looks at need not be counted.
    let unseen = [
        "ham_gateway_http_request_seconds",
        "ham_gateway_calls_abandoned_total",
        "ham_gateway_store_commands_per_commit",
    ];
    for (name, ..) in TABLE.iter().filter(|(name, ..)| !unseen.contains(name)) {
        assert!(shown.iter().any(|shown| shown.starts_with(name)), "{name}");
    }
}
