//! A provider in memory with honest books and scripted troubles: two-step, one object per reference,
//! and no payment that was not processed.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::{
    answer::{Answer, Facts, Refusal, Seen, Standing},
    attempt::Attempt,
    charge::Charge,
    driver::VendorStanding,
    ids::{ChargeId, DriverId, Mode, ProviderId},
    manifest::{LookUp, manifest},
    money::Cents,
    reconciliation::ListedObject,
    routing::Provider,
    time::Timestamp,
};

use super::payees::{Payee, Payees};
use crate::port::{
    AccountAsk, AccountCheck, ChargeOrder, CreateOrder, ListAsk, Listing, Lookup, NotShown,
    PayeeAnswer, PayeeAsk, Plaintext, Providers, Snapshot,
};

/// Objects of one page of the list.
const PAGE: usize = 3;

/// Which call a trouble waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Create,
    Process,
    Cancel,
    Read,
    List,
    /// A payee is registered, renamed, told an account, read and deleted.
    Register,
    Rename,
    Tell,
    Review,
    Forget,
    Charge,
    /// A card's balance is shown.
    Show,
}

/// What goes wrong with one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The connection was never made.
    NotSent,
    /// The request was lost on its way.
    LostBefore,
    /// The work was done and the answer lost.
    LostAfter,
    Refused(Refusal),
}

/// How a processed object ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Paid,
    /// Taken over, and not ended yet.
    InFlight,
    /// Its review said no; it can be withdrawn.
    Rejected,
    Withdrawn,
    Failed,
    /// Paid, but less than asked for.
    PaidShort,
    /// Paid, and on its way back.
    Reversing,
    Reversed,
    /// Paid, and some of it came back.
    PartlyBack,
}

/// One object of the provider's books.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Booked {
    pub object: ProviderId,
    pub net: Cents,
    pub mode: Mode,
    /// As the code says it; an amount is read in it.
    pub currency: &'static str,
    pub created_at: Timestamp,
    /// None while it is inert.
    pub ending: Option<Ending>,
    pub updated: i64,
}

/// What is on a card before anything is taken.
const CARD: i64 = 1_000_000;

#[derive(Debug, Default)]
struct Books {
    by_reference: BTreeMap<String, Booked>,
    troubles: VecDeque<(Operation, Trouble)>,
    ending: Option<Ending>,
    creates: u32,
    processes: u32,
    charges: u32,
    /// What charges took, by the provider's object, and the charge it belongs to.
    charged: BTreeMap<ProviderId, (ChargeId, Cents)>,
    /// Answers every charge with this object, as a provider that mixes payments up would.
    stuck_on: Option<ProviderId>,
    /// What reads of charges show; they show nothing without it.
    charges_shown: Option<Ending>,
    charge_reads: u32,
    reads: u32,
    shows: u32,
    payees: Payees,
    without_owlpay: bool,
    /// What is said of every account; nobody is asked without it.
    account_check: Option<AccountCheck>,
    account_checks: u32,
}

/// The second implementation of the providers' port.
#[derive(Clone, Debug, Default)]
pub struct ScriptedProvider {
    books: Arc<Mutex<Books>>,
}

