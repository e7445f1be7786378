//! Two owners who decide in a run under faults what the twins' own books say is true, over HTTP, and clients who retry
//! or cancel what failed.

use std::collections::{BTreeMap, BTreeSet};

use app::audit::Dump;
use domain::{attempt::Attempt, ids::AttemptRef, payout::PayoutStatus, routing::Provider};
use serde_json::{Value, json};

use super::news::{self, draw};
use crate::{
    client::{Client, Refusal},
    comparison::{Direction, Movement, name_at},
    host::{Fault, Ready},
};

const OPEN: &str = "/api/v1/reviews?status=open&pageSize=100";

/// What the twins have out, by provider and reference.
pub(super) struct Truth {
    out: BTreeMap<(Provider, String), i64>,
}

impl Truth {
    pub(super) fn of(rows: &[Movement]) -> Self {
        let mut out: BTreeMap<_, i64> = BTreeMap::new();
        for row in rows.iter().filter(|row| row.paid) {
            let sum = out
                .entry((row.provider, row.reference.clone()))
                .or_default();
            *sum += match row.direction {
                Direction::Out => row.amount_minor,
                Direction::In => -row.amount_minor,
            };
        }
        Self { out }
    }

    fn paid(&self, attempt: &Attempt) -> i64 {
        let name = name_at(attempt.provider, &attempt.reference.to_string());
        self.out
            .get(&(attempt.provider, name))
            .copied()
            .unwrap_or(0)
    }
}

/// What everybody did.
#[derive(Clone, Debug, Default)]
pub struct Deeds {
    /// Decisions that took effect, by their outcome.
    pub decided: BTreeMap<String, u64>,
    /// Second decisions that had to wait, by the reason.
    pub waited: BTreeMap<String, u64>,
    pub retried: u64,
    pub canceled: u64,
    /// New payouts of loads that were free again.
    pub again: u64,
    pub resumed: u64,
}

/// Operators and clients.
pub(super) struct People {
    seed: u32,
    first: Client,
    second: Client,
    /// Payouts that a client has dealt with.
    dealt: BTreeSet<String>,
    /// Rounds of reviews that were in the list before: nobody decides at first sight, and much lifts by itself.
    seen: BTreeSet<String>,
    pub(super) deeds: Deeds,
}

impl People {
    pub(super) fn of(ready: &Ready, seed: u32) -> Result<Self, Fault> {
        let first = Client::of(ready)?;
        Ok(Self {
            seed,
            second: first.with_key(&ready.keys.second),
            first,
            dealt: BTreeSet::new(),
            seen: BTreeSet::new(),
            deeds: Deeds::default(),
        })
    }

    /// Goes once through the list of open reviews, and through what stands in suspense.
    pub(super) async fn decide(&mut self, dump: &Dump, truth: &Truth) -> Result<(), Fault> {
        let attempts: BTreeMap<_, _> = dump
            .attempts()
            .map(|it| (it.reference.to_string(), it))
            .collect();
        let reviews = open_reviews(&self.first).await?;
        for review in &reviews {
            let reference = review["evidence"]["reference"].as_str().unwrap_or_default();
            if self.seen.insert(format!("{reference} {}", review["round"])) {
                continue;
            }
            let Some(attempt) = attempts.get(reference) else {
                continue;
            };
            for said in self.answers(review, (attempt, truth.paid(attempt))) {
                if self.agree(&attempt.reference, said).await? {
                    break;
                }
            }
        }
        for (reference, attempt) in attempts {
            let question = reviews
                .iter()
                .find(|it| it["evidence"]["reference"] == reference.as_str());
            let is_asked = question.is_none_or(|it| it["question"] == "suspense");
            if is_asked && attempt.posted().is_unexplained() {
                self.explain(attempt, truth.paid(attempt)).await?;
            }
        }
        Ok(())
    }

    /// What is true, and what else that can be called where the question offers no other word.
    fn answers(&self, review: &Value, (attempt, paid): (&Attempt, i64)) -> Vec<Value> {
        let (net, booked) = (attempt.net.get(), attempt.posted().cleared.get());
        match review["question"].as_str().unwrap_or_default() {
            "outcome" if paid == 0 => vec![said("not_paid")],
            "outcome" if paid == net => vec![said("paid")],
            "outcome" => {
                let mut part = said("partial");
                part["paidAmount"] = paid.into();
                if self.draws(attempt, "rest").is_multiple_of(2) {
                    part["rest"] = "returned".into();
                }
                vec![part]
            }
            "late_payment" if paid == 0 => vec![said("not_paid"), said("surplus")],
            // What our books do not say yet is told by the next read.
            "late_payment" if paid == booked => vec![said("paid"), said("surplus")],
            "return" if paid == booked => vec![said("nothing")],
            "return" if paid < booked => {
                let mut back = said("returned");
                back["amount"] = (booked - paid).into();
                vec![back]
            }
            _ => Vec::new(),
        }
    }

