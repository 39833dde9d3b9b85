//! `ham interface`: where pages and programs connect to a conductor. Needs the admin interface.

use holochain_conductor_api::{AdminInterfaceConfig, AdminRequest, AdminResponse, InterfaceDriver};
use holochain_types::websocket::AllowedOrigins;
use serde_json::json;

use crate::commands::info::{plain, trimmed};
use crate::connect;
use crate::context::Context;
use crate::definition;
use crate::failure::Failure;
use crate::flags;
use crate::progress;

/// Lists and adds the interfaces of a conductor, where pages and programs connect.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Args {
    /// List the app interfaces: port, origins, app
    #[command(args = flags::administration())]
    List,
    /// Add an app interface, and print its port. It stays, even across restarts
    #[command(args = flags::administration())]
    App {
        /// The port; 0 picks a free one
        #[arg(default_value_t = 0)]
        port: u16,
        /// Which pages may connect: origins, separated by commas, or `*` for any
        #[arg(long, value_name = "ORIGIN", default_value = "*")]
        allowed_origins: String,
        /// Accept only clients of the app of --app-id
        #[arg(long)]
        only: bool,
    },
    /// Add an admin interface. It stays as long as the conductor runs
    #[command(args = flags::administration())]
    Admin {
        /// The port
        #[arg(value_parser = clap::value_parser!(u16).range(1..))]
        port: u16,
        /// Which pages may connect: origins, separated by commas, or `*` for any
        #[arg(long, value_name = "ORIGIN", default_value = "http://localhost")]
        allowed_origins: String,
    },
}

pub(crate) async fn run(context: &Context, args: Args) -> Result<(), Failure> {
    let settings = context.target().await?;
    let admin = connect::admin(settings, connect::CONNECT_TIMEOUT.min(settings.timeout))?;
    match args {
        Args::List => {
            let asking = admin.list_app_interfaces();
            let listed = progress::during(context.output, "listing the interfaces", asking).await?;
            let text = || {
                if listed.is_empty() {
                    return "no app interfaces".to_owned();
                }
                let mut table = plain(["port", "origins", "app"]);
                for interface in &listed {
                    let app = interface.installed_app_id.as_deref().unwrap_or("any");
                    table.add_row([&interface.port.to_string(), &interface.allowed_origins.to_string(), app]);
                }
                trimmed(&table)
            };
            context.output.result(text, &json!({ "interfaces": listed }))
        }
        Args::App { port, allowed_origins, only } => {
            let app = if only { Some(context.settings.app_id()?.to_owned()) } else { None };
            let attaching = admin.attach_app_interface(port, AllowedOrigins::from(allowed_origins), app);
            let port = progress::during(context.output, "adding the interface", attaching).await?;
            context.output.result(|| port.to_string(), &json!({ "app_port": port }))
        }
        Args::Admin { port, allowed_origins } => {
            let allowed_origins = AllowedOrigins::from(allowed_origins);
            let driver = InterfaceDriver::Websocket { port, danger_bind_addr: None, allowed_origins };
            let request = AdminRequest::AddAdminInterfaces(vec![AdminInterfaceConfig { driver }]);
            match admin
                .request("add_admin_interfaces", "ping the port to see whether it is there", &request)
                .await?
            {
                AdminResponse::AdminInterfacesAdded => {
                    context.output.result(|| port.to_string(), &json!({ "admin_port": port }))
                }
                other => Err(definition::strange(&other)),
            }
        }
    }
}
