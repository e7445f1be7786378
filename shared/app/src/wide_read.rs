//! Reads of more records than one round trip takes: several at a time, and in the order of the keys.

use crate::{
    port::{Store, Unreachable},
    record::{Key, Record},
    together,
};

/// The most records of one read.
const FETCH_MAX: usize = 100;
/// The most reads under way at once.
const AT_ONCE: usize = 8;

pub(crate) async fn fetch(
    store: &impl Store,
    keys: &[Key],
) -> Result<Vec<Option<Record>>, Unreachable> {
    let mut found = Vec::with_capacity(keys.len());
    for keys in keys.chunks(FETCH_MAX * AT_ONCE) {
        let reads = keys.chunks(FETCH_MAX).map(|keys| store.fetch(keys));
        for read in together::all(reads.collect()).await {
            found.extend(read?);
        }
    }
    Ok(found)
}
