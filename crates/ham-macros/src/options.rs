//! The options of `#[zome_fn(…)]`.

use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::{Attribute, Error, Expr, LitStr, Meta, Token, Type};

use crate::once::{once, once_value};

/// How a function's policy is declared.
pub(crate) enum Policy {
    Idempotent,
    Other(Expr),
}

/// What is declared of one function.
#[derive(Default)]
pub(crate) struct FnOptions {
    pub(crate) name: Option<LitStr>,
    pub(crate) output: Option<Type>,
    pub(crate) policy: Option<Policy>,
    pub(crate) deadline: Option<Expr>,
    /// That it only reads.
    pub(crate) read_only: Option<()>,
}

impl FnOptions {
    /// Reads the options and removes them, for nobody but the client's attribute knows theirs.
    pub(crate) fn take(attributes: &mut Vec<Attribute>) -> syn::Result<Self> {
        let mut options = Self::default();
        let mut kept = Vec::with_capacity(attributes.len());
        let mut read = Ok(());
        for attribute in attributes.drain(..) {
            match held_by(&attribute) {
                Ok(None) => kept.push(attribute),
                Ok(Some(meta)) => read = read.and_then(|()| options.read(&meta)),
                Err(error) => read = Err(error),
            }
        }
        *attributes = kept;
        read.map(|()| options)
    }

    fn read(&mut self, meta: &Meta) -> syn::Result<()> {
        let parser = syn::meta::parser(|meta| match meta.path.get_ident() {
            Some(name) if name == "name" => once_value(&mut self.name, &meta),
            Some(name) if name == "output" => once_value(&mut self.output, &meta),
            Some(name) if name == "deadline" => once_value(&mut self.deadline, &meta),
            Some(name) if name == "idempotent" => once(&mut self.policy, &meta, Policy::Idempotent),
            Some(name) if name == "read_only" => once(&mut self.read_only, &meta, ()),
            Some(name) if name == "policy" => {
                let policy = Policy::Other(meta.value()?.parse()?);
                once(&mut self.policy, &meta, policy)
            }
            _ => {
                let known = "`name`, `idempotent`, `policy`, `read_only`, `deadline` or `output`";
                Err(meta.error(format!("unknown option: expected {known}")))
            }
        });
        parser.parse2(meta.require_list()?.tokens.clone())?;
        match &self.name {
            Some(name) if name.value().is_empty() => {
                Err(Error::new_spanned(name, "the function's name is empty"))
            }
            Some(_) | None => Ok(()),
        }
    }
}

/// The options that an attribute holds, if need be behind a condition.
///
/// An attribute is given the conditions inside its item unevaluated. That of the options repeats the condition of the
/// trait's own attribute, which holds, or this code would not run.
fn held_by(attribute: &Attribute) -> syn::Result<Option<Meta>> {
    let is_options = |meta: &Meta| meta.path().is_ident("zome_fn");
    if is_options(&attribute.meta) {
        return Ok(Some(attribute.meta.clone()));
    }
    if !attribute.path().is_ident("cfg_attr") {
        return Ok(None);
    }
    let metas = attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)?;
    let mut held: Vec<Meta> = metas.into_iter().skip(1).collect();
    match (held.iter().any(is_options), held.len()) {
        (false, _) => Ok(None),
        (true, 1) => Ok(held.pop()),
        (true, _) => Err(Error::new_spanned(attribute, "`zome_fn` must be alone in its `cfg_attr`")),
    }
}
