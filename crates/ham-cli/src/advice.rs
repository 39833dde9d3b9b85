//! What to do about each failure, in one place.

mod words;

use ham::{
    AdminError, BadAnswer, CallError, ConnectError, NotRunning, Recovery, RefusalCause, RefusalKind, SPOKEN,
    SigningError, SigningStep,
};
use ham_session::{DialError, HandshakeError, TlsError};

/// About a link that did not come up.
pub(crate) fn connect(error: &ConnectError) -> String {
    match error {
        ConnectError::Admin { source, .. } => dial(source, "admin"),
        ConnectError::App { source, .. } => dial(source, "app"),
        ConnectError::Setup { source, .. } => admin(source),
        ConnectError::AppNotInstalled { .. } => {
            "pass the ID of an installed app with --app-id or HAM_APP_ID, or install the app".into()
        }
        ConnectError::NoInterface => "pass --admin-port (or set HAM_ADMIN_PORT), or --app-url (or HAM_APP_URL)".into(),
        ConnectError::Token(_) => {
            "write a new app token, in base64, to the file named by HAM_APP_TOKEN_FILE; each token works for one connection only".into()
        }
        ConnectError::Config(_) => "correct the setting; `ham info --settings` shows where each one comes from".into(),
        ConnectError::Signing(source) => signing(source),
        _ => "run `ham doctor`: it names the step that fails".into(),
    }
}

/// About a dial to one of the two interfaces.
pub(crate) fn dial(error: &DialError, interface: &str) -> String {
    match error {
        DialError::Connect { .. } | DialError::Resolve { .. } => format!(
            "nothing is listening there: start the conductor, or correct the {interface} port (the conductor \
             prints its admin port as ###ADMIN_PORT:n###; app ports change when it restarts)"
        ),
        DialError::TimedOut { .. } => format!(
            "something accepts connections on the {interface} port but does not answer: the conductor is hanging \
             or overloaded, or another program or a firewall has the port"
        ),
        DialError::Refused { status, .. } => match status.as_u16() {
            400 | 401 | 403 => format!(
                "the {interface} interface refuses this origin: pass one of its allowed_origins with --origin or \
                 HAM_ORIGIN"
            ),
            429 | 503 => format!("the server behind the {interface} port is busy: try again later"),
            _ => format!("the {interface} port belongs to another web server: correct the port"),
        },
        DialError::Upgrade(source) if source.kind() == std::io::ErrorKind::InvalidData => {
            format!("what answers on the {interface} port is not a WebSocket server: correct the port")
        }
        DialError::Upgrade(_) => format!(
            "the server on the {interface} port hung up without a word: it is another kind of server, or a conductor with no room \
             for another connection. Correct the port, or close some connections and try again"
        ),
        DialError::Handshake(HandshakeError::Closed(_)) => {
            "the token was refused or has already been used. If HAM_APP_TOKEN_FILE is set, write a new token to that file (`ham \
             token issue`; --reusable makes one that lasts); otherwise run the command again. If this happens again, check that \
             this interface serves this app ID"
                .into()
        }
        DialError::Handshake(_) => format!(
            "what answers on the {interface} port does not speak the protocol of a Holochain conductor: correct \
             the port, or check the conductor's version (ham speaks {SPOKEN})"
        ),
        DialError::Tls(error) => tls(error).into(),
        DialError::InvalidUrl { .. } => format!("correct the {interface} URL; it starts with ws:// or wss://"),
        _ => "run `ham doctor`: it names the step that fails".into(),
    }
}

/// About a server that is not trusted.
pub(crate) fn tls(error: &TlsError) -> &'static str {
    match error {
        TlsError::WrongPin => {
            "find out why the server's certificate has changed; if it is the right server, pass the new \
             fingerprint with --pin"
        }
        TlsError::Io(_) => {
            "try again; if it repeats, the server may not speak TLS: use ws://, or correct the URL"
        }
        _ => {
            "check the server's certificate: wss:// trusts the public authorities, those in the --ca file, or only the certificate named by --pin"
        }
    }
}

