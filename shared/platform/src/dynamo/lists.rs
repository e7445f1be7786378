//! Lists: keys from an index, newest first, and exact counts from the table.

use std::collections::{BTreeMap, HashMap};

use app::{
    changes::{Counted, CounterKey},
    list::{Count, Entry, List, Place, Range, Span},
    port::{Lists, Unreachable},
};
use aws_sdk_dynamodb::{
    operation::query::{QueryOutput, builders::QueryFluentBuilder},
    types::{AttributeValue, Select},
};
use domain::{
    ids::TenantId,
    payout::{PayoutStatus, SHARDS},
    time::Timestamp,
};

use super::{
    DynamoStore,
    expression::text,
    item::{self, Attributes},
    keys, retry, shards, step,
};

/// The part of a list a query looks at, as texts of the sort key; both ends count.
struct Slice<'a> {
    list: &'a List,
    label: &'static str,
    low: String,
    high: String,
}

impl<'a> Slice<'a> {
    fn new(label: &'static str, list: &'a List, range: Range) -> Self {
        let (low, high) = keys::range_texts(range);
        Self {
            list,
            label,
            low,
            high,
        }
    }

    /// Nothing can stand in it.
    fn is_empty(&self) -> bool {
        self.low > self.high
    }
}

impl DynamoStore {
    async fn ask(
        &self,
        slice: &Slice<'_>,
        refine: impl Fn(QueryFluentBuilder) -> QueryFluentBuilder + Send + Sync,
    ) -> Result<QueryOutput, Unreachable> {
        let step = step("Query", slice.label);
        let shelf = keys::shelf(slice.list);
        let condition = format!("{} = :p AND gs BETWEEN :low AND :high", shelf.attribute);
        self.read(|| async {
            self.count(|meter| meter.called(step));
            let query = self
                .client
                .query()
                .table_name(&*self.table)
                .index_name(shelf.index)
                .key_condition_expression(&condition)
                .expression_attribute_values(":p", text(&shelf.partition))
                .expression_attribute_values(":low", text(&slice.low))
                .expression_attribute_values(":high", text(&slice.high))
                .set_return_consumed_capacity(self.capacity());
            let output = refine(query)
                .send()
                .await
                .map_err(|error| retry::judge(&error))?;
            self.count(|meter| meter.read(step, output.consumed_capacity.as_slice()));
            Ok(output)
        })
        .await
    }

    /// The whole numbers under `names` of every item, summed by name.
    async fn sums(
        &self,
        addresses: Vec<keys::Address>,
        names: &[&'static str],
    ) -> Result<HashMap<&'static str, u64>, Unreachable> {
        let items = self.items_at(&addresses).await?;
        let mut sums = HashMap::new();
        for name in names {
            let mut sum = 0_u64;
            for item in items.values() {
                let count = item::whole(item, &item::count_name(name))?;
                sum = sum.saturating_add(u64::try_from(count).unwrap_or(0));
            }
            sums.insert(*name, sum);
        }
        Ok(sums)
    }
}

/// What an index item names; an item that is not ours is reported and passed over.
fn entry(item: &Attributes) -> Option<Entry> {
    let key = item::address_of(item).and_then(|address| keys::record_key(&address));
    let entry = key
        .zip(place(item))
        .map(|(key, place)| Entry { place, key });
    if entry.is_none() {
        tracing::error!("an entry of a list cannot be read");
    }
    entry
}

fn place(item: &Attributes) -> Option<Place> {
    item::text(item, keys::PLACE).and_then(keys::place_of)
}

fn at_most(limit: u32) -> i32 {
    i32::try_from(limit).unwrap_or(i32::MAX)
}

impl Lists for DynamoStore {
    async fn entries(
        &self,
        list: &List,
        span: &Span,
        limit: u32,
    ) -> Result<Vec<Entry>, Unreachable> {
        let mut slice = Slice::new("list", list, span.range);
        if let Some(after) = &span.after {
            slice.high = slice.high.min(keys::place_text(after));
        }
        let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut found = Vec::new();
        let mut start: Option<HashMap<String, AttributeValue>> = None;
        while found.len() < wanted && !slice.is_empty() {
            // One more: the place itself is no longer part of what follows it.
            let output = self
                .ask(&slice, |query| {
                    query
                        .scan_index_forward(false)
                        .limit(at_most(limit.saturating_add(1)))
                        .set_exclusive_start_key(start.clone())
                })
                .await?;
            let entries = output.items().iter().filter_map(entry);
            found.extend(entries.filter(|it| Some(&it.place) != span.after.as_ref()));
            start = output.last_evaluated_key;
            if start.is_none() {
                break;
            }
        }
        found.truncate(wanted);
        Ok(found)
    }

    async fn count(&self, list: &List, range: Range, limit: u32) -> Result<Count, Unreachable> {
        let slice = Slice::new("count", list, range);
        let mut counted = Count::default();
        let mut start: Option<HashMap<String, AttributeValue>> = None;
        while counted.entries < limit && !slice.is_empty() {
            let left = limit - counted.entries;
            let output = self
                .ask(&slice, |query| {
                    query
                        .select(Select::Count)
                        .scan_index_forward(false)
                        .limit(at_most(left))
                        .set_exclusive_start_key(start.clone())
                })
                .await?;
            counted.entries += u32::try_from(output.count).unwrap_or(0);
            start = output.last_evaluated_key;
            if start.is_none() {
                return Ok(counted);
            }
        }
        counted.cut_at = start.as_ref().and_then(place);
        Ok(counted)
    }

    async fn oldest(&self, list: &List) -> Result<Option<Timestamp>, Unreachable> {
        let slice = Slice::new("oldest", list, Range::default());
        let output = self
            .ask(&slice, |query| query.scan_index_forward(true).limit(1))
            .await?;
        Ok(output.items().first().and_then(place).map(|it| it.at))
    }

    async fn payout_counts(
        &self,
        tenant: &TenantId,
    ) -> Result<BTreeMap<PayoutStatus, u64>, Unreachable> {
        let names = PayoutStatus::ALL.map(PayoutStatus::name);
        let sums = self.sums(shards(tenant).collect(), &names).await?;
        let count = |status: PayoutStatus| sums.get(status.name()).copied().unwrap_or(0);
        Ok(PayoutStatus::ALL
            .into_iter()
            .map(|status| (status, count(status)))
            .collect())
    }

    async fn counts(
        &self,
        tenant: &TenantId,
        list: Counted,
    ) -> Result<BTreeMap<String, u64>, Unreachable> {
        let addresses = (0..SHARDS).map(|shard| {
            keys::counter_address(&CounterKey {
                tenant: tenant.clone(),
                list,
                shard,
            })
        });
        let sums = self.sums(addresses.collect(), list.names()).await?;
        Ok(sums
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .map(|(name, count)| (name.to_owned(), count))
            .collect())
    }
}