impl ScriptedProvider {
    fn lock(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next call of the operation runs into trouble.
    pub fn trouble(&self, operation: Operation, trouble: Trouble) {
        self.lock().troubles.push_back((operation, trouble));
    }

    /// No call runs into trouble any more.
    pub fn calm(&self) {
        self.lock().troubles.clear();
    }

    /// How objects processed from now on end.
    pub fn end_with(&self, ending: Ending) {
        self.lock().ending = Some(ending);
    }

    /// Ends an object that exists, whatever it was.
    pub fn end(&self, reference: &str, ending: Ending) {
        if let Some(booked) = self.lock().by_reference.get_mut(reference) {
            booked.ending = Some(ending);
            booked.updated += 1;
        }
    }

    /// Changes the provider's books by hand.
    pub fn rewrite(&self, change: impl FnOnce(&mut BTreeMap<String, Booked>)) {
        change(&mut self.lock().by_reference);
    }

    /// The provider's books, by our reference.
    pub fn booked(&self) -> BTreeMap<String, Booked> {
        self.lock().by_reference.clone()
    }

    /// How many objects the provider paid in full and did not take back.
    pub fn paid(&self) -> usize {
        let paid = |booked: &&Booked| booked.ending == Some(Ending::Paid);
        self.lock().by_reference.values().filter(paid).count()
    }

    /// How reviews of payees end from now on; they are approved unless somebody says otherwise.
    pub fn review_with(&self, standing: VendorStanding) {
        self.lock().payees.review = Some(standing);
    }

    /// The payees, by our id of the driver; a driver who was registered twice has two.
    pub fn payees(&self) -> Vec<(DriverId, Payee)> {
        self.lock().payees.all.clone()
    }

    /// Whether this deployment has an account with OwlPay; it has unless somebody says otherwise.
    pub fn offer_owlpay(&self, offers: bool) {
        self.lock().without_owlpay = !offers;
    }

    /// What is said of every further account.
    pub fn check_accounts_with(&self, answer: AccountCheck) {
        self.lock().account_check = Some(answer);
    }

    /// How many accounts were asked about.
    pub fn account_checks(&self) -> u32 {
        self.lock().account_checks
    }

    /// What was taken from cards for a charge, all in all.
    pub fn charged(&self, charge: &ChargeId) -> Cents {
        let books = self.lock();
        let own = books.charged.values().filter(|(of, _)| of == charge);
        Cents::new(own.map(|(_, taken)| taken.get()).sum())
    }

    /// How many charge calls arrived.
    pub fn charge_calls(&self) -> u32 {
        self.lock().charges
    }

    /// What every further read of a charge shows.
    pub fn show_charges(&self, ending: Ending) {
        self.lock().charges_shown = Some(ending);
    }

    /// How many reads of charges arrived.
    pub fn charge_reads(&self) -> u32 {
        self.lock().charge_reads
    }

    /// Answers every further charge with this object.
    pub fn answer_with(&self, object: ProviderId) {
        self.lock().stuck_on = Some(object);
    }

    /// How many create and process calls arrived.
    pub fn calls(&self) -> (u32, u32) {
        let books = self.lock();
        (books.creates, books.processes)
    }

    /// How often a card was to be shown.
    pub fn shows(&self) -> u32 {
        self.lock().shows
    }

    /// How many reads arrived.
    pub fn reads(&self) -> u32 {
        self.lock().reads
    }
}

impl Books {
    /// Of every card: all of them hold the same money.
    fn balance(&self) -> Cents {
        let taken = self.charged.values().map(|(_, taken)| taken.get());
        Cents::new(CARD - taken.sum::<i64>())
    }

    /// Takes the amount of a charge, or not, as it is to end.
    fn take(&mut self, charge: &Charge, ending: Ending) -> Answer {
        self.charges += 1;
        let number = usize::try_from(self.charges).unwrap_or(usize::MAX);
        let object = self.stuck_on.clone().unwrap_or_else(|| object_id(number));
        let (standing, status, taken) = charge_end(charge, ending);
        self.charged
            .insert(object.clone(), (charge.id.clone(), taken));
        charge_shown(charge, object, (standing, status, taken))
    }

