//! Links: made, found, counted, deleted.

use features_entries::LinkTypes;
use hdk::prelude::*;
use probe_types::features::{LinkNotes, LinksOf};

/// Makes a link of the type `Note`.
#[hdk_extern]
pub fn link_notes(LinkNotes { base, target, tag }: LinkNotes) -> ExternResult<ActionHash> {
    create_link(base, target, LinkTypes::Note, tag)
}

/// Deletes a link by the action that made it.
#[hdk_extern]
pub fn unlink(link: ActionHash) -> ExternResult<ActionHash> {
    delete_link(link, GetOptions::local())
}

/// The live links.
#[hdk_extern]
pub fn links_of(links: LinksOf) -> ExternResult<Vec<Link>> {
    let strategy = strategy(&links);
    get_links(query_of(links)?, strategy)
}

/// The live links, by the builder of the host function's own input.
#[hdk_extern]
pub fn links_of_built(links: LinksOf) -> ExternResult<Vec<Vec<Link>>> {
    let strategy = strategy(&links);
    let mut input = GetLinksInputBuilder::try_new(links.base, LinkTypes::Note)?.get_options(strategy);
    if let Some(prefix) = links.tag_prefix {
        input = input.tag_prefix(prefix);
    }
    if let Some(author) = links.author {
        input = input.author(author);
    }
    if let Some(after) = links.after {
        input = input.after(after);
    }
    if let Some(before) = links.before {
        input = input.before(before);
    }
    HDK.with(|hdk| hdk.borrow().get_links(vec![input.build()]))
}

/// All links, each with the deletes it has had.
#[hdk_extern]
pub fn links_details_of(links: LinksOf) -> ExternResult<LinkDetails> {
    let strategy = strategy(&links);
    get_links_details(query_of(links)?, strategy)
}

/// The number of live links.
#[hdk_extern]
pub fn count_links_of(links: LinksOf) -> ExternResult<usize> {
    count_links(query_of(links)?)
}

fn strategy(links: &LinksOf) -> GetStrategy {
    if links.local {
        GetStrategy::Local
    } else {
        GetStrategy::Network
    }
}

fn query_of(links: LinksOf) -> ExternResult<LinkQuery> {
    let mut query = LinkQuery::try_new(links.base, LinkTypes::Note)?;
    query.tag_prefix = links.tag_prefix;
    query.author = links.author;
    query.after = links.after;
    query.before = links.before;
    Ok(query)
}
