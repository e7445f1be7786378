//! Compares a tenant's payouts of one day with what the providers list and with the imported settlements, and
//! stores what differs. It moves no money and no state: where asking may settle a difference, the provider is
//! asked, and that read moves what it proves.

mod ours;
mod rows;
mod theirs;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use domain::{
    attempt::Attempt,
    day::Day,
    ids::{AttemptRef, TenantId},
    reconciliation::{self, Difference, Held, ListedObject, Named},
    resolution::VISIBLE_AFTER,
    routing::Provider,
    time::Timestamp,
};
use tracing::{error, info};

pub use self::rows::{DIFFERENCES_MAX, SETTLED_MAX};
pub(crate) use self::rows::{Rows, differences, written};
use crate::{
    audit_event::{self, Done},
    call::Call,
    cancel_payout::refuse_unless_overtaken,
    changes::Changes,
    create_payout::ROUNDS,
    error::Error,
    message::{Check, Message},
    port::{Lists, Providers, Queue, Store},
    record::{Comparison, Key, ListEnding, PartRows, ProviderList, Reconciliation, Record},
    request_key::{Answered, Asking},
    send,
};

/// How far before and after its day an object may be that was asked for in it: clocks differ, and a call may
/// pass midnight.
pub(crate) const MARGIN: Duration = Duration::from_secs(3_600);
/// Reads that one run asks for; the next run asks for the rest.
const CHECKS_MAX: usize = 1_000;

/// What compares.
#[derive(Clone)]
pub struct Reconciler<S, Q, P> {
    pub store: S,
    pub queue: Q,
    pub providers: P,
}

/// The day to compare, and how long reading the lists may take in all.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    pub day: Day,
    pub budget: Duration,
}

/// A day's reconciliation with its differences, in the order of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reconciled {
    pub head: Reconciliation,
    pub differences: Vec<Difference>,
}

/// What the comparison found, before it is stored.
struct Findings {
    ours: AttemptsByReference,
    lists: Vec<ProviderList>,
    cut: bool,
    differences: Vec<Difference>,
    /// Attempts that differ, to be asked about.
    doubtful: Vec<Attempt>,
}

type AttemptsByReference = BTreeMap<AttemptRef, Held>;

impl<S: Store + Lists, Q: Queue, P: Providers> Reconciler<S, Q, P> {
    /// Compares, stores, and asks about what differs.
    ///
    /// # Errors
    /// `Invalid` for a day that has not begun; `KeyReused`; `Unavailable`. A list that cannot be read is no
    /// error: the day is then incomplete.
    pub async fn run(
        &self,
        call: &Call,
        asking: &Asking<'_, Reconciled>,
        wanted: Wanted,
    ) -> Result<Answered<Reconciled>, Error> {
        if wanted.day.start() > call.now() {
            return Err(Error::invalid("date", "must not lie in the future"));
        }
        if let Some(replayed) = asking.replay_now(&self.store, call.now()).await? {
            return Ok(replayed);
        }
        let findings = self.compare(call, asking.tenant, wanted).await?;
        for round in 0..ROUNDS {
            let before = head(&self.store, asking.tenant, wanted.day).await?;
            let mut all = findings.differences.clone();
            all.extend(self.settlements(&before, &findings.ours).await?);
            let mut all = Difference::sorted(all);
            let cut = findings.cut || all.len() > DIFFERENCES_MAX;
            all.truncate(DIFFERENCES_MAX);
            let rows = Rows::new(&before, PartRows::Differences(all.clone()));
            let after = Reconciliation {
                version: before.version + 1,
                run: Some(Comparison {
                    set: rows.set(),
                    at: call.now(),
                    lists: findings.lists.clone(),
                    cut,
                }),
                ..before.clone()
            };
            let it = Reconciled {
                head: after,
                differences: all,
            };
            let body = (asking.render)(&it);
            let tx_id = call.tx_id(&format!("reconcile {} {round}", wanted.day));
            let changes = Changes::new("reconcile", tx_id);
            let old = before.run.as_ref().map(|run| run.set);
            let changes = written(changes, (&before, &it.head), (rows, old));
            let changes = changes.insert_if(noted(call, &it.head));
            let changes = asking.remember(changes, &body, call.now());
            match self.store.commit(changes).await {
                Ok(()) => {
                    log(&it);
                    self.ask(call, &findings.doubtful).await;
                    return Ok(Answered::Fresh { it, body });
                }
                Err(error) => {
                    if let Some(replayed) = asking.replay_after(&error, call.now())? {
                        return Ok(replayed);
                    }
                    refuse_unless_overtaken(error)?;
                }
            }
        }
        Err(Error::Conflict(
            "the day is being reconciled by others; send it again".to_owned(),
        ))
    }

    async fn compare(
        &self,
        call: &Call,
        tenant: &TenantId,
        wanted: Wanted,
    ) -> Result<Findings, Error> {
        let (ours, cut) = ours::of_day(&self.store, tenant, wanted.day).await?;
        let mut findings = Findings {
            ours,
            lists: Vec::new(),
            cut,
            differences: Vec::new(),
            doubtful: Vec::new(),
        };
        let until = call.now().plus(wanted.budget);
        for provider in Provider::ALL {
            let from = (provider, tenant.mode());
            let (ending, objects) =
                theirs::of_day(&self.providers, call, from, (wanted.day, until)).await;
            let of_day = objects.iter().filter(|it| wanted.day.holds(it.created_at));
            findings.lists.push(ProviderList {
                provider,
                objects: u32::try_from(of_day.count()).unwrap_or(u32::MAX),
                ending: ending.clone(),
            });
            // A list that broke off proves nothing, not even of what it showed: the next run has the whole.
            if ending == ListEnding::Complete {
                let ours = (&findings.ours, call.now());
                let found = self
                    .with_list((provider, &objects), ours, (tenant, wanted.day))
                    .await?;
                for (difference, attempt) in found {
                    findings.add(difference, attempt);
                }
            }
        }
        Ok(findings)
    }