    fn next_trouble(&mut self, operation: Operation) -> Option<Trouble> {
        let found = self.troubles.iter().position(|(of, _)| *of == operation)?;
        self.troubles.remove(found).map(|(_, trouble)| trouble)
    }
}

/// How a charge ends: its standing, the provider's word, and what was taken.
fn charge_end(charge: &Charge, ending: Ending) -> (Standing, &'static str, Cents) {
    match ending {
        Ending::Paid => (Standing::Paid, "success", charge.amount),
        Ending::PaidShort => {
            let short = Cents::new(charge.amount.get() - 1);
            (Standing::Paid, "success", short)
        }
        Ending::InFlight => (Standing::InFlight, "pending", charge.amount),
        Ending::Failed | Ending::Withdrawn | Ending::Rejected => {
            (Standing::FinalNegative, "declined", Cents::ZERO)
        }
        Ending::Reversed => (Standing::Reversed, "voided", Cents::ZERO),
        Ending::Reversing | Ending::PartlyBack => (Standing::NeedsReview, "odd", charge.amount),
    }
}

fn charge_shown(
    charge: &Charge,
    object: ProviderId,
    (standing, status, taken): (Standing, &str, Cents),
) -> Answer {
    Answer::Exists {
        object,
        seen: Box::new(Seen {
            standing,
            status: status.to_owned(),
            updated: 1,
            withdrawable: false,
            facts: Facts {
                amount: Some(match standing {
                    Standing::Paid => taken,
                    Standing::Inert
                    | Standing::InFlight
                    | Standing::Unrecognised
                    | Standing::Rejected
                    | Standing::FinalNegative
                    | Standing::Reversed
                    | Standing::NeedsReview => charge.amount,
                }),
                ..Facts::default()
            },
        }),
    }
}

/// Runs `work` as far as the trouble lets it.
fn with_trouble(trouble: Option<Trouble>, work: impl FnOnce() -> Answer) -> Answer {
    let lost = || Answer::Unclear {
        cause: "timeout".to_owned(),
    };
    match trouble {
        None => work(),
        Some(Trouble::NotSent) => Answer::NotSent {
            cause: "connect_failed".to_owned(),
        },
        Some(Trouble::LostBefore) => lost(),
        Some(Trouble::LostAfter) => {
            work();
            lost()
        }
        Some(Trouble::Refused(by)) => Answer::Refused {
            by,
            reason: "refused".to_owned(),
        },
    }
}

fn shown(reference: &str, booked: &Booked) -> Answer {
    Answer::Exists {
        object: booked.object.clone(),
        seen: Box::new(seen(reference, booked)),
    }
}

fn seen(reference: &str, booked: &Booked) -> Seen {
    let (standing, status) = match booked.ending {
        None => (Standing::Inert, "created"),
        Some(Ending::InFlight) => (Standing::InFlight, "processing"),
        Some(Ending::Paid | Ending::PaidShort) => (Standing::Paid, "processed"),
        Some(Ending::Rejected) => (Standing::Rejected, "rejected"),
        Some(Ending::Withdrawn) => (Standing::FinalNegative, "canceled"),
        Some(Ending::Failed) => (Standing::FinalNegative, "process_failed"),
        Some(Ending::Reversing) => (Standing::InFlight, "refunding"),
        Some(Ending::Reversed) => (Standing::Reversed, "refunded"),
        Some(Ending::PartlyBack) => (Standing::NeedsReview, "partially_refunded"),
    };
    let processed = match booked.ending {
        Some(Ending::Paid | Ending::Reversing | Ending::Reversed | Ending::PartlyBack) => {
            Some(booked.net)
        }
        Some(Ending::PaidShort) => Some(Cents::new(booked.net.get() - 1)),
        Some(Ending::InFlight | Ending::Rejected | Ending::Withdrawn | Ending::Failed) | None => {
            None
        }
    };
    Seen {
        standing,
        status: status.to_owned(),
        updated: booked.updated,
        withdrawable: booked.ending == Some(Ending::Rejected),
        facts: Facts {
            reference: reference.to_owned(),
            currency: booked.currency.to_owned(),
            amount: Some(booked.net),
            payout_amount: Some(booked.net),
            service_currency: Some(booked.currency.to_owned()),
            service_payout_amount: Some(booked.net),
            processed_amount: processed.into(),
            test_mode: Some(booked.mode == Mode::Test),
            was_processed: processed.is_some(),
        },
    }
}

impl Providers for ScriptedProvider {
    fn offers(&self, provider: Provider) -> bool {
        match provider {
            Provider::Payelata | Provider::Paywizard => true,
            Provider::Owlpay => !self.lock().without_owlpay,
        }
    }

