//! What the twins change their mind about in a run under faults: payments that ended without money and are paid or
//! under way later, and payments that come back whole or in part. The seed says which, and how.

use std::collections::BTreeSet;

use app::audit::Dump;
use domain::{
    attempt::Attempt, attempt_machine::AttemptState, ids::AttemptRef, routing::Provider,
    transition::Recorded,
};
use serde_json::{Value, json};

use crate::{client::Client, host::Fault};

/// Of a hundred payments, how many are dealt with so.
const SHARE: usize = 5;

/// A number that depends on nothing but the seed and the names.
pub(super) fn draw(seed: u32, names: &[&str]) -> u64 {
    let bytes = names.iter().flat_map(|it| it.bytes().chain([0]));
    let start = 0xcbf2_9ce4_8422_2325_u64 ^ u64::from(seed);
    let mixed = bytes.fold(start, |sum, byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 24
}

/// How a dead attempt contradicts its death.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Later {
    Paid,
    /// Under way, and then as dead as it was.
    DeadAgain,
    /// Under way, and then paid.
    PaidAtLast,
    /// Under way for good.
    Stays,
}

impl Later {
    const ALL: [Self; 4] = [Self::Paid, Self::DeadAgain, Self::PaidAtLast, Self::Stays];

    const fn first(self) -> Word {
        match self {
            Self::Paid => Word::Paid,
            Self::DeadAgain | Self::PaidAtLast | Self::Stays => Word::UnderWay,
        }
    }

    /// What it says in the end, where that is something else.
    const fn last(self) -> Option<Word> {
        match self {
            Self::DeadAgain => Some(Word::Dead),
            Self::PaidAtLast => Some(Word::Paid),
            Self::Paid | Self::Stays => None,
        }
    }
}

/// What a provider says of a payment, in its own words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    Paid,
    UnderWay,
    Dead,
}

impl Word {
    const fn at(self, provider: Provider) -> &'static str {
        match (provider, self) {
            (Provider::Owlpay, Self::Paid) => "owlpay.payout_succeed",
            (Provider::Owlpay, Self::UnderWay) => "bank.in_process",
            (Provider::Owlpay, Self::Dead) => "platform.order_cancelled",
            (Provider::Payelata | Provider::Paywizard, Self::Paid) => "processed",
            (Provider::Payelata | Provider::Paywizard, Self::UnderWay) => "process_pending",
            (Provider::Payelata | Provider::Paywizard, Self::Dead) => "process_failed",
        }
    }
}

/// How a payment ends that is to contradict its end later.
pub(super) fn first_end(
    seed: u32,
    reference: &str,
    by_owlpay: bool,
) -> (&'static str, &'static str) {
    let words = ["process_failed", "expired", "terminated"];
    match by_owlpay {
        true => ("owlpay", "owlpay.order_rejected"),
        false => (
            "payelata",
            words[pick(draw(seed, &[reference, "end"]), words.len())],
        ),
    }
}

pub(super) fn pick(drawn: u64, of: usize) -> usize {
    usize::try_from(drawn % u64::try_from(of.max(1)).unwrap_or(1)).unwrap_or(0)
}

/// What was ordered, and what is still to come of it.
pub(super) struct News {
    seed: u32,
    contradictions: Vec<(AttemptRef, Provider, Later)>,
    pub(super) contradicted: u64,
    pub(super) whole: u64,
    pub(super) parts: u64,
}

impl News {
    /// Changes the outcomes of five of a hundred payouts that ended, and takes back as many payments.
    pub(super) async fn break_out(client: &Client, dump: &Dump, seed: u32) -> Result<Self, Fault> {
        let mut news = Self {
            seed,
            contradictions: Vec::new(),
            contradicted: 0,
            whole: 0,
            parts: 0,
        };
        let most = (dump.payouts().count() * SHARE).div_ceil(100);
        for attempt in chosen(dump, (seed, most), AttemptState::Dead) {
            let name = attempt.reference.to_string();
            let drawn = draw(seed, &[&name, "later"]);
            let later = Later::ALL[pick(drawn, Later::ALL.len())];
            let word = later.first().at(attempt.provider);
            say(client, attempt, (word, None)).await?;
            let reference = attempt.reference.clone();
            news.contradictions
                .push((reference, attempt.provider, later));
            news.contradicted += 1;
        }
        for attempt in chosen(dump, (seed, most), AttemptState::Paid) {
            news.take_back(client, attempt).await?;
        }
        Ok(news)
    }

