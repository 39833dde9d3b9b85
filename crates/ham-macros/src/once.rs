//! An option that may be written once.

use syn::meta::ParseNestedMeta;
use syn::parse::Parse;

/// Keeps `value`, the option that was just read.
pub(crate) fn once<T>(slot: &mut Option<T>, meta: &ParseNestedMeta<'_>, value: T) -> syn::Result<()> {
    if slot.is_some() {
        return Err(meta.error("this option is already given"));
    }
    *slot = Some(value);
    Ok(())
}

/// Reads and keeps the value of `name = value`.
pub(crate) fn once_value<T: Parse>(slot: &mut Option<T>, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
    let value = meta.value()?.parse()?;
    once(slot, meta, value)
}