    async fn snapshot(
        &self,
        provider: Provider,
        account: &Plaintext,
    ) -> Result<Snapshot, NotShown> {
        match provider {
            Provider::Payelata | Provider::Owlpay => Err(NotShown::Answered),
            Provider::Paywizard => {
                let mut books = self.lock();
                books.shows += 1;
                match books.next_trouble(Operation::Show) {
                    None => Ok(Snapshot {
                        card: account.clone(),
                        balance: books.balance(),
                    }),
                    Some(Trouble::NotSent | Trouble::LostBefore | Trouble::LostAfter) => {
                        Err(NotShown::Silent)
                    }
                    Some(Trouble::Refused(_)) => Err(NotShown::Answered),
                }
            }
        }
    }

    fn call_budget(&self) -> Duration {
        Duration::from_secs(25)
    }

    async fn create(&self, order: CreateOrder<'_>) -> Answer {
        let mut books = self.lock();
        let trouble = books.next_trouble(Operation::Create);
        let reference = order.attempt.reference.to_string();
        with_trouble(trouble, || {
            books.creates += 1;
            let ending = books.ending.unwrap_or(Ending::Paid);
            let one_step = !order.attempt.provider.is_two_step();
            let number = books.by_reference.len();
            let booked = books
                .by_reference
                .entry(reference.clone())
                .or_insert_with(|| Booked {
                    object: object_id(number),
                    net: order.attempt.net,
                    mode: order.attempt.tenant.mode(),
                    currency: order.attempt.currency.code(),
                    created_at: order.attempt.sent_at.unwrap_or_default(),
                    ending: one_step.then_some(ending),
                    updated: 1,
                });
            shown(&reference, booked)
        })
    }

    async fn charge(&self, order: ChargeOrder<'_>) -> Answer {
        let mut books = self.lock();
        let trouble = books.next_trouble(Operation::Charge);
        let ending = books.ending.unwrap_or(Ending::Paid);
        with_trouble(trouble, || books.take(order.charge, ending))
    }

    async fn process(&self, attempt: &Attempt, _: &ProviderId) -> Answer {
        let mut books = self.lock();
        let trouble = books.next_trouble(Operation::Process);
        let ending = books.ending.unwrap_or(Ending::Paid);
        let reference = attempt.reference.to_string();
        with_trouble(trouble, || {
            books.processes += 1;
            match books.by_reference.get_mut(&reference) {
                None => Answer::Absent,
                Some(booked) => {
                    if booked.ending.is_none() {
                        booked.ending = Some(ending);
                        booked.updated += 1;
                    }
                    shown(&reference, booked)
                }
            }
        })
    }

    async fn cancel(&self, attempt: &Attempt, _: &ProviderId) -> Answer {
        let mut books = self.lock();
        let trouble = books.next_trouble(Operation::Cancel);
        let reference = attempt.reference.to_string();
        with_trouble(trouble, || match books.by_reference.get_mut(&reference) {
            Some(booked) if booked.ending == Some(Ending::Rejected) => {
                booked.ending = Some(Ending::Withdrawn);
                booked.updated += 1;
                Answer::Taken
            }
            Some(_) | None => Answer::Refused {
                by: Refusal::Input,
                reason: "too_late".to_owned(),
            },
        })
    }