    /// Both owners say the same. Whether it took effect.
    async fn agree(&mut self, of: &AttemptRef, said: Value) -> Result<bool, Fault> {
        let id = domain::ids::ReviewId::of(of);
        let path = format!("/api/v1/reviews/{id}/decisions");
        let outcome = said["outcome"].as_str().unwrap_or_default().to_owned();
        if let Err(refusal) = self.first.ask(&path, &said).await?
            && refusal.reason != "own_decision"
        {
            self.refused((&outcome, &refusal));
            return Ok(false);
        }
        match self.second.ask(&path, &said).await? {
            Ok(_) => {
                *self.deeds.decided.entry(outcome).or_default() += 1;
                Ok(true)
            }
            Err(refusal) => {
                self.refused((&outcome, &refusal));
                Ok(false)
            }
        }
    }

    fn refused(&mut self, (outcome, refusal): (&str, &Refusal)) {
        let reason = match refusal.reason.as_str() {
            "" => refusal.status.to_string(),
            reason => reason.to_owned(),
        };
        let of = format!("{outcome}: {reason}");
        *self.deeds.waited.entry(of).or_default() += 1;
    }

    /// A surplus comes back when the provider is asked for it, or somebody bears it. A rest goes to the wallet.
    async fn explain(&mut self, attempt: &Attempt, paid: i64) -> Result<(), Fault> {
        let money = attempt.posted();
        let (surplus, rest) = (money.surplus().get(), money.rest().get());
        let back = (money.cleared.get() - paid).min(surplus);
        let drawn = self.draws(attempt, "surplus");
        let mut word;
        if rest > 0 {
            word = said("rest_returned");
            word["amount"] = rest.into();
        } else if back > 0 {
            word = said("recovered");
            word["amount"] = back.into();
        } else if drawn.is_multiple_of(2) {
            let status = match attempt.provider {
                Provider::Owlpay => ("platform.order_cancelled", Some(surplus)),
                Provider::Payelata | Provider::Paywizard => ("refunded", Some(surplus)),
            };
            let name = attempt.reference.to_string();
            return news::order(&self.first, (attempt.provider, &name), status).await;
        } else {
            word = said("absorbed");
            let bearers = ["tenant", "platform"];
            word["absorbedBy"] = bearers[news::pick(drawn / 2, 2)].into();
        }
        self.agree(&attempt.reference, word).await.map(|_| ())
    }

    /// Clients retry a third of what failed, and cancel a third; what gave its load up is paid again by half of them.
    /// Whether somebody did.
    pub(super) async fn press(&mut self, dump: &Dump) -> Result<bool, Fault> {
        let before = self.dealt.len();
        for payout in dump.payouts() {
            let id = payout.id.to_string();
            let drawn = draw(self.seed, &[&id, "client"]);
            match payout.status {
                PayoutStatus::Failed if !payout.is_held() && self.dealt.insert(id.clone()) => {
                    let (action, count) = match drawn % 3 {
                        0 => ("retry", &mut self.deeds.retried),
                        1 => ("cancel", &mut self.deeds.canceled),
                        _ => continue,
                    };
                    let path = format!("/api/v1/payouts/{id}/{action}");
                    let done = self.first.ask(&path, &json!({})).await?;
                    *count += u64::from(done.is_ok());
                }
                PayoutStatus::Canceled | PayoutStatus::Returned if drawn.is_multiple_of(2) => {
                    let Some(load) = &payout.load else { continue };
                    if !self.dealt.insert(format!("{id} again")) {
                        continue;
                    }
                    let body = json!({"loadId": load.as_str()});
                    let done = self.first.ask("/api/v1/payouts", &body).await?;
                    self.deeds.again += u64::from(done.is_ok());
                }
                PayoutStatus::Canceled
                | PayoutStatus::Returned
                | PayoutStatus::Scheduled
                | PayoutStatus::Validated
                | PayoutStatus::Queued
                | PayoutStatus::Processing
                | PayoutStatus::Completed
                | PayoutStatus::Failed => {}
            }
        }
        Ok(self.dealt.len() != before)
    }

    /// A route that a second payment stopped is opened again: the review of that payment tells the rest.
    pub(super) async fn resume(&mut self) -> Result<(), Fault> {
        let providers = self.first.get("/api/v1/providers").await?;
        for provider in providers["items"].as_array().into_iter().flatten() {
            if provider["reason"] != "contradiction" {
                continue;
            }
            let name = provider["name"].as_str().unwrap_or_default();
            let path = format!("/api/v1/providers/{name}/resume");
            let done = self.first.ask(&path, &json!({"reason": "seen"})).await?;
            self.deeds.resumed += u64::from(done.is_ok());
        }
        Ok(())
    }

    fn draws(&self, attempt: &Attempt, what: &str) -> u64 {
        draw(self.seed, &[&attempt.reference.to_string(), what])
    }
}

fn said(outcome: &str) -> Value {
    json!({"outcome": outcome, "evidenceId": "the provider's statement"})
}

/// Every review that is listed as open.
pub(super) async fn open_reviews(client: &Client) -> Result<Vec<Value>, Fault> {
    let mut reviews = Vec::new();
    let mut next = Some(OPEN.to_owned());
    while let Some(path) = next {
        let page = client.get(&path).await?;
        reviews.extend(page["items"].as_array().into_iter().flatten().cloned());
        let cursor = page["nextCursor"].as_str();
        next = cursor.map(|it| format!("{OPEN}&cursor={it}"));
    }
    Ok(reviews)
}