/// About an admin request.
pub(crate) fn admin(error: &AdminError) -> String {
    match error {
        AdminError::NotConfigured => "name the admin interface with --admin-port or HAM_ADMIN_PORT".into(),
        AdminError::Dial { source, .. } => dial(source, "admin"),
        AdminError::Lost { reconcile, .. } => {
            format!(
                "the connection broke or the conductor was too slow: first find out what happened ({reconcile}), then try again"
            )
        }
        AdminError::NotInRelease { .. } => "upgrade the conductor, or do without this request".into(),
        AdminError::ChainClosed => "this cell is closed for good; use its successor".into(),
        AdminError::Answer { source: BadAnswer::Refused(refusal), .. } => match refusal.kind() {
            RefusalKind::Deserialization => VERSIONS.into(),
            _ if refusal.is_unreadable_entry() => OUTDATED.into(),
            _ if refusal.cause() == Some(RefusalCause::CutOff) => REVERTED.into(),
            _ => words::of_administration(refusal.text()).unwrap_or(SAYS_WHY).into(),
        },
        AdminError::Answer { .. } => VERSIONS.into(),
        _ => "run `ham doctor`: it names the step that fails".into(),
    }
}

const SAYS_WHY: &str = "the conductor's message says why; correct the request";

const VERSIONS: &str =
    "run `ham doctor` to see the conductor's release; if HAM_HOLOCHAIN_RELEASE is set, unset it";

/// Advice about entries that an earlier release wrote and the conductor cannot read.
const OUTDATED: &str = "the chain holds grants from an earlier release of Holochain that this conductor cannot \
 read, so it lists no grants and refuses every call signed with a client key; sign with the keystore instead: HAM_LAIR_URL and HAM_LAIR_PASSPHRASE_FILE";

/// About a call.
pub(crate) fn call(error: &CallError) -> String {
    match error {
        CallError::NoLink { sent: false, .. } => "run `ham doctor`: it names the step that fails".into(),
        CallError::Signing(source) => signing(source),
        CallError::AppNotInstalled { .. } => {
            "`ham app list` shows the installed apps: install this one again, or pass another with --app-id".into()
        }
        // The question before the call failed, not the call.
        CallError::LookUp { .. } => "run `ham doctor`: it shows the conductor's release and the app's state".into(),
        CallError::UnknownRole { .. } => "pass a role or a clone of the app; `ham info` lists them".into(),
        CallError::CellNotRunning { reason, .. } => not_running(reason),
        CallError::TooLarge { .. } => "send less in one call".into(),
        CallError::Encode(_) => "correct the payload".into(),
        CallError::NotInRelease { .. } => "upgrade the conductor, or do without this request".into(),
        CallError::ExpiredUnsent => "prepare the call again".into(),
        CallError::ClockSkew { .. } => "synchronise the clocks of both machines".into(),
        CallError::Overloaded { .. } | CallError::CoolingDown { .. } => "wait, then call again".into(),
        CallError::Arrived { .. } | CallError::Expired | CallError::UnsafeToRepeat { .. } => RECONCILE.into(),
        CallError::TimedOut { sent: true, .. }
        | CallError::LinkLost { sent: true, .. }
        | CallError::Closed { sent: true }
        | CallError::EmptyAnswer
        | CallError::UnexpectedResponse(_) => RECONCILE.into(),
        CallError::TimedOut { .. } | CallError::LinkLost { .. } | CallError::Closed { .. } => "call again".into(),
        CallError::Refused { refusal, .. } if refusal.cause() == Some(RefusalCause::CellMissing) => GONE.into(),
        CallError::Refused { refusal, .. } if refusal.cause() == Some(RefusalCause::CutOff) => REVERTED.into(),
        CallError::Refused { refusal, .. } => match (refusal.kind(), refusal.recovery()) {
            (_, Recovery::CoolDown { .. }) => "the conductor is busy: wait, read the chain, then call again".into(),
            (RefusalKind::Deserialization, _) => VERSIONS.into(),
            _ if refusal.is_unreadable_entry() => OUTDATED.into(),
            (RefusalKind::ZomeCallUnauthorized, _) => {
                "the call was not authorised: `ham grants list` shows what is granted; if the credential file \
                 belongs to another installation, name another one with --credentials"
                    .into()
            }
            _ => words::of_argument(refusal.text()).unwrap_or_else(|| {
                words::of_anything(refusal.text())
                    .unwrap_or("the conductor's message says why: check the zome, the function and the payload")
                    .into()
            }),
        },
        CallError::Decode(_) => "the call ran; pass --raw to get its answer as bytes".into(),
        _ => RECONCILE.into(),
    }
}

