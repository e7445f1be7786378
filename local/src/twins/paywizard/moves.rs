//! The operations that move money: pay, top up, void.

use axum::response::Response;
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use super::asked::{Asked, Complaint};
use super::cards::{Behaviour, Card};
use super::transactions::{
    Direction, Kind, Outcome, PENDING_MS, SETTLED_AFTER_MS, State as Standing, Transaction,
};
use super::wishes::{Ending, Wish};
use super::{Arrived, NAME, Refused, wire};
use crate::twins::books::Page;
use crate::twins::serving::dropped;
use crate::twins::spoiled;

/// The only currency cards hold.
const CURRENCY: &str = "USD";

/// A money call, read.
struct MoneyCall<'a> {
    order_no: &'a str,
    wanted: Wanted<'a>,
}

enum Wanted<'a> {
    Pay {
        money: Money<'a>,
        nsf_allowed: bool,
    },
    TopUp {
        money: Money<'a>,
        activating: bool,
        customer: Option<&'a Value>,
    },
    /// The checkout id of what is to be undone.
    Void {
        original: &'a str,
    },
}

struct Money<'a> {
    /// None when the channel has issued no such card.
    card: Option<&'a str>,
    amount: i64,
    currency: &'a str,
}

/// What is to move in the books.
struct Movement {
    kind: Kind,
    direction: Direction,
    card: Option<Card>,
    amount: i64,
    currency: String,
    /// Whether less may be taken than was asked.
    nsf_allowed: bool,
    original: Option<Transaction>,
    /// Whether nothing may move, whatever the card would say.
    barred: bool,
}

/// What a money call is answered with.
enum Answered {
    Data(Box<RawValue>),
    /// It was carried out, and its sender never hears of it.
    Nothing,
}

pub(crate) async fn pay(arrived: Arrived) -> Response {
    moved(&arrived, "pay", |asked| Wanted::pay(asked)).await
}

pub(crate) async fn top_up(arrived: Arrived) -> Response {
    moved(&arrived, "topup", |asked| Wanted::top_up(asked)).await
}

pub(crate) async fn void(arrived: Arrived) -> Response {
    moved(&arrived, "void", |asked| Wanted::void(asked)).await
}

async fn moved(
    arrived: &Arrived,
    operation: &'static str,
    read: fn(&Asked) -> Result<Wanted<'_>, Complaint>,
) -> Response {
    let reference = |asked: &Asked| Ok(asked.text("tranOrderNo").map(str::to_owned));
    let work = |asked: &Asked| {
        let call = MoneyCall {
            order_no: asked.order_no("tranOrderNo")?,
            wanted: read(asked)?,
        };
        let now_ms = arrived.now_ms();
        // A refusal ends well for the books: what had become due by now stays done.
        let written = arrived
            .sandbox
            .books()
            .write(|page| match call.carry_out(page, now_ms) {
                Err(Refused::Broken(error)) => Err(error),
                other => Ok(other),
            })?;
        Ok(match written? {
            Answered::Data(data) => wire::handled(&data, now_ms),
            Answered::Nothing => dropped(),
        })
    };
    arrived.answer(operation, reference, work).await
}

impl<'a> Wanted<'a> {
    fn pay(asked: &'a Asked) -> Result<Self, Complaint> {
        Ok(Self::Pay {
            money: Money::read(asked)?,
            nsf_allowed: asked.nsf_allowed()?,
        })
    }

    fn top_up(asked: &'a Asked) -> Result<Self, Complaint> {
        Ok(Self::TopUp {
            money: Money::read(asked)?,
            activating: asked.activating()? == Some(true),
            customer: asked.customer()?,
        })
    }

    fn void(asked: &'a Asked) -> Result<Self, Complaint> {
        Ok(Self::Void {
            original: asked.order_no("oriOrderNo")?,
        })
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Pay { .. } => Kind::Pay,
            Self::TopUp { .. } => Kind::TopUp,
            Self::Void { .. } => Kind::Void,
        }
    }

    /// What is to move, with the card opened.
    fn movement(self, page: &Page<'_>, now_ms: i64) -> Result<Movement, Refused> {
        let kind = self.kind();
        let of = |money: &Money<'_>, direction| -> Result<Movement, Refused> {
            Ok(Movement {
                kind,
                direction,
                card: match money.card {
                    Some(number) => Card::open(page, number, now_ms)?,
                    None => None,
                },
                amount: money.amount,
                currency: money.currency.to_owned(),
                nsf_allowed: false,
                original: None,
                barred: money.currency != CURRENCY,
            })
        };
        match self {
            Self::Pay { money, nsf_allowed } => Ok(Movement {
                nsf_allowed,
                ..of(&money, Direction::FromCard)?
            }),
            Self::TopUp {
                money,
                activating,
                customer,
            } => {
                let mut movement = of(&money, Direction::ToCard)?;
                if let Some(card) = &mut movement.card {
                    card.active |= activating;
                    if let Some(customer) = customer {
                        card.customer = to_raw_value(customer).map_err(spoiled)?;
                    }
                }
                Ok(movement)
            }
            Self::Void { original } => undo(page, original, now_ms),
        }
    }
}

impl<'a> Money<'a> {
    fn read(asked: &'a Asked) -> Result<Self, Complaint> {
        let card = asked.account_id()?;
        let (amount, currency) = asked.amount()?;
        Ok(Self {
            card,
            amount,
            currency,
        })
    }
}

