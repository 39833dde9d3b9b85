//! `ham token`: tokens with which programs connect to an app. Needs the admin interface.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use holochain_conductor_api::{
    AdminRequest, AdminResponse, AppAuthenticationToken, IssueAppAuthenticationTokenPayload,
};
use serde_json::json;

use crate::connect;
use crate::context::Context;
use crate::definition;
use crate::failure::Failure;
use crate::flags;
use crate::input;
use crate::progress;

/// Issues and revokes tokens: whoever has one connects to the app and reads its signals, without the admin interface.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Args {
    /// Issue a token and print it, in base64
    #[command(args = flags::admin())]
    Issue {
        /// How many seconds it stays valid until its first use; 0 is for ever
        #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(..=LONGEST))]
        expires: u64,
        /// Let it be used any number of times, not just once
        #[arg(long)]
        reusable: bool,
    },
    /// Revoke a token that has not been used up: nobody can connect with it any more; existing connections stay
    #[command(args = flags::admin())]
    Revoke {
        /// A file with the token, or `-` for standard input: a command line can be read by others
        #[arg(value_name = "FILE")]
        token: std::path::PathBuf,
    },
}

/// A century, in seconds: beyond it, a conductor treats a token as one that never expires.
const LONGEST: u64 = 3_155_760_000;

pub(crate) async fn run(context: &Context, args: Args) -> Result<(), Failure> {
    let settings = &match args {
        Args::Issue { .. } => connect::with_app(context).await?,
        Args::Revoke { .. } => context.target().await?.clone(),
    };
    if settings.temporary {
        return Err(Failure::usage(
            "the conductor that --app starts ends with this command, and its tokens with it",
            "start one that stays with `ham dev --app FILE.happ`",
        ));
    }
    let admin = connect::admin(settings, connect::CONNECT_TIMEOUT.min(settings.timeout))?;
    match args {
        Args::Issue { expires, reusable } => {
            let payload = IssueAppAuthenticationTokenPayload {
                installed_app_id: settings.app_id()?.to_owned(),
                expiry_seconds: expires,
                single_use: !reusable,
            };
            let request = AdminRequest::IssueAppAuthenticationToken(payload);
            let asked =
                admin.request("issue_app_authentication_token", "another one can be issued", &request);
            match progress::during(context.output, "requesting a token", asked).await? {
                AdminResponse::AppAuthenticationTokenIssued(issued) => {
                    let token = STANDARD.encode(&issued.token);
                    let until = issued.expires_at.map(|at| at.to_string());
                    context.output.result(|| token.clone(), &json!({ "token": token, "expires_at": until }))
                }
                other => Err(definition::strange(&other)),
            }
        }
        Args::Revoke { token } => {
            let text = input::secret(&token, "the command line", settings.timeout).await?;
            let token: AppAuthenticationToken = STANDARD.decode(text.trim_ascii()).map_err(|_| {
                Failure::usage("the token is not valid base64", "pass it as `ham token issue` printed it")
            })?;
            if token.is_empty() {
                return Err(Failure::usage("there is no token", "pass it as `ham token issue` printed it"));
            }
            let request = AdminRequest::RevokeAppAuthenticationToken(token);
            let asked = admin.request("revoke_app_authentication_token", "it can be revoked again", &request);
            match progress::during(context.output, "revoking", asked).await? {
                AdminResponse::AppAuthenticationTokenRevoked => context.output.result(
                    || "revoked, if this conductor issued it".to_owned(),
                    &json!({ "revoked": true }),
                ),
                other => Err(definition::strange(&other)),
            }
        }
    }
}
