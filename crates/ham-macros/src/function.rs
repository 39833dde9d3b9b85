//! One function of the trait, as the client calls it.

use quote::ToTokens;
use syn::ext::IdentExt;
use syn::punctuated::Punctuated;
use syn::visit::{Visit, visit_path};
use syn::{
    Attribute, Error, FnArg, GenericArgument, Ident, LitStr, Pat, Path, PathArguments, ReturnType, Signature,
    Token, TraitItemFn, Type, TypeImplTrait, TypeReference, parse_quote,
};

use crate::options::FnOptions;

/// The methods that a client has of its own.
const OWN_METHODS: [&str; 3] = ["new", "with_deadline", "with_policy"];
/// What of a function's attributes its method has too.
const SHARED_ATTRIBUTES: [&str; 3] = ["doc", "cfg", "deprecated"];
/// The names that a result goes by, whose first argument is the output.
const RESULTS: [&str; 2] = ["Result", "ExternResult"];

/// What the method of one function needs to be written.
pub(crate) struct ZomeFn {
    pub(crate) method: Ident,
    /// The function's name in the zome.
    pub(crate) name: LitStr,
    pub(crate) attributes: Vec<Attribute>,
    /// The name and type of the input, where there is one.
    pub(crate) input: Option<(Ident, Type)>,
    pub(crate) output: Type,
    pub(crate) options: FnOptions,
}

impl ZomeFn {
    /// Reads a function and takes its options off it.
    pub(crate) fn take(function: &mut TraitItemFn) -> syn::Result<Self> {
        let options = FnOptions::take(&mut function.attrs)?;
        let signature = &function.sig;
        refuse_qualifiers(signature)?;
        let method = signature.ident.clone();
        let own_name = method.unraw().to_string();
        if OWN_METHODS.contains(&own_name.as_str()) {
            let text = format!(
                "the client has a method `{own_name}` of its own: name this one differently and write \
                 `#[zome_fn(name = \"{own_name}\")]`"
            );
            return Err(Error::new(method.span(), text));
        }
        let output = match &options.output {
            Some(output) => output.clone(),
            None => output(&signature.output),
        };
        owned(&output, "output")?;
        Ok(Self {
            name: options.name.clone().unwrap_or_else(|| LitStr::new(&own_name, method.span())),
            attributes: function.attrs.iter().filter(|attribute| is_shared(attribute)).cloned().collect(),
            input: input(&signature.inputs)?,
            method,
            output,
            options,
        })
    }
}

/// What a zome function cannot be.
fn refuse_qualifiers(signature: &Signature) -> syn::Result<()> {
    let generics = &signature.generics;
    let none_of = [
        (signature.asyncness.map(ToTokens::into_token_stream), "a zome function is not async, its client is"),
        (signature.unsafety.map(ToTokens::into_token_stream), "a zome function cannot be unsafe"),
        (signature.abi.as_ref().map(ToTokens::to_token_stream), "a zome function has no ABI"),
        (
            (!generics.params.is_empty()).then(|| generics.to_token_stream()),
            "a zome function cannot be generic",
        ),
        (generics.where_clause.as_ref().map(ToTokens::to_token_stream), "a zome function cannot be generic"),
    ];
    for (found, text) in none_of {
        if let Some(tokens) = found {
            return Err(Error::new_spanned(tokens, text));
        }
    }
    Ok(())
}

/// The input's name and type; nothing for no input, which the zome also calls `()`.
fn input(inputs: &Punctuated<FnArg, Token![,]>) -> syn::Result<Option<(Ident, Type)>> {
    let mut inputs = inputs.iter();
    let argument = match inputs.next() {
        None => return Ok(None),
        Some(FnArg::Receiver(receiver)) => {
            let text = "a zome function has no receiver: remove it, the client's method has one";
            return Err(Error::new_spanned(receiver, text));
        }
        Some(FnArg::Typed(argument)) => argument,
    };
    if let Some(second) = inputs.next() {
        let text = "a zome function takes one input: put what it needs into a struct or a tuple";
        return Err(Error::new_spanned(second, text));
    }
    if matches!(&*argument.ty, Type::Tuple(unit) if unit.elems.is_empty()) {
        return Ok(None);
    }
    owned(&argument.ty, "input")?;
    let name = match &*argument.pat {
        Pat::Ident(name) => name.ident.clone(),
        _ => parse_quote!(input),
    };
    Ok(Some((name, (*argument.ty).clone())))
}

/// The type of the answer: what a result holds, or the type itself.
fn output(output: &ReturnType) -> Type {
    let ReturnType::Type(_, output) = output else { return parse_quote!(()) };
    if let Type::Path(path) = &**output
        && let Some(last) = path.path.segments.last()
        && RESULTS.iter().any(|result| last.ident == result)
        && let PathArguments::AngleBracketed(arguments) = &last.arguments
        && let Some(GenericArgument::Type(held)) = arguments.args.first()
    {
        return held.clone();
    }
    (**output).clone()
}

/// Refuses a type that only means something inside the trait, or that borrows: it crosses a socket.
fn owned(checked: &Type, what: &str) -> syn::Result<()> {
    let mut found = NotOwned { what, error: None };
    found.visit_type(checked);
    found.error.map_or(Ok(()), Err)
}

struct NotOwned<'a> {
    what: &'a str,
    error: Option<Error>,
}

impl<'ast> Visit<'ast> for NotOwned<'_> {
    fn visit_type_reference(&mut self, reference: &'ast TypeReference) {
        let text =
            format!("the {} of a zome function is owned: the client takes references to it", self.what);
        self.error.get_or_insert_with(|| Error::new_spanned(reference, text));
    }

    fn visit_type_impl_trait(&mut self, generic: &'ast TypeImplTrait) {
        self.error.get_or_insert_with(|| Error::new_spanned(generic, "a zome function cannot be generic"));
    }

    fn visit_path(&mut self, path: &'ast Path) {
        if path.segments.first().is_some_and(|first| first.ident == "Self") {
            let text = format!(
                "the {} is named outside the trait too, where `Self` means something else",
                self.what
            );
            self.error.get_or_insert_with(|| Error::new_spanned(path, text));
        }
        visit_path(self, path);
    }
}

fn is_shared(attribute: &Attribute) -> bool {
    SHARED_ATTRIBUTES.iter().any(|shared| attribute.path().is_ident(shared))
}