/// About a cell that existed before.
pub(crate) const GONE: &str = "the cell no longer exists: its app was uninstalled or the clone deleted, and its data is gone; `ham \
    app list` and `ham info` show what exists";

const REVERTED: &str = "`ham dev revert` cut it off: everything is as it was at the snapshot, so call again";

const RECONCILE: &str = "before calling again, read the chain with a call that lists what was written";

fn not_running(reason: &NotRunning) -> String {
    match reason {
        NotRunning::NotStarted | NotRunning::AwaitingRestore => {
            "wait until the cell has started, then call again".into()
        }
        NotRunning::AppDisabled(_) => {
            "run `ham app enable ID` (`ham app list` shows the ID), then call again".into()
        }
        NotRunning::AwaitingMemproofs => {
            "provide them with `ham app memproofs ROLE=FILE …`, run `ham app enable ID`, then call again"
                .into()
        }
        NotRunning::Unrecoverable(_) => "uninstall the app and install it again".into(),
        NotRunning::CloneDisabled => "run `ham clone enable ROLE.N`, then call again".into(),
        _ => "run `ham doctor`: it shows the app's state".into(),
    }
}

/// About a signature.
pub(crate) fn signing(error: &SigningError) -> String {
    match error {
        SigningError::TimedOut { step, .. }
            if !matches!(step, SigningStep::KeystoreDial | SigningStep::Keystore) =>
        {
            "pass a longer --timeout; `ham doctor` shows whether the conductor answers".into()
        }
        SigningError::KeystoreUnreachable { .. } | SigningError::TimedOut { .. } => {
            "start the keystore, or correct HAM_LAIR_URL (the connectionUrl in lair-keystore-config.yaml)"
                .into()
        }
        SigningError::BadPassphrase { .. } => {
            "correct the passphrase in the file that HAM_LAIR_PASSPHRASE_FILE names".into()
        }
        SigningError::NoKey(_) => "use the keystore of the conductor that runs this app".into(),
        SigningError::Grant(source) => admin(source),
        SigningError::ChainClosed => "this cell is closed for good; call its successor".into(),
        SigningError::GrantForbidden(_) => {
            "remove the credential file, which holds the keys of all cells (`ham info --settings` shows where it \
             is), or configure the keystore with HAM_LAIR_URL and HAM_LAIR_PASSPHRASE_FILE"
                .into()
        }
        SigningError::GrantUnreadable => {
            "configure the keystore with HAM_LAIR_URL and HAM_LAIR_PASSPHRASE_FILE".into()
        }
        SigningError::StoreLocked { .. } => {
            "wait for the process that holds the lock, or end it; or name another credential file with \
             --credentials".into()
        }
        SigningError::Store { .. } => {
            "repair the credential file, or name another one with --credentials".into()
        }
        _ => "correct the payload or the signing settings; `ham info --settings` shows them".into(),
    }
}

/// About an app that a conductor refuses to install.
pub(crate) const INSTALL: &str = "the conductor's message says why: check the bundle; to use an app that is already in the data \
    directory, pass its --app-id";

#[cfg(test)]
mod tests;
