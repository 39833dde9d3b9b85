//! Whether the app in a data directory runs the zomes of the bundle.

use ham_devconductor::DevConductor;

use crate::code::Compared;
use crate::connect;
use crate::context::Context;
use crate::failure::Failure;

/// Reports an existing app that runs other zomes than the bundle's, or makes it run those.
pub(super) async fn same_code(
    context: &Context,
    conductor: &DevConductor,
    bundle: &[u8],
    id: &str,
    update: bool,
) -> Result<(), Failure> {
    let settings = context.settings.of_running(conductor.admin_port(), None);
    let admin = connect::admin(&settings, connect::CONNECT_TIMEOUT)?;
    let compared = Compared::of(&admin, bundle, Some(id.to_owned())).await?;
    let another = compared.another_app();
    if update {
        compared.replace(conductor).await?;
    }
    let cells = compared.others();
    if let Some(words) = another {
        context.output.warning(&format!(
            "the app `{id}` in this directory {words}: it is a different app, and its roles and DNAs stay as they are. Pass another --app-id, or another --data, or `ham app uninstall {id}` first"
        ));
    } else if !update && !cells.is_empty() {
        context.output.warning(&format!(
            "the app `{id}` in this directory runs different coordinator zomes than the bundle ({}): pass --update to run the bundle's",
            cells.join(", ")
        ));
    }
    Ok(())
}
