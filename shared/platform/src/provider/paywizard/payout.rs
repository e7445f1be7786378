//! Payouts to drivers' prepaid cards and charges of our own ones, as the providers' port wants them: one call, no
//! repeat, and a look-up only by what the vendor has named it.

use app::port::{ChargeOrder, CreateOrder, Lookup, NotShown, Plaintext, Snapshot};
use domain::{
    answer::{Answer, Facts, Refusal, Seen, Standing},
    attempt::Attempt,
    charge::Charge,
    driver::MethodKind,
    ids::{Mode, ProviderId},
    money::{Cents, Currency},
};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::{
    EntryType, MoneyOrder, Movement, OrderNo, OrderShown, OrderState, PayWizard, PrepaidCard, Told,
    settings::Channels,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CardAccount {
    r#type: String,
    account_id: String,
    entry_type: Option<String>,
    channel: Option<String>,
}

impl PayWizard {
    /// Whether drivers' cards may be topped up: always in test mode, in live mode only when the vendor has
    /// confirmed how the amount is named.
    pub fn tops_up(&self) -> bool {
        self.settings.top_ups || self.settings.mode == Mode::Test
    }

    /// Tops the driver's card up with what the driver receives.
    pub(crate) async fn create(&self, order: CreateOrder<'_>) -> Answer {
        let attempt = order.attempt;
        if attempt.tenant.mode() != self.settings.mode || !self.tops_up() {
            return refused(Refusal::Input, "mode_not_served");
        }
        let card = match card(order.account, &self.settings.channels) {
            Ok(card) => card,
            Err(reason) => return refused(Refusal::Input, reason),
        };
        let reference = attempt.reference.to_string();
        let order_no = OrderNo::of(&reference);
        let told = self
            .top_up(&MoneyOrder {
                order_no: &order_no,
                card: &card,
                amount: attempt.net,
                currency: attempt.currency,
            })
            .await;
        answer(told, &reference, attempt.net)
    }

    /// Takes a charge's amount from the card.
    pub(crate) async fn charge(&self, order: ChargeOrder<'_>) -> Answer {
        let charge = order.charge;
        if charge.tenant.mode() != self.settings.mode {
            return refused(Refusal::Input, "mode_not_served");
        }
        let card = match card(order.account, &self.settings.channels) {
            Ok(card) => card,
            Err(reason) => return refused(Refusal::Input, reason),
        };
        let order_no = OrderNo::of(charge.id.as_str());
        let told = self
            .pay(&MoneyOrder {
                order_no: &order_no,
                card: &card,
                amount: charge.amount,
                currency: charge.currency,
            })
            .await;
        answer(told, charge.id.as_str(), charge.amount)
    }

    /// Asks the order query about a top-up that the vendor has named. Without its name there is nobody to ask.
    pub(crate) async fn read(&self, attempt: &Attempt, lookup: &Lookup) -> Answer {
        let Lookup::Object(checkout_id) = lookup else {
            return unclear("no_look_up");
        };
        if attempt.tenant.mode() != self.settings.mode {
            return unclear("mode_not_served");
        }
        let told = self.query_order(checkout_id, attempt.currency).await;
        order_answer(told, checkout_id, &attempt.reference.to_string())
    }

    /// The same about a charge.
    pub(crate) async fn read_charge(&self, charge: &Charge, checkout_id: &ProviderId) -> Answer {
        if charge.tenant.mode() != self.settings.mode {
            return unclear("mode_not_served");
        }
        let told = self.query_order(checkout_id, charge.currency).await;
        order_answer(told, checkout_id, charge.id.as_str())
    }

    /// What is on the card, and what names it.
    pub(crate) async fn snapshot(&self, account: &Plaintext) -> Result<Snapshot, NotShown> {
        let card = card(account, &self.settings.channels).map_err(NotShown::Unusable)?;
        match self.balance(&card, Currency::Usd).await {
            Told::Said(shown) => Ok(Snapshot {
                card: Plaintext(card.account_id.expose_secret().to_owned()),
                balance: shown.balance,
            }),
            Told::TokenRefused { .. } => Err(NotShown::Answered),
            // A code of its own says that the vendor is there, and that something is wrong with this card.
            Told::Unclear { cause } if cause.starts_with("code_") => Err(NotShown::Answered),
            Told::NotSent { .. } | Told::Unclear { .. } => Err(NotShown::Silent),
        }
    }
}

/// The card that was stored, or why no call about it can be made. What was stored with a channel that is not served
/// goes nowhere: through another channel its number may be somebody else's card.
fn card(account: &Plaintext, channels: &Channels) -> Result<PrepaidCard, &'static str> {
    const UNREADABLE: &str = "account_unreadable";
    let account: CardAccount = serde_json::from_str(&account.0).map_err(|_| UNREADABLE)?;
    if account.r#type != MethodKind::PrepaidCard.name() {
        return Err(UNREADABLE);
    }
    let channel = account.channel.unwrap_or(channels.usual().to_owned());
    if !channels.serves(&channel) {
        return Err("channel_not_served");
    }
    Ok(PrepaidCard {
        account_id: SecretString::from(account.account_id),
        entry: match account.entry_type.as_deref() {
            None | Some("K") => EntryType::Keyed,
            Some("B") => EntryType::Barcode,
            Some("M") => EntryType::MagneticStripe,
            Some("P") => EntryType::Proximity,
            Some(_) => return Err(UNREADABLE),
        },
        channel,
    })
}

