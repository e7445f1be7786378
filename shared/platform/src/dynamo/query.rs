//! The three questions that are asked of a partition, page by page.

use app::{port::Unreachable, record::DueEntry};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    ids::{PayoutId, TenantId},
    time::Timestamp,
};

use super::{
    DynamoStore,
    item::{self, Attributes},
    keys,
    meter::Step,
    retry,
};

/// One question: a partition and a condition on its sort keys. Ascending, page after page until
/// `limit` items are there.
pub(crate) struct Ask {
    label: &'static str,
    /// The index asked, which lags; without one the table is read strongly.
    index: Option<&'static str>,
    condition: &'static str,
    partition: String,
    sort: String,
    limit: Option<u32>,
}

impl Ask {
    pub(crate) fn transitions(tenant: &TenantId, payout: &PayoutId) -> Self {
        Self {
            label: "transitions",
            index: None,
            condition: "pk = :p AND begins_with(sk, :s)",
            partition: keys::payout_pk(tenant, payout),
            sort: keys::TRANSITIONS.to_owned(),
            limit: None,
        }
    }

    pub(crate) fn due(shard: u8, until: Timestamp, limit: u32) -> Self {
        Self {
            label: "due",
            index: Some(keys::DUE_INDEX),
            condition: "g1p = :p AND g1s < :s",
            partition: keys::due_pk(shard),
            sort: keys::due_end(until),
            limit: Some(limit),
        }
    }

    pub(crate) fn outbox(shard: u8, until: Timestamp, limit: u32) -> Self {
        Self {
            label: "outbox",
            index: None,
            condition: "pk = :p AND sk < :s",
            partition: keys::outbox_pk(shard),
            sort: keys::outbox_end(until),
            limit: Some(limit),
        }
    }
}

/// What an index item names; an item that is not ours is reported and passed over, so that it cannot
/// hold up the others.
pub(crate) fn due_entry(item: &Attributes) -> Option<DueEntry> {
    let entry = item::address_of(item)
        .zip(item::text(item, keys::DUE_SK))
        .and_then(|(address, at)| keys::due_entry(&address, at));
    if entry.is_none() {
        tracing::error!("an entry of the due index cannot be read");
    }
    entry
}

struct Page {
    items: Vec<Attributes>,
    next: Option<Attributes>,
}

impl DynamoStore {
    pub(crate) async fn query(&self, ask: &Ask) -> Result<Vec<Attributes>, Unreachable> {
        let limit = ask.limit.map_or(usize::MAX, |limit| {
            usize::try_from(limit).unwrap_or(usize::MAX)
        });
        let mut items = Vec::new();
        let mut start = None;
        while items.len() < limit {
            let page = self.page(ask, start.as_ref()).await?;
            items.extend(page.items);
            if page.next.is_none() {
                break;
            }
            start = page.next;
        }
        items.truncate(limit);
        Ok(items)
    }

    async fn page(&self, ask: &Ask, start: Option<&Attributes>) -> Result<Page, Unreachable> {
        let step = Step {
            operation: "Query",
            label: ask.label,
        };
        self.read(|| async {
            self.count(|meter| meter.called(step));
            let output = self
                .client
                .query()
                .table_name(&*self.table)
                .set_index_name(ask.index.map(str::to_owned))
                .consistent_read(ask.index.is_none())
                .key_condition_expression(ask.condition)
                .expression_attribute_values(":p", AttributeValue::S(ask.partition.clone()))
                .expression_attribute_values(":s", AttributeValue::S(ask.sort.clone()))
                .set_limit(
                    ask.limit
                        .map(|limit| i32::try_from(limit).unwrap_or(i32::MAX)),
                )
                .set_exclusive_start_key(start.cloned())
                .set_return_consumed_capacity(self.capacity())
                .send()
                .await
                .map_err(|error| retry::judge(&error))?;
            self.count(|meter| meter.read(step, output.consumed_capacity.as_slice()));
            Ok(Page {
                items: output.items.unwrap_or_default(),
                next: output.last_evaluated_key,
            })
        })
        .await
    }
}
