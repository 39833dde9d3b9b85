//! `ham gateway`, as it is started, told to read its file again, and stopped.

use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixDatagram};

use crate::keeping::{Keeping, calls, keeping};
use crate::support::{Ham, Running, probe};

/// What a gateway answers to a request whose head begins so.
pub(crate) async fn asked(url: &str, request: &str, body: &str) -> String {
    let address = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let length = body.len();
    let head = format!(
        "{request}\r\nHost: {address}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

pub(crate) async fn started(running: &mut Running) -> Value {
    serde_json::from_str(&running.line(|line| line.contains("url")).await).unwrap()
}

#[tokio::test]
async fn in_dev_what_it_prints_works_as_it_stands() {
    let ham = Ham::new();
    let mut running =
        ham.start(&["gateway", "--json", "--dev", "--app", &probe(), "--listen", "127.0.0.1:0"]);
    let started = started(&mut running).await;
    let (url, tried) = (started["url"].as_str().unwrap(), started["try"].as_str().unwrap());
    let path = tried.strip_prefix("curl --json null ").unwrap().strip_prefix(url).unwrap();
    let answer = asked(url, &format!("POST {path} HTTP/1.1\r\nContent-Type: application/json"), "null").await;
    assert!(
        answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.contains("ham-outcome: answered"),
        "{answer}"
    );
    // Other commands find its conductor.
    let call = ham.run(&["call", "probe", "echo_text", "\"hello\""]).await.ok();
    assert_eq!(call.text(), "\"hello\"\n");
    running.signal(Signal::TERM);
    assert_eq!(running.ended().await, Some(0));
}

/// An app of which one role refuses was served without an address.
#[tokio::test]
async fn in_dev_an_app_that_is_not_ready_is_served_and_said_to_be_so() {
    let ham = Ham::new();
    let features = concat!(env!("CARGO_MANIFEST_DIR"), "/../../happ/bundle/features.happ");
    let mut running =
        ham.start(&["gateway", "--json", "--dev", "--app", features, "--listen", "127.0.0.1:0"]);
    running.said("not every role can be called").await;
    let url = started(&mut running).await["url"].as_str().unwrap().to_owned();
    assert!(asked(&url, "GET /health/ready HTTP/1.1", "").await.contains("\"ready\":false"));
    running.signal(Signal::TERM);
    assert_eq!(running.ended().await, Some(0));
}

#[tokio::test]
async fn its_file_is_read_again_at_a_hangup_and_a_wrong_one_changes_nothing() {
    let ham = Ham::new();
    let key = ham.run(&["gateway", "key", "new", "--name", "tests", "--json"]).await.ok().json();
    let stanza = key["stanza"].as_str().unwrap();
    assert!(!stanza.contains(key["key"].as_str().unwrap()));
    let other = ham.run(&["gateway", "key", "new", "--name", "other", "--json"]).await.ok().json();
    let keys = ham.file("keys.toml", other["stanza"].as_str().unwrap());
    std::fs::set_permissions(&keys, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let file = ham.file(
        "gateway.toml",
        format!(
            "listen = \"127.0.0.1:0\"\nkeys = \"{keys}\"\n[conductor]\nadmin_url = \"ws://localhost:1\"\n[[app]]\nid = \"shop\"\n"
        ),
    );
    let mut running = ham.start(&["gateway", "--json", "--config", &file]);
    let url = started(&mut running).await["url"].as_str().unwrap().to_owned();
    let path = "/api/v1/apps/shop/roles/main/zomes/bridge/fns/pay";
    let request = format!("POST {path} HTTP/1.1\r\nAuthorization: Bearer {}", key["key"].as_str().unwrap());
    assert!(asked(&url, &request, "").await.contains("#bad-key"));
    std::fs::write(&keys, stanza).unwrap();
    running.signal(Signal::HUP);
    running.said("the configuration was reloaded").await;
    assert!(asked(&url, &request, "").await.contains("#app-not-found"));
    std::fs::write(&keys, "[[key]]\n").unwrap();
    running.signal(Signal::HUP);
    running.said("the previous one stays in force").await;
    assert!(asked(&url, &request, "").await.contains("#app-not-found"));
    // One that takes every key back holds, and is said to let nobody in.
    std::fs::write(&keys, "").unwrap();
    running.signal(Signal::HUP);
    running.said("holds no key, so nobody can call anything").await;
    assert!(asked(&url, &request, "").await.contains("#bad-key"));
    running.signal(Signal::INT);
    assert_eq!(running.ended().await, Some(0));
}

/// Calls that wait for a conductor that is away are listed, shown and cancelled.
#[tokio::test]
async fn calls_of_a_gateway_are_listed_shown_and_cancelled() {
    let ham = Ham::new();
    let Keeping { running, url, key, key_file } = keeping(&ham, "shop", "1").await;
    let ask = async |verb: &[&str]| calls(&ham, &url, &key_file, verb).await;
    assert_eq!(ask(&["list"]).await.ok().text(), "no calls\n");
    let mut ids = Vec::new();
    for name in ["inv-1", "inv-2", "inv-3"] {
        let head = format!(
            "POST /api/v1/apps/shop/roles/main/zomes/bridge/fns/pay HTTP/1.1\r\nAuthorization: Bearer {key}\r\n\
             Prefer: respond-async\r\nIdempotency-Key: {name}"
        );
        let answer = asked(&url, &head, "").await;
        let id = answer.lines().find_map(|line| line.strip_prefix("ham-call-id: ")).unwrap();
        ids.push(id.to_owned());
    }
    let listed = ask(&["list"]).await.ok();
    let lines: Vec<_> = listed.text().lines().map(|line| line.trim_start().to_owned()).collect();
    assert!(lines[0].starts_with("call ") && lines[1].starts_with(&ids[2]), "{listed}");
    assert!(lines[1].contains("queued") && lines[1].contains("shop/main/bridge/pay"), "{listed}");
    let oldest = ask(&["list", "--oldest", "--limit", "1", "--json"]).await.ok().json();
    assert_eq!(oldest["calls"][0]["id"], *ids[0]);
    assert_eq!(ask(&["show", &ids[0], "--json"]).await.ok().json()["idempotency_key"], "inv-1");
    let cancelled = ask(&["cancel", &ids[0], "--json"]).await.ok().json();
    assert_eq!((&cancelled["outcome"], &cancelled["state"]), (&json!("not_run"), &json!("settled")));
    assert_eq!(ask(&["cancel", "--queued"]).await.ok().text().lines().count(), 2);
    assert_eq!(ask(&["list", "--json"]).await.ok().json(), json!({ "calls": [] }));
    ask(&["show", "01M8J10V1SQV71CG9X56JPDN5W"]).await.failed(1, &["there is no such call"]);
    ask(&["cancel"]).await.failed(2, &["<ID"]);
    let without = ham.run(&["gateway", "calls", "list", "--gateway", &url]).await;
    without.failed(3, &["the server refuses the key", "write it to a file and pass that with --key-file"]);
    // It said that there were none.
    ask(&["list", "--limit", "0"]).await.failed(2, &["--limit"]);
    running.signal(Signal::INT);
    assert_eq!(running.ended().await, Some(0));
    let gone = ham.run(&["gateway", "calls", "list", "--gateway", &url, "--key-file", &key_file]).await;
    gone.failed(3, &["nothing is listening there: start the gateway", "--gateway URL"]);
}

/// As a unit of `Type=notify-reload` is told.
#[tokio::test]
async fn systemd_is_told_when_it_is_ready_reads_again_and_stops() {
    let ham = Ham::new();
    let path = ham.home.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    let ham = ham.with("NOTIFY_SOCKET", path.display());
    let mut running =
        ham.start(&["gateway", "--json", "--dev", "--app", &probe(), "--listen", "127.0.0.1:0"]);
    let told = async || {
        let mut message = [0; 256];
        let length = socket.recv(&mut message).await.unwrap();
        String::from_utf8_lossy(&message[..length]).into_owned()
    };
    started(&mut running).await;
    assert_eq!(told().await, "READY=1\n");
    running.signal(Signal::HUP);
    let reloading = told().await;
    assert!(reloading.starts_with("RELOADING=1\nMONOTONIC_USEC="), "{reloading}");
    assert_eq!(told().await, "READY=1\n");
    running.signal(Signal::TERM);
    assert_eq!(told().await, "STOPPING=1\n");
    assert_eq!(running.ended().await, Some(0));
}

#[tokio::test]
async fn a_configuration_is_checked_and_shown() {
    let ham = Ham::new();
    let file = ham.file("gateway.toml", "listen = \"127.0.0.1:0\"\norigins = [\"shop.example\"]\n");
    let checked = ham.run(&["gateway", "check", "--config", &file, "--json"]).await;
    let faults: Vec<_> =
        checked.json()["faults"].as_array().unwrap().iter().map(|fault| fault["key"].clone()).collect();
    assert_eq!((faults, checked.code), (vec![json!("app"), json!("keys"), json!("origins")], Some(2)));
    let keys = ham.file("keys.toml", "");
    std::fs::set_permissions(&keys, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let two = ham.file("two.toml", format!("keys = {keys:?}\n"));
    let checked = ham.run(&["gateway", "check", "--config", &two]).await;
    checked.failed(2, &["2 faults in"]);
    assert!(checked.text().contains("holds no key, so nobody can call anything"), "{checked}");
    let key = ham.run(&["gateway", "key", "new", "--name", "t", "--json"]).await.ok().json();
    std::fs::write(&keys, key["stanza"].as_str().unwrap()).unwrap();
    ham.run(&["gateway", "check", "--config", &two]).await.failed(2, &["1 fault in"]);
    let printed = ham.run(&["gateway", "--print-config", "--config", &file]).await.ok();
    assert!(printed.text().contains("listen = \"127.0.0.1:0\"  # file\n"), "{printed}");
    assert!(printed.text().contains("limits.wait = \"30s\"  # default\n"), "{printed}");
    let file = ham.file("gateway.toml", "listn = \"127.0.0.1:0\"\n");
    ham.run(&["gateway", "--config", &file]).await.failed(2, &["unknown field `listn`", "`listen`"]);
    ham.run(&["gateway"]).await.failed(2, &["--config"]);
}

/// A collector of OpenTelemetry that takes spans as JSON, as long as it lives.
#[expect(clippy::disallowed_methods, reason = "one task, which ends with the test's runtime")]
async fn collector() -> (String, tokio::sync::mpsc::Receiver<Value>) {
    let (taken, spans) = tokio::sync::mpsc::channel(64);
    let collect = move |axum::Json(sent): axum::Json<Value>| async move {
        for scope in sent["resourceSpans"][0]["scopeSpans"].as_array().unwrap() {
            for span in scope["spans"].as_array().unwrap() {
                let mut span = span.clone();
                span["resource"] = sent["resourceSpans"][0]["resource"].clone();
                taken.send(span).await.unwrap();
            }
        }
        axum::Json(json!({}))
    };
    let routes = axum::Router::new().route("/v1/traces", axum::routing::post(collect));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, routes).await });
    (address, spans)
}

/// The value of an attribute, whatever its type.
fn attribute(of: &Value, key: &str) -> Value {
    let attributes = of["attributes"].as_array().unwrap();
    let found = attributes.iter().find(|attribute| attribute["key"] == key);
    let value = found.unwrap_or_else(|| panic!("no {key} in {of}"))["value"].as_object().unwrap();
    value.values().next().unwrap().clone()
}

#[tokio::test]
async fn its_requests_go_on_with_the_traces_they_name_and_the_collector_is_told() {
    let (collector, mut spans) = collector().await;
    let ham = Ham::new()
        .with("OTEL_EXPORTER_OTLP_ENDPOINT", &collector)
        .with("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json")
        .with("OTEL_SERVICE_NAME", "bridge");
    let mut running =
        ham.start(&["gateway", "--json", "--dev", "--app", &probe(), "--listen", "127.0.0.1:0"]);
    let url = started(&mut running).await["url"].as_str().unwrap().to_owned();
    let (trace, parent) = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331");
    let call = "POST /api/v1/apps/probe/roles/probe/zomes/probe/fns/no_such HTTP/1.1\r\nContent-Type: application/json";
    let answer = asked(&url, &format!("{call}\r\ntraceparent: 00-{trace}-{parent}-01"), "null").await;
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    // What is under way when it ends is sent, too.
    running.signal(Signal::TERM);
    assert_eq!(running.ended().await, Some(0));
    let span = loop {
        let span = spans.recv().await.unwrap();
        if span["traceId"] == trace {
            break span;
        }
    };
    assert_eq!(span["parentSpanId"], parent);
    let route = "/api/v1/apps/{app}/roles/{role}/zomes/{zome}/fns/{function}";
    assert_eq!(span["name"], format!("POST {route}"));
    assert_eq!(attribute(&span, "http.route"), route);
    assert_eq!(attribute(&span, "ham.outcome"), "answered");
    assert_eq!(attribute(&span["resource"], "service.name"), "bridge");
    assert!(!span.to_string().contains("no_such"), "{span}");
}

/// Whoever ran `hc-http-gw` has its variables, and no file.
#[tokio::test]
async fn the_variables_of_another_gateway_do_without_a_file() {
    let ham = Ham::new().with("HC_GW_ADMIN_WS_URL", "ws://localhost:1").with("HC_GW_PORT", "0");
    let mut running = ham.start(&["gateway", "--json"]);
    let url = started(&mut running).await["url"].as_str().unwrap().to_owned();
    // It starts without an app, as the other one does, and was silent about it.
    running.said("no app is allowed, so every call").await;
    assert!(asked(&url, "GET /health HTTP/1.1", "").await.ends_with("\r\n\r\nOk"));
    let answer = asked(&url, "GET /dna/app/zome/function HTTP/1.1", "").await;
    assert!(answer.contains("{\"error\":\"Request is malformed: Invalid DNA hash\""), "{answer}");
    running.signal(Signal::TERM);
    assert_eq!(running.ended().await, Some(0));
    let ham = Ham::new().with("HC_GW_PORT", "0");
    ham.run(&["gateway"]).await.failed(2, &["HC_GW_ADMIN_WS_URL is not set"]);
}