    async fn read(&self, attempt: &Attempt, lookup: &Lookup) -> Answer {
        let mut books = self.lock();
        books.reads += 1;
        let trouble = books.next_trouble(Operation::Read);
        let reference = attempt.reference.to_string();
        with_trouble(trouble, || {
            match (manifest(attempt.provider).look_up, lookup) {
                (LookUp::None, Lookup::Reference) => Answer::Unclear {
                    cause: "not_asked".to_owned(),
                },
                (LookUp::ByReference { .. }, _) | (LookUp::None, Lookup::Object(_)) => {
                    match books.by_reference.get(&reference) {
                        None => Answer::Absent,
                        Some(booked) => shown(&reference, booked),
                    }
                }
            }
        })
    }

    async fn read_charge(&self, charge: &Charge, object: &ProviderId) -> Answer {
        let mut books = self.lock();
        books.charge_reads += 1;
        let trouble = books.next_trouble(Operation::Read);
        let shown = books.charges_shown;
        with_trouble(trouble, || match shown {
            Some(ending) => charge_shown(charge, object.clone(), charge_end(charge, ending)),
            None => Answer::Doubted {
                by: Refusal::Input,
                reason: "not_found".to_owned(),
            },
        })
    }

    async fn list(&self, ask: ListAsk<'_>) -> Listing {
        // These books keep no providers apart; the first stands for all.
        if ask.provider != Provider::Payelata {
            return Listing::CannotList;
        }
        let (mode, after) = (ask.mode, ask.after);
        let mut books = self.lock();
        if books.next_trouble(Operation::List).is_some() {
            return Listing::Failed("timeout".to_owned());
        }
        let booked = books.by_reference.iter();
        let mut rows: Vec<_> = booked.filter(|(_, booked)| booked.mode == mode).collect();
        rows.sort_by(|(_, one), (_, other)| {
            let key = |it: &Booked| (it.created_at, it.object.clone());
            key(other).cmp(&key(one))
        });
        let start = match after {
            None => 0,
            Some(after) => match rows.iter().position(|(_, it)| it.object.as_str() == after) {
                Some(at) => at + 1,
                None => return Listing::Failed("unknown_cursor".to_owned()),
            },
        };
        let page: Vec<_> = rows.iter().skip(start).take(PAGE).collect();
        let is_last = start + PAGE >= rows.len();
        Listing::Page {
            next: page
                .last()
                .filter(|_| !is_last)
                .map(|(_, it)| it.object.to_string()),
            objects: page
                .into_iter()
                .map(|(reference, booked)| ListedObject {
                    object: booked.object.clone(),
                    created_at: booked.created_at,
                    seen: seen(reference, booked),
                })
                .collect(),
        }
    }

    async fn check_account(&self, _: AccountAsk<'_>) -> AccountCheck {
        let mut books = self.lock();
        books.account_checks += 1;
        books
            .account_check
            .clone()
            .unwrap_or(AccountCheck::NotAsked)
    }

    async fn payee(&self, ask: PayeeAsk<'_>) -> PayeeAnswer {
        let mut books = self.lock();
        let operation = match ask {
            PayeeAsk::Register { .. } => Operation::Register,
            PayeeAsk::Change { .. } => Operation::Rename,
            PayeeAsk::Tell { .. } => Operation::Tell,
            PayeeAsk::Delete { .. } => Operation::Forget,
            PayeeAsk::Read { .. } => Operation::Review,
        };
        let lost = |cause: &str| PayeeAnswer::Unclear {
            cause: cause.to_owned(),
        };
        match books.next_trouble(operation) {
            None => books.payees.answer(ask),
            Some(Trouble::NotSent) => lost("connect_failed"),
            Some(Trouble::LostBefore) => lost("timeout"),
            Some(Trouble::LostAfter) => {
                books.payees.answer(ask);
                lost("timeout")
            }
            Some(Trouble::Refused(_)) => PayeeAnswer::Refused {
                reason: "refused".to_owned(),
            },
        }
    }
}

fn object_id(number: usize) -> ProviderId {
    let mut digest = [0; 32];
    digest[..8].copy_from_slice(&number.to_be_bytes());
    ProviderId::from_digest(&digest)
}
