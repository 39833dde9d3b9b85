//! The trait as it was, and its client.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, ItemTrait, TraitItem};

use crate::attribute::ClientOptions;
use crate::function::ZomeFn;
use crate::options::Policy;

/// The trait and the client. What is wrong with the trait is told beside both, so that it does not bring other errors
/// with it.
pub(crate) fn zome_client(arguments: TokenStream, mut item: ItemTrait) -> TokenStream {
    let (functions, mut errors) = functions(&mut item);
    let client = match ClientOptions::parse(arguments, &item) {
        Ok(options) => client(&options, &item, &functions),
        Err(error) => {
            errors.push(error);
            TokenStream::new()
        }
    };
    let errors = errors.into_iter().map(Error::into_compile_error);
    // Who writes the trait for its client implements it nowhere, and nobody calls every function of an interface.
    quote! { #[allow(dead_code)] #item #client #(#errors)* }
}

/// The functions of the trait, whose options are taken off, and everything that is wrong with it.
fn functions(item: &mut ItemTrait) -> (Vec<ZomeFn>, Vec<Error>) {
    let (mut functions, mut errors) = (Vec::new(), Vec::new());
    if !item.generics.params.is_empty() {
        errors.push(Error::new_spanned(&item.generics, "the trait of a zome cannot be generic"));
    }
    for item in &mut item.items {
        match item {
            TraitItem::Fn(function) => match ZomeFn::take(function) {
                Ok(function) => functions.push(function),
                Err(error) => errors.push(error),
            },
            TraitItem::Macro(hidden) => {
                errors.push(Error::new_spanned(hidden, "the client cannot see what a macro puts here"));
            }
            // The error type of the zome's side, for one.
            _ => {}
        }
    }
    (functions, errors)
}

fn client(options: &ClientOptions, item: &ItemTrait, functions: &[ZomeFn]) -> TokenStream {
    let ClientOptions { zome, client, ham } = options;
    let visibility = &item.vis;
    let name = &item.ident;
    let about = format!(
        "Typed calls to the zome `{}` of one cell, made from [`{name}`]. Cheap to clone.",
        zome.value()
    );
    let methods = functions.iter().map(|function| method(options, item, function));
    quote! {
        #[doc = #about]
        #[derive(::core::clone::Clone, ::core::fmt::Debug)]
        #visibility struct #client {
            zome: #ham::ZomeHandle,
        }

        #[allow(dead_code)]
        impl #client {
            /// Calls go to the cell that `target` means at the time of each call, over `ham`.
            #visibility fn new(
                ham: &#ham::PersistentHam,
                target: impl ::core::convert::Into<#ham::CallTarget>,
            ) -> Self {
                Self { zome: #ham::ZomeHandle::new(ham, target, #zome) }
            }

            /// How long every call may take in all, whatever the trait says.
            #[must_use]
            #visibility fn with_deadline(self, deadline: ::core::time::Duration) -> Self {
                Self { zome: self.zome.with_deadline(deadline) }
            }

            /// What happens when the link dies under a call, whatever the trait says.
            #[must_use]
            #visibility fn with_policy(self, policy: #ham::CallPolicy) -> Self {
                Self { zome: self.zome.with_policy(policy) }
            }

            #(#methods)*
        }
    }
}

fn method(options: &ClientOptions, item: &ItemTrait, function: &ZomeFn) -> TokenStream {
    let ClientOptions { zome, ham, .. } = options;
    let ZomeFn { method, name, attributes, output, .. } = function;
    let visibility = &item.vis;
    let policy = function.options.policy.as_ref().map(|policy| match policy {
        Policy::Idempotent => quote! { .with_policy(#ham::CallPolicy::IDEMPOTENT) },
        Policy::Other(policy) => quote! { .with_policy(#policy) },
    });
    let deadline = function.options.deadline.as_ref().map(|deadline| quote! { .with_deadline(#deadline) });
    let read_only = function.options.read_only.map(|()| quote! { .with_read_only() });
    let declared =
        quote! { <#ham::CallOptions as ::core::default::Default>::default() #policy #deadline #read_only };
    let (parameter, argument, input) = match &function.input {
        Some((name, input)) => {
            (quote! { #name: impl #ham::ZomeInput<#input> }, quote! { #name }, quote! { #input })
        }
        None => (TokenStream::new(), quote! { () }, quote! { () }),
    };
    let about = format!("Calls `{}/{}`.", zome.value(), name.value());
    quote! {
        #(#attributes)*
        #[doc = ""]
        #[doc = #about]
        #[doc = ""]
        #[doc = "# Errors"]
        #[doc = "Those of every zome call; ask for the outcome."]
        #[doc = ""]
        #[doc = "# Cancel safety"]
        #[doc = "Dropping the future gives up the answer; a call that was sent may still run."]
        #visibility fn #method(&self, #parameter) -> #ham::ZomeCall<#output> {
            self.zome.call::<#input, #output>(#name, #argument, #declared)
        }
    }
}
