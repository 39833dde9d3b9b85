//! A gateway configured by its file and its environment.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use ham_gateway::{Config, Server};
use serde_json::json;

use super::failed::failed;
use super::serving::{self, Signals};
use crate::failure::Failure;
use crate::input;
use crate::output::Output;

/// Serves until it is asked to stop. Without a file, the variables of `holochain_http_gateway` configure it.
pub(super) async fn serve(path: Option<&Path>, output: Output) -> Result<(), Failure> {
    let mut signals = Signals::install()?;
    let read = async || match path {
        Some(path) => read(path).await.map(|(_, config)| config),
        None => variables_alone(),
    };
    let config = tokio::select! {
        biased;
        () = signals.stop() => return Ok(()),
        config = read() => config?,
    };
    let server = Server::start(config.clone()).await.map_err(failed)?;
    let url = serving::url(&server);
    output.result(|| format!("Gateway: {url}"), &json!({ "url": url }))?;
    serving::doubts(&config, output);
    serving::until_stopped(server, &mut signals, read, output).await;
    Ok(())
}

/// Reports each fault.
pub(super) async fn check(path: &Path, output: Output) -> Result<(), Failure> {
    let (_, config) = read(path).await?;
    let faults = Server::check(&config);
    let told: Vec<_> = faults.iter().map(|fault| json!({ "key": fault.key, "why": fault.why })).collect();
    let lines = || match faults.as_slice() {
        [] => "the configuration is valid".to_owned(),
        faults => faults.iter().map(|fault| format!("{fault}\n")).collect(),
    };
    output.result(lines, &json!({ "faults": told }))?;
    let count = match faults.len() {
        0 => return Ok(()),
        1 => "1 fault".to_owned(),
        many => format!("{many} faults"),
    };
    Err(Failure::usage(format!("{count} in {}", path.display()), "correct the faults listed above"))
}

/// Prints every value.
pub(super) async fn print(path: &Path, output: Output) -> Result<(), Failure> {
    let (text, config) = read(path).await?;
    output.result(|| config.explained(&text), &json!({ "config": config.shown() }))
}

async fn read(path: &Path) -> Result<(String, Config), Failure> {
    let bytes = input::settings(path).await?;
    let wrong = |why: String| {
        Failure::usage(
            format!("{}: {why}", path.display()),
            "`ham gateway --help` names the page that describes all keys",
        )
    };
    let text = String::from_utf8(bytes).map_err(|_| wrong("it is not UTF-8".into()))?;
    let config = Config::parse(&text).map_err(|error| wrong(error.to_string()))?;
    Ok((text, in_environment(config)?))
}

fn variables_alone() -> Result<Config, Failure> {
    let config = in_environment(Config::hc_http_gw())?;
    if !config.compat.hc_http_gw {
        return Err(Failure::usage(
            "there is nothing to serve",
            "name a file with --config FILE, or an app with --dev --app FILE.happ",
        ));
    }
    Ok(config)
}

fn in_environment(config: Config) -> Result<Config, Failure> {
    let text = |(name, value): (OsString, OsString)| {
        Some((name.into_string().ok()?, value.to_string_lossy().into_owned()))
    };
    config
        .with_environment(variable)
        .with_hc_http_gw(std::env::vars_os().filter_map(text))
        .map_err(|error| Failure::usage(error.to_string(), "docs/hc-http-gw.md has the variables"))
}

/// If there are several directories, which systemd separates with colons, the first one.
fn variable(name: &str) -> Option<PathBuf> {
    let value: OsString = std::env::var_os(name).filter(|value| !value.is_empty())?;
    Some(
        value
            .to_str()
            .and_then(|text| text.split(':').next())
            .map_or_else(|| PathBuf::from(&value), PathBuf::from),
    )
}
