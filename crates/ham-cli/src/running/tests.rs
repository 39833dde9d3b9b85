use super::*;
use crate::settings::{Source, Values};

fn noted(admin_port: u16) -> Noted {
    Noted { admin_port, app_id: Some("app".into()), agents: Vec::new(), command: String::new() }
}

#[test]
fn a_note_is_private_and_goes_with_its_conductor() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().join("run");
    let note = Note::in_directory(&directory, &noted(7)).unwrap();
    assert_eq!(all(&directory), [noted(7)]);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&directory), mode(&note.path)), (0o700, 0o600));
    drop(note);
    assert!(all(&directory).is_empty() && fs::read_dir(&directory).unwrap().next().is_none());
}

#[test]
fn agents_are_found_by_their_names_and_ports() {
    let agent = |nth: u16| Agent { app_id: format!("app-{nth}"), admin_port: nth };
    let noted = Noted { app_id: Some("app-7".into()), agents: vec![agent(7), agent(8)], ..noted(7) };
    let found: Vec<_> = noted.each().map(|agent| (agent.admin_port, agent.app_id.unwrap())).collect();
    assert_eq!(found, [(7, "app-7".into()), (8, "app-8".into())]);
}

/// Several run: a named port did not provide the app, and a named app did not select the conductor.
#[test]
fn a_port_brings_its_app_and_an_app_its_port() {
    let of = |admin_port, app_id: &str| Noted {
        admin_port,
        app_id: Some(app_id.into()),
        agents: Vec::new(),
        command: "ham dev".into(),
    };
    let running = || vec![of(7, "a"), of(8, "b"), of(9, "b")];
    let found = |flags: &[(&'static str, &str)]| {
        let mut values = Values::default();
        values.add(Source::Flag, |key| {
            flags.iter().find(|(known, _)| *known == key).map(|(_, value)| (*value).to_owned())
        });
        let settings = Settings::new(values).unwrap();
        let found = chosen(&settings, running);
        found.map(|found| {
            found.map(|found| (found.local_admin_port(), found.app_id().ok().map(str::to_owned)))
        })
    };
    let is = |port, app: &str| Some((Some(port), Some(app.to_owned())));
    assert_eq!(found(&[("admin_port", "8")]).unwrap(), is(8, "b"));
    assert_eq!(found(&[("app_id", "a")]).unwrap(), is(7, "a"));
    assert_eq!(found(&[("admin_port", "6")]).unwrap(), None);
    assert_eq!(found(&[("admin_port", "8"), ("app_id", "a")]).unwrap(), None);
    for ambiguous in [&[][..], &[("app_id", "b")]] {
        let causes = found(ambiguous).unwrap_err().causes();
        assert!(causes[0].contains("8 (ham dev: b), 9 (ham dev: b)"), "{causes:?}");
    }
}

/// The conductor was killed, so its lock is gone.
#[test]
fn a_note_that_nobody_holds_is_not_believed_and_removed() {
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().join("run");
    drop(Note::in_directory(&directory, &noted(7)).unwrap());
    let stale = directory.join("1.conductor");
    fs::write(&stale, r#"{"admin_port":1,"app_id":null}"#).unwrap();
    assert!(all(&directory).is_empty() && !stale.exists());
}

/// A pipe was waited for; a directory that others can write to named their conductor.
#[test]
fn what_is_no_private_file_is_not_believed() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().join("run");
    let note = Note::in_directory(&directory, &noted(7)).unwrap();
    std::os::unix::fs::symlink(&note.path, directory.join("link.conductor")).unwrap();
    let made = std::process::Command::new("mkfifo").arg(directory.join("pipe.conductor")).status();
    assert!(made.unwrap().success());
    assert_eq!(all(&directory), [noted(7)]);
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o777)).unwrap();
    assert!(all(&directory).is_empty());
    assert!(Note::in_directory(&directory, &noted(8)).is_err());
}
