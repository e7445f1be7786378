//! One page of a list: which entries, how many in all, and whether more follow.
//!
//! Reads: the total (one), what is skipped (one for each 8,000 entries or so), the entries (one), and the
//! records themselves (one). A page that follows a place skips nothing, however deep it lies.

use crate::{
    error::Error,
    list::{Entry, List, Place, Range, Span},
    port::{Lists, Store},
    record::Record,
};

/// The largest page.
pub const SIZE_MAX: u32 = 100;
/// How deep a page may lie that is asked for by its number; a cursor goes on from there.
pub const DEPTH_MAX: u32 = 100_000;
/// How many entries are counted where no stored count exists; more must be narrowed down.
pub const COUNTED_MAX: u32 = 10_000;

/// Where a page begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// At page 1, 2, 3 ...
    Page(u32),
    /// After the last entry of the page before; the number is only shown.
    After { page: u32, place: Place },
}

/// Which page is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paging {
    pub start: Start,
    /// From 1 to [`SIZE_MAX`].
    pub size: u32,
}

impl Paging {
    /// The number of the page.
    pub const fn page(&self) -> u32 {
        match self.start {
            Start::Page(page) | Start::After { page, .. } => page,
        }
    }

    const fn skipped(&self) -> u32 {
        match self.start {
            Start::Page(page) => page.saturating_sub(1).saturating_mul(self.size),
            Start::After { .. } => 0,
        }
    }

    /// # Errors
    /// `Invalid` naming `page` when it lies deeper than [`DEPTH_MAX`].
    pub fn require_reachable(&self) -> Result<(), Error> {
        if self.skipped() >= DEPTH_MAX {
            let message = format!("must lie within the first {DEPTH_MAX} entries; use the cursor");
            return Err(Error::invalid("page", &message));
        }
        Ok(())
    }
}

/// One page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Of the whole list, exact.
    pub total: u64,
    pub page: u32,
    pub size: u32,
    /// Where the next page begins, when there is one.
    pub next: Option<Place>,
}

impl<T> Page<T> {
    pub const fn has_next(&self) -> bool {
        self.next.is_some()
    }

    /// The page of what `keep` makes of its items; what it drops is not shown.
    pub fn filter_map<U>(self, keep: impl FnMut(T) -> Option<U>) -> Page<U> {
        Page {
            items: self.items.into_iter().filter_map(keep).collect(),
            total: self.total,
            page: self.page,
            size: self.size,
            next: self.next,
        }
    }
}

/// Where the total comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Total {
    /// A stored count.
    Known(u64),
    /// Counted now, up to [`COUNTED_MAX`].
    Counted,
}

/// One part after the other, all of one list: a list that is kept by month has one for each, the newest
/// first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts {
    pub lists: Vec<List>,
    pub range: Range,
}

/// Reads one page.
///
/// # Errors
/// `Invalid` when the page lies too deep, or more entries than can be counted match; `Unavailable`.
pub async fn read<S: Store + Lists>(
    store: &S,
    parts: &Parts,
    (paging, total): (&Paging, Total),
) -> Result<Page<Record>, Error> {
    paging.require_reachable()?;
    let total = match total {
        Total::Known(total) => total,
        Total::Counted => counted(store, parts).await?,
    };
    let entries = if u64::from(paging.skipped()) < total {
        entries(store, parts, paging).await?
    } else {
        Vec::new()
    };
    let size = usize::try_from(paging.size).unwrap_or(usize::MAX);
    let shown = &entries[..entries.len().min(size)];
    let next = match entries.len() > size {
        true => shown.last().map(|entry| entry.place.clone()),
        false => None,
    };
    let keys: Vec<_> = shown.iter().map(|entry| entry.key.clone()).collect();
    let items = store.fetch(&keys).await?.into_iter().flatten().collect();
    Ok(Page {
        items,
        total,
        page: paging.page(),
        size: paging.size,
        next,
    })
}

/// How many entries there are.
///
/// # Errors
/// `Invalid` naming `from` when there are more than [`COUNTED_MAX`].
async fn counted(store: &impl Lists, parts: &Parts) -> Result<u64, Error> {
    let mut sum = 0;
    for list in &parts.lists {
        let count = store
            .count(list, parts.range, COUNTED_MAX + 1 - sum)
            .await?;
        sum += count.entries;
        if sum > COUNTED_MAX {
            let message = format!("more than {COUNTED_MAX} match: narrow the range of from and to");
            return Err(Error::invalid("from", &message));
        }
    }
    Ok(u64::from(sum))
}

/// The entries of the page and one more, which tells whether another page follows.
async fn entries(store: &impl Lists, parts: &Parts, paging: &Paging) -> Result<Vec<Entry>, Error> {
    let mut skip = paging.skipped();
    let mut after = match &paging.start {
        Start::Page(_) => None,
        Start::After { place, .. } => Some(place.clone()),
    };
    let mut found: Vec<Entry> = Vec::new();
    for list in &parts.lists {
        if skip > 0 {
            let passed = store.count(list, parts.range, skip).await?;
            skip -= passed.entries;
            match passed.cut_at {
                Some(place) => after = Some(place),
                None => continue,
            }
        }
        let wanted = paging.size + 1 - u32::try_from(found.len()).unwrap_or(paging.size);
        let span = Span {
            range: parts.range,
            after: after.clone(),
        };
        found.extend(store.entries(list, &span, wanted).await?);
        if found.len() > usize::try_from(paging.size).unwrap_or(usize::MAX) {
            break;
        }
    }
    Ok(found)
}

/// The page of records that were all read already, newest first, each with its place.
///
/// # Errors
/// As [`read`], for the depth.
pub fn of_all<T>(all: Vec<(Place, T)>, paging: &Paging) -> Result<Page<T>, Error> {
    paging.require_reachable()?;
    let total = u64::try_from(all.len()).unwrap_or(u64::MAX);
    let skip = usize::try_from(paging.skipped()).unwrap_or(usize::MAX);
    let size = usize::try_from(paging.size).unwrap_or(usize::MAX);
    let follows = |place: &Place| match &paging.start {
        Start::Page(_) => true,
        Start::After { place: after, .. } => place < after,
    };
    let mut rest = all
        .into_iter()
        .filter(|(place, _)| follows(place))
        .skip(skip);
    let mut items = Vec::new();
    let mut last = None;
    for (place, it) in rest.by_ref().take(size) {
        items.push(it);
        last = Some(place);
    }
    Ok(Page {
        items,
        total,
        page: paging.page(),
        size: paging.size,
        next: last.filter(|_| rest.next().is_some()),
    })
}
