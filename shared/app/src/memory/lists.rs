//! The lists of the table in memory.

use std::collections::BTreeMap;

use domain::{ids::TenantId, payout::PayoutStatus, time::Timestamp};

use super::MemoryStore;
use crate::{
    changes::Counted,
    list::{Count, Entry, List, Place, Range, Span},
    port::{Lists, Unreachable},
};

impl Lists for MemoryStore {
    async fn entries(
        &self,
        list: &List,
        span: &Span,
        limit: u32,
    ) -> Result<Vec<Entry>, Unreachable> {
        let inner = self.lock();
        let places = inner.lists.get(list).into_iter().flatten().rev();
        Ok(places
            .filter(|(place, _)| span.range.holds(place.at))
            .filter(|(place, _)| span.after.as_ref().is_none_or(|after| *place < after))
            .take(usize::try_from(limit).unwrap_or(usize::MAX))
            .map(|(place, key)| Entry {
                place: place.clone(),
                key: key.clone(),
            })
            .collect())
    }

    async fn count(&self, list: &List, range: Range, limit: u32) -> Result<Count, Unreachable> {
        let inner = self.lock();
        let places = inner.lists.get(list).into_iter().flatten().rev();
        let mut within = places
            .map(|(place, _)| place)
            .filter(|place| range.holds(place.at));
        let mut counted = Count::default();
        let mut last: Option<Place> = None;
        while counted.entries < limit
            && let Some(place) = within.next()
        {
            counted.entries += 1;
            last = Some(place.clone());
        }
        counted.cut_at = last.filter(|_| within.next().is_some());
        Ok(counted)
    }

    async fn oldest(&self, list: &List) -> Result<Option<Timestamp>, Unreachable> {
        let inner = self.lock();
        let places = inner.lists.get(list);
        Ok(places
            .and_then(BTreeMap::first_key_value)
            .map(|(place, _)| place.at))
    }

    async fn payout_counts(
        &self,
        tenant: &TenantId,
    ) -> Result<BTreeMap<PayoutStatus, u64>, Unreachable> {
        let inner = self.lock();
        let counts = inner.payout_counts().into_iter();
        Ok(counts
            .filter(|((of, _), _)| of == tenant)
            .map(|((_, status), count)| (status, u64::try_from(count).unwrap_or(0)))
            .collect())
    }

    async fn counts(
        &self,
        tenant: &TenantId,
        list: Counted,
    ) -> Result<BTreeMap<String, u64>, Unreachable> {
        let inner = self.lock();
        let mut sums: BTreeMap<String, u64> = BTreeMap::new();
        for ((key, name), count) in &inner.counts {
            if key.tenant == *tenant && key.list == list {
                *sums.entry((*name).to_owned()).or_default() += u64::try_from(*count).unwrap_or(0);
            }
        }
        sums.retain(|_, count| *count > 0);
        Ok(sums)
    }
}
