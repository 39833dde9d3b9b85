//! Whether an app that a directory has runs the zomes of the bundle.

use ham_devconductor::DevConductor;

use crate::code::Compared;
use crate::connect;
use crate::context::Context;
use crate::failure::Failure;

/// Tells where an app that was there runs other zomes than the bundle, or has it run those.
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
    if update {
        return compared.replace(conductor).await.map(drop);
    }
    match (&compared.other_dna, compared.others().as_slice()) {
        (Some(role), _) => context.output.warning(&format!(
            "the app `{id}` of this directory runs other integrity zomes than the bundle (role `{role}`): it is another DNA, \
             and stays as it is. Pass another --app-id, or another --data, or `ham app uninstall {id}` first"
        )),
        (None, []) => {}
        (None, cells) => context.output.warning(&format!(
            "the app `{id}` of this directory runs other coordinator zomes than the bundle ({}): pass --update to run \
             those of the bundle",
            cells.join(", ")
        )),
    }
    Ok(())
}