/// The movement that takes the transaction of this checkout id back.
fn undo(page: &Page<'_>, checkout_id: &str, now_ms: i64) -> Result<Movement, Refused> {
    let found = || -> Result<Transaction, Refused> {
        let found = Transaction::by_checkout_id(page, checkout_id)?;
        found.ok_or(Refused::Code(wire::NOT_FOUND, "original order not found"))
    };
    let card = match found()?.card {
        Some(number) => Card::open(page, &number, now_ms)?,
        None => None,
    };
    // Opening the card ends what is due, the original perhaps.
    let original = found()?;
    let is_open = original
        .succeeded_ms()
        .is_some_and(|at_ms| now_ms < at_ms + SETTLED_AFTER_MS);
    let is_undone = original.void(page, now_ms)?.is_some();
    Ok(Movement {
        kind: Kind::Void,
        direction: original.direction.opposite(),
        card,
        amount: original.amount,
        currency: original.currency.clone(),
        nsf_allowed: false,
        barred: original.kind == Kind::Void || !is_open || is_undone,
        original: Some(original),
    })
}

impl MoneyCall<'_> {
    fn carry_out(self, page: &Page<'_>, now_ms: i64) -> Result<Answered, Refused> {
        if let Some(earlier) = Transaction::by_order_no(page, self.order_no)? {
            return repeat(earlier, self.wanted.kind());
        }
        let mut movement = self.wanted.movement(page, now_ms)?;
        let wish = page
            .take_outcome(NAME, self.order_no)?
            .and_then(|word| Wish::read(&word));
        let state = movement.start(wish, now_ms);
        let mut transaction = movement.transaction(self.order_no, state, now_ms);
        transaction.wishes.extend(wish);
        let answer = wire::made(&transaction, movement.original.as_ref());
        transaction.answer = Some(answer.clone());
        transaction.keep(page)?;
        if let Some(card) = &mut movement.card {
            card.take(&transaction);
            card.keep(page)?;
        }
        if let Some(mut original) = movement.original
            && !movement.barred
        {
            original.voided_by = Some(transaction.checkout_id.clone());
            original.keep(page)?;
        }
        let unanswered = movement
            .card
            .is_some_and(|card| card.behaviour() == Behaviour::SucceedsUnanswered);
        if unanswered && transaction.succeeded_ms().is_some() {
            return Ok(Answered::Nothing);
        }
        Ok(Answered::Data(answer))
    }
}

/// What an order number that is taken is answered with: the stored answer, unless an error was ordered for it.
fn repeat(earlier: Transaction, kind: Kind) -> Result<Answered, Refused> {
    let is_error = earlier.kind != kind || earlier.wishes.contains(&Wish::DuplicateError);
    match earlier.answer {
        Some(answer) if !is_error => Ok(Answered::Data(answer)),
        Some(_) | None => Err(Refused::Code(wire::DUPLICATE, "duplicate tranOrderNo")),
    }
}

impl Movement {
    /// How it begins: what keeps it from moving, then what was ordered, then how the card behaves. Where the card
    /// holds too little and less is allowed, the amount becomes what there is.
    fn start(&mut self, wish: Option<Wish>, now_ms: i64) -> Standing {
        let ended = |outcome| Standing::Ended {
            outcome,
            at_ms: now_ms,
        };
        let failed = ended(Outcome::Failure);
        let Some(card) = self.card.as_ref().filter(|card| card.active) else {
            return failed;
        };
        if self.barred {
            return failed;
        }
        if self.direction == Direction::FromCard && self.amount > card.available() {
            if !self.nsf_allowed || card.available() <= 0 {
                return failed;
            }
            self.amount = card.available();
        }
        let ending = match (wish, card.behaviour()) {
            (Some(Wish::End(ending)), _) => ending,
            (_, Behaviour::Succeeds | Behaviour::SucceedsUnanswered) => {
                Ending::Now(Outcome::Success)
            }
            (_, Behaviour::Fails) => Ending::Now(Outcome::Failure),
            (_, Behaviour::Waits(outcome)) => Ending::Later(Some(outcome)),
        };
        match ending {
            Ending::Now(outcome) => ended(outcome),
            Ending::Later(then) => Standing::Pending {
                then: then.map(|outcome| (outcome, now_ms + PENDING_MS)),
            },
        }
    }

    fn transaction(&self, order_no: &str, state: Standing, now_ms: i64) -> Transaction {
        let paywizard_id = format!("10020{}", digits(6));
        Transaction {
            checkout_id: format!("93{}", digits(16)),
            order_no: order_no.to_owned(),
            trans_index_code: format!("{paywizard_id}{}", digits(10)),
            paywizard_id,
            kind: self.kind,
            direction: self.direction,
            card: self.card.as_ref().map(|card| card.number.clone()),
            amount: self.amount,
            currency: self.currency.clone(),
            state,
            made_ms: now_ms,
            original: self.original.as_ref().map(|it| it.checkout_id.clone()),
            voided_by: None,
            answer: None,
            wishes: Vec::new(),
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the twin draws its own ids, as the provider does; nobody replays it"
)]
fn digits(count: usize) -> String {
    let mut bytes = vec![0_u8; count];
    getrandom::fill(&mut bytes).expect("the computer has random bytes");
    bytes
        .iter()
        .map(|byte| char::from(b'0' + byte % 10))
        .collect()
}
