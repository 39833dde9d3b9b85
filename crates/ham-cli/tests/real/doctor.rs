//! `ham doctor`, on what is well and what is not.

use serde_json::json;

use crate::conductor::{ham_for, installed, ready, release, run};

#[test]
fn doctor_finds_nothing_where_nothing_is_wrong() {
    run(async {
        let ham = ready().await;
        let findings = async |more: &[&str]| {
            let shown = ham.run(&[&["doctor", "--json"][..], more].concat()).await.ok().json();
            let steps = shown["steps"].as_array().unwrap().clone();
            steps.into_iter().map(|step| step["finding"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let quick = findings(&[]).await;
        assert_eq!(quick.iter().filter(|found| *found == "ok").count(), 8, "{quick:?}");
        assert!(!ham.credentials().exists(), "the doctor granted something without being told to");
        let thorough = findings(&["--call"]).await;
        assert!(thorough.iter().all(|found| found == "ok"), "{thorough:?}");
        assert!(ham.credentials().exists());
    });
}

/// Conductors do not tell their version: the doctor finds it out, says what ham cannot promise on it, and finds a wrong name.
#[test]
fn doctor_names_the_release_and_what_does_not_work_with_it() {
    run(async {
        let ham = ready().await;
        let release = release().await;
        let shown = ham.run(&["doctor", "--json"]).await.ok().json();
        let step = shown["steps"].as_array().unwrap().iter().find(|step| step["step"] == "release").unwrap();
        let detail = step["detail"].as_str().unwrap();
        assert!(detail.starts_with(&format!("answers as Holochain {release}")), "{detail}");
        assert_eq!(shown["limits"], json!(release.limits()));
        let other = if release == ham::Release::V0_7_0 { "0.6" } else { "0.7.0" };
        let wrong = ham.with("HAM_HOLOCHAIN_RELEASE", other);
        wrong.run(&["doctor"]).await.failed(2, &["`release`", "unset"]);
        let wrong = wrong.with("HAM_HOLOCHAIN_RELEASE", "0.9");
        wrong.run(&["doctor"]).await.failed(2, &["HAM_HOLOCHAIN_RELEASE", "0.6, 0.7.0, 0.7.1"]);
    });
}

#[test]
fn doctor_and_call_name_what_is_wrong_with_the_app() {
    run(async {
        let disabled = ham_for(&installed().await).await;
        disabled.run(&["doctor"]).await.failed(1, &["`app state`", "enable the app"]);
        disabled.run(&["call", "probe", "probe", "echo"]).await.failed(6, &["disabled", "enable"]);

        let wrong = ham_for("no-such-app").await;
        wrong.run(&["doctor"]).await.failed(3, &["`app state`", "--app-id"]);
        wrong.run(&["ping"]).await.failed(3, &["`no-such-app` is not installed", "HAM_APP_ID"]);
        wrong.run(&["grants", "list"]).await.failed(3, &["`no-such-app` is not installed"]);
    });
}
