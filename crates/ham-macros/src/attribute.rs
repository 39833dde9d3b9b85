//! The options of `#[zome_client(…)]`.

use proc_macro2::{Span, TokenStream};
use quote::format_ident;
use syn::parse::Parser;
use syn::{Error, Ident, ItemTrait, LitStr, Path, parse_quote};

use crate::once::once_value;

/// What stands in the parentheses, with its defaults.
pub(crate) struct ClientOptions {
    /// The zome's name.
    pub(crate) zome: LitStr,
    /// The struct's name.
    pub(crate) client: Ident,
    /// Where generated code finds `ham`.
    pub(crate) ham: Path,
}

impl ClientOptions {
    pub(crate) fn parse(arguments: TokenStream, item: &ItemTrait) -> syn::Result<Self> {
        let (mut zome, mut client, mut ham) = (None::<LitStr>, None::<Ident>, None::<Path>);
        let options = syn::meta::parser(|meta| match meta.path.get_ident() {
            Some(name) if name == "zome" => once_value(&mut zome, &meta),
            Some(name) if name == "client" => once_value(&mut client, &meta),
            Some(name) if name == "crate" => once_value(&mut ham, &meta),
            _ => Err(meta.error("unknown option: expected `zome`, `client` or `crate`")),
        });
        options.parse2(arguments)?;
        let Some(zome) = zome else {
            return Err(Error::new(
                Span::call_site(),
                "the zome's name is missing: write `#[zome_client(zome = \"…\")]`",
            ));
        };
        if zome.value().is_empty() {
            return Err(Error::new_spanned(zome, "the zome's name is empty"));
        }
        Ok(Self {
            zome,
            client: client.unwrap_or_else(|| format_ident!("{}Client", item.ident)),
            ham: ham.unwrap_or_else(|| parse_quote!(::ham)),
        })
    }
}