/// What a money call over `asked` means for what we call `reference`. The vendor shows the amount and nothing else of
/// it; that it is ours is known from the call it answers.
fn answer(told: Told<Movement>, reference: &str, asked: Cents) -> Answer {
    let shown = |object: ProviderId, (standing, status), figures: Figures| {
        exists(object, reference, (standing, status), figures)
    };
    match told {
        Told::Said(Movement::Done { checkout_id }) => shown(
            checkout_id,
            (Standing::Paid, "success"),
            Figures::moved(Some(asked)),
        ),
        Told::Said(Movement::AmountUnclear { checkout_id, told }) => shown(
            checkout_id,
            (Standing::Paid, "success"),
            Figures::moved(told),
        ),
        // Nothing has moved yet, so nothing is reported.
        Told::Said(Movement::Pending { checkout_id }) => {
            let figures = Figures {
                amount: Some(asked),
                moved: None,
            };
            shown(checkout_id, (Standing::NeedsReview, "pending"), figures)
        }
        Told::Said(Movement::Refused) => refused(Refusal::Input, "card_refused"),
        Told::TokenRefused { code } => refused(Refusal::Credentials, &format!("body_code_{code}")),
        Told::NotSent { cause } => Answer::NotSent {
            cause: cause.to_owned(),
        },
        Told::Unclear { cause } => Answer::Unclear { cause },
    }
}

/// What the order query means for what we call `reference`: completed with a figure is a payment of that figure. Every
/// other state is for people, as the query is documented for another product of the vendor.
fn order_answer(told: Told<OrderShown>, checkout_id: &ProviderId, reference: &str) -> Answer {
    match told {
        Told::Said(OrderShown { state, amount }) => {
            let (standing, figures) = match state {
                OrderState::Completed => (Standing::Paid, Figures::moved(amount)),
                OrderState::Pending
                | OrderState::Revoked
                | OrderState::Refunded
                | OrderState::PartlyRefunded
                | OrderState::Closed
                | OrderState::PreAuthorised
                | OrderState::PreAuthorisationRevoked
                | OrderState::PreAuthorisationPartlyRevoked
                | OrderState::Unknown => (
                    Standing::NeedsReview,
                    Figures {
                        amount,
                        moved: None,
                    },
                ),
            };
            exists(
                checkout_id.clone(),
                reference,
                (standing, state.name()),
                figures,
            )
        }
        Told::TokenRefused { code } => refused(Refusal::Credentials, &format!("body_code_{code}")),
        Told::NotSent { cause } => Answer::NotSent {
            cause: cause.to_owned(),
        },
        // The vendor answered, and does not show this order: no sign that it cannot be reached, and none that the
        // order is not there.
        Told::Unclear { cause } if cause.starts_with("code_") => Answer::Doubted {
            by: Refusal::Input,
            reason: cause,
        },
        Told::Unclear { cause } => Answer::Unclear { cause },
    }
}

/// The amount of an order, and what of it the vendor says has moved.
struct Figures {
    amount: Option<Cents>,
    moved: Option<Cents>,
}

impl Figures {
    const fn moved(amount: Option<Cents>) -> Self {
        Self {
            amount,
            moved: amount,
        }
    }
}

fn exists(
    object: ProviderId,
    reference: &str,
    (standing, status): (Standing, &str),
    figures: Figures,
) -> Answer {
    Answer::Exists {
        object,
        seen: Box::new(Seen {
            standing,
            status: status.to_owned(),
            updated: 0,
            withdrawable: false,
            facts: Facts {
                reference: reference.to_owned(),
                amount: figures.amount,
                processed_amount: figures.moved.into(),
                was_processed: standing == Standing::Paid,
                ..Facts::default()
            },
        }),
    }
}

fn unclear(cause: &str) -> Answer {
    Answer::Unclear {
        cause: cause.to_owned(),
    }
}

fn refused(by: Refusal, reason: &str) -> Answer {
    Answer::Refused {
        by,
        reason: reason.to_owned(),
    }
}

#[cfg(test)]
mod tests;
