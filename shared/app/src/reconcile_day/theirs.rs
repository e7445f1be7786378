//! What a provider lists of a day, read page by page from the newest on.

use domain::{
    day::Day, ids::Mode, reconciliation::ListedObject, routing::Provider, time::Timestamp,
};
use tracing::warn;

use super::MARGIN;
use crate::{
    call::Call,
    port::{ListAsk, Listing, Providers},
    record::ListEnding,
};

/// Pages of one list and run.
const PAGES_MAX: usize = 2_000;

/// The objects made on the day and a margin around it, and how the reading ended. A failed page is not asked
/// for again: the next run is the repeat.
pub(super) async fn of_day(
    providers: &impl Providers,
    call: &Call,
    (provider, mode): (Provider, Mode),
    (day, until): (Day, Timestamp),
) -> (ListEnding, Vec<ListedObject>) {
    let (first, end) = (day.start().minus(MARGIN), day.end().plus(MARGIN));
    let mut found = Vec::new();
    let mut after: Option<String> = None;
    for _ in 0..PAGES_MAX {
        if call.now() >= until {
            return broken_off(provider, "out_of_time", found);
        }
        let ask = ListAsk {
            provider,
            mode,
            made: (first, end),
            after: after.as_deref(),
        };
        let (objects, next) = match providers.list(ask).await {
            Listing::Page { objects, next } => (objects, next),
            Listing::CannotList => return (ListEnding::CannotList, Vec::new()),
            Listing::Failed(cause) => return broken_off(provider, &cause, found),
        };
        // Newest first; a page of older objects only has nothing more behind it.
        let is_past = !objects.is_empty() && objects.iter().all(|it| it.created_at < first);
        let within = |it: &ListedObject| (first..end).contains(&it.created_at);
        found.extend(objects.into_iter().filter(within));
        match next {
            Some(next) if !is_past => after = Some(next),
            Some(_) | None => return (ListEnding::Complete, found),
        }
    }
    broken_off(provider, "too_many_pages", found)
}

fn broken_off(
    provider: Provider,
    cause: &str,
    found: Vec<ListedObject>,
) -> (ListEnding, Vec<ListedObject>) {
    warn!(
        provider = provider.name(),
        cause, "a provider's list broke off"
    );
    (ListEnding::BrokenOff(cause.to_owned()), found)
}