    /// Compares with one complete list.
    async fn with_list(
        &self,
        (provider, objects): (Provider, &[ListedObject]),
        (ours, seen_by): (&AttemptsByReference, Timestamp),
        (tenant, day): (&TenantId, Day),
    ) -> Result<Vec<(Difference, Option<Attempt>)>, Error> {
        let known = ours::of_objects(&self.store, (provider, tenant), (objects, day)).await?;
        let mut found = Vec::new();
        for shown in &known.strangers {
            error!(provider = provider.name(), object = %shown.object, "a provider's object has a reference we never issued");
            found.push((reconciliation::missing_here(provider, shown), None));
        }
        let by_reference: BTreeMap<_, _> = objects
            .iter()
            .map(|shown| (shown.seen.facts.reference.as_str(), shown))
            .collect();
        let of_provider = |held: &&Held| held.attempt.provider == provider;
        let mut all = known.attempts;
        for held in ours.values().filter(of_provider) {
            let reference = held.attempt.reference.clone();
            all.entry(reference).or_insert_with(|| held.clone());
        }
        for held in all.values() {
            let shown = by_reference.get(held.attempt.reference.to_string().as_str());
            let difference = match shown {
                Some(shown) => reconciliation::compare(held, shown),
                // What was sent a moment ago need not be visible yet.
                None if seen_by.since(held.sent_at()) < VISIBLE_AFTER => None,
                None => reconciliation::missing_at_provider(held),
            };
            found.extend(difference.map(|it| (it, Some(held.attempt.clone()))));
        }
        Ok(found)
    }

    /// What differs from the settlements, where some were imported. It does not need the providers' lists.
    async fn settlements(
        &self,
        head: &Reconciliation,
        ours: &AttemptsByReference,
    ) -> Result<Vec<Difference>, Error> {
        let mut found = Vec::new();
        for (provider, settlement) in &head.settlements {
            let rows = rows::settled(&self.store, head, settlement.set).await?;
            let named = ours::of_rows(&self.store, (*provider, &head.tenant), &rows).await?;
            for (row, named) in rows.iter().zip(&named) {
                let row = (*provider, row);
                found.extend(reconciliation::settle(row, named, head.day.start()));
            }
            let settled: BTreeSet<_> = named.iter().filter_map(attempt_named).collect();
            let lacking = ours
                .iter()
                .filter(|(it, held)| held.attempt.provider == *provider && !settled.contains(it));
            found.extend(lacking.filter_map(|(_, held)| reconciliation::settlement_missing(held)));
        }
        Ok(found)
    }

    /// Has the provider asked about each of the attempts. A final one is not asked about unless it is due.
    async fn ask(&self, call: &Call, doubtful: &[Attempt]) {
        for attempt in doubtful.iter().take(CHECKS_MAX) {
            if attempt.is_final() {
                let tx_id = call.tx_id(&format!("doubt {}", attempt.reference));
                let due = Record::Attempt(Box::new(attempt.postponed(call.now())));
                let changes = Changes::new("doubt", tx_id).replace(due, attempt.version);
                if self.store.commit(changes).await.is_err() {
                    // Somebody else has news of it, or the next run asks again.
                    continue;
                }
            }
            let check = Message::Check(Check {
                tenant: attempt.tenant.clone(),
                reference: attempt.reference.clone(),
                inbox: None,
            });
            send::now(&self.queue, check).await;
        }
    }
}

impl Findings {
    fn add(&mut self, difference: Difference, attempt: Option<Attempt>) {
        if difference.reason.asks_provider() {
            self.doubtful.extend(attempt);
        }
        self.differences.push(difference);
    }
}

fn attempt_named(named: &Named) -> Option<&AttemptRef> {
    match named {
        Named::Attempt(held) => Some(&held.attempt.reference),
        Named::Charge(_) | Named::Nothing => None,
    }
}

/// The day's reconciliation as it is stored; an empty one when there is none.
///
/// # Errors
/// `Unavailable`.
pub(crate) async fn head(
    store: &impl Store,
    tenant: &TenantId,
    day: Day,
) -> Result<Reconciliation, Error> {
    let key = Key::Reconciliation(tenant.clone(), day);
    Ok(
        match store.fetch(&[key]).await?.into_iter().next().flatten() {
            Some(Record::Reconciliation(head)) => *head,
            Some(_) | None => Reconciliation::empty(tenant.clone(), day),
        },
    )
}

/// The log has what people asked for; what runs by itself is no change of theirs.
fn noted(call: &Call, head: &Reconciliation) -> Option<Record> {
    let domain::transition::Actor::Key(_) = &call.actor else {
        return None;
    };
    let day = head.day.to_string();
    Some(audit_event::event(
        call,
        Done {
            tenant: &head.tenant,
            action: "reconciliation.run",
            subject: ("reconciliation", &day),
            changes: Vec::new(),
        },
    ))
}

fn log(it: &Reconciled) {
    let (day, differences) = (it.head.day, it.differences.len());
    let is_complete = it.head.is_complete();
    info!(%day, differences, is_complete, "the day {day} was reconciled");
}
