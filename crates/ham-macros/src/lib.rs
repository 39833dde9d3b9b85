#![doc = include_str!("../README.md")]

mod attribute;
mod expand;
mod function;
mod once;
mod options;

use proc_macro::TokenStream;
use syn::{ItemTrait, parse_macro_input};

// The text that users read stands beside the re-export in `ham`, where its links resolve and its examples compile.
#[expect(missing_docs, reason = "rustdoc would show it a second time, below the text of the re-export")]
#[proc_macro_attribute]
pub fn zome_client(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as ItemTrait);
    expand::zome_client(arguments.into(), item).into()
}