    async fn take_back(&mut self, client: &Client, attempt: &Attempt) -> Result<(), Fault> {
        let name = attempt.reference.to_string();
        let net = attempt.net.get();
        let is_whole = draw(self.seed, &[&name, "whole"]).is_multiple_of(2);
        let by_failure = draw(self.seed, &[&name, "word"]).is_multiple_of(2);
        let part = if is_whole { net } else { (net / 3).max(1) };
        let said = match (attempt.provider, is_whole, by_failure) {
            (Provider::Owlpay, true, true) => ("owlpay.payout_failed", None),
            (Provider::Owlpay, false, true) => ("owlpay.payout_failed", Some(part)),
            (Provider::Owlpay, _, false) => ("platform.order_cancelled", Some(part)),
            (Provider::Payelata | Provider::Paywizard, true, _) => ("refunded", None),
            (Provider::Payelata | Provider::Paywizard, false, _) => {
                ("partially_refunded", Some(part))
            }
        };
        say(client, attempt, said).await?;
        let count = if is_whole {
            &mut self.whole
        } else {
            &mut self.parts
        };
        *count += 1;
        Ok(())
    }

    /// The last words of what was under way; and what nobody heard, because its callback was lost and nothing reads
    /// a dead attempt again, is said once more. Whether anything was said.
    pub(super) async fn go_on(&mut self, client: &Client, dump: &Dump) -> Result<bool, Fault> {
        let heard: BTreeSet<_> = dump
            .transitions()
            .filter(|it| it.event == Recorded::Contradiction)
            .filter_map(|it| it.reference.clone())
            .collect();
        let mut kept = Vec::new();
        let mut said = false;
        for (reference, provider, later) in std::mem::take(&mut self.contradictions) {
            let is_heard = heard.contains(&reference);
            let word = if is_heard {
                later.last()
            } else {
                Some(later.first())
            };
            if let Some(word) = word {
                let name = reference.to_string();
                order(client, (provider, &name), (word.at(provider), None)).await?;
                said = true;
            }
            if !is_heard {
                kept.push((reference, provider, later));
            }
        }
        self.contradictions = kept;
        Ok(said)
    }
}

/// Attempts in this state whose provider can change its mind, as many as are wanted.
fn chosen(dump: &Dump, (seed, most): (u32, usize), state: AttemptState) -> Vec<&Attempt> {
    let changes_its_mind = |attempt: &&Attempt| match attempt.provider {
        Provider::Payelata | Provider::Owlpay => attempt.object.is_some(),
        Provider::Paywizard => false,
    };
    let fitting = dump
        .attempts()
        .filter(|attempt| attempt.state == state && attempt.money.is_none())
        .filter(changes_its_mind);
    let mut fitting: Vec<_> = fitting.collect();
    fitting.sort_by_key(|it| draw(seed, &[&it.reference.to_string(), "chosen"]));
    fitting.truncate(most);
    fitting
}

async fn say(client: &Client, attempt: &Attempt, said: (&str, Option<i64>)) -> Result<(), Fault> {
    let name = attempt.reference.to_string();
    order(client, (attempt.provider, &name), said).await
}

/// The payment takes the status at once, and the money goes with it.
pub(super) async fn order(
    client: &Client,
    (provider, reference): (Provider, &str),
    (status, amount): (&str, Option<i64>),
) -> Result<(), Fault> {
    let mut order =
        json!({"provider": provider.name(), "status": status, "reference": reference, "now": true});
    if let Some(amount) = amount {
        order["amount"] = Value::from(amount);
    }
    client.control("/_control/outcomes", Some(&order)).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_drawn_depends_on_the_seed_and_the_names_and_reaches_every_choice() {
        let drawn = |seed, name: &str| draw(seed, &[name, "later"]);
        assert_eq!(drawn(1, "pay_1-a01"), drawn(1, "pay_1-a01"));
        assert_ne!(drawn(1, "pay_1-a01"), drawn(2, "pay_1-a01"));
        assert_ne!(draw(1, &["ab", "c"]), draw(1, &["a", "bc"]));
        for choices in [2, 3, Later::ALL.len()] {
            let mut counts = vec![0; choices];
            for number in 0..1_000 {
                counts[pick(drawn(1, &format!("pay_{number}-a01")), choices)] += 1;
            }
            let fair = 1_000 / choices;
            let is_fair = |count: &usize| (fair / 2..=fair * 2).contains(count);
            assert!(counts.iter().all(is_fair), "{counts:?}");
        }
    }
}
