//! Payouts to drivers' prepaid cards and charges of our own ones, as the providers' port wants them: one call, no
//! look-up, no repeat.

use app::port::{ChargeOrder, CreateOrder, NotShown, Plaintext, Snapshot};
use domain::{
    answer::{Answer, Facts, Refusal, Seen, Standing},
    driver::MethodKind,
    ids::{Mode, ProviderId},
    money::{Cents, Currency},
};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::{
    EntryType, MoneyOrder, Movement, OrderNo, PayWizard, PrepaidCard, Told, settings::Channels,
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
        let order_no = OrderNo::of(&attempt.reference.to_string());
        let told = self
            .top_up(&MoneyOrder {
                order_no: &order_no,
                card: &card,
                amount: attempt.net,
                currency: attempt.currency,
            })
            .await;
        answer(told, attempt.net)
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
        answer(told, charge.amount)
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

/// What a money call over `asked` means for an attempt. The vendor shows the amount and nothing else of it.
fn answer(told: Told<Movement>, asked: Cents) -> Answer {
    let shown = |object: ProviderId, standing, status: &str, amount| Answer::Exists {
        object,
        seen: Box::new(Seen {
            standing,
            status: status.to_owned(),
            updated: 0,
            facts: Facts {
                amount,
                was_processed: standing == Standing::Paid,
                ..Facts::default()
            },
        }),
    };
    match told {
        Told::Said(Movement::Done { checkout_id }) => {
            shown(checkout_id, Standing::Paid, "success", Some(asked))
        }
        Told::Said(Movement::AmountUnclear { checkout_id }) => {
            shown(checkout_id, Standing::Paid, "success", None)
        }
        // It cannot be asked about: people find out.
        Told::Said(Movement::Pending { checkout_id }) => {
            shown(checkout_id, Standing::NeedsReview, "pending", Some(asked))
        }
        Told::Said(Movement::Refused) => refused(Refusal::Input, "card_refused"),
        Told::TokenRefused { code } => refused(Refusal::Credentials, &format!("body_code_{code}")),
        Told::NotSent { cause } => Answer::NotSent {
            cause: cause.to_owned(),
        },
        Told::Unclear { cause } => Answer::Unclear { cause },
    }
}

fn refused(by: Refusal, reason: &str) -> Answer {
    Answer::Refused {
        by,
        reason: reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkout() -> ProviderId {
        ProviderId::parse("930000000000000001").expect("valid")
    }

    fn standing(told: Movement) -> Option<(Standing, Option<Cents>)> {
        match answer(Told::Said(told), Cents::new(1_050)) {
            Answer::Exists { seen, .. } => Some((seen.standing, seen.facts.amount)),
            _ => None,
        }
    }

    #[test]
    fn done_is_paid_and_an_amount_that_does_not_fit_is_left_open() {
        let checkout_id = checkout();
        let done = standing(Movement::Done { checkout_id });
        assert_eq!(done, Some((Standing::Paid, Some(Cents::new(1_050)))));
        let checkout_id = checkout();
        let unclear = standing(Movement::AmountUnclear { checkout_id });
        assert_eq!(unclear, Some((Standing::Paid, None)));
        let checkout_id = checkout();
        let pending = standing(Movement::Pending { checkout_id });
        assert_eq!(pending.map(|it| it.0), Some(Standing::NeedsReview));
    }

    #[test]
    fn a_refusal_and_a_refused_token_prove_that_nothing_moved() {
        let told = |told| answer(told, Cents::new(1));
        assert_eq!(
            told(Told::Said(Movement::Refused)),
            refused(Refusal::Input, "card_refused")
        );
        assert_eq!(
            told(Told::TokenRefused { code: 401 }),
            refused(Refusal::Credentials, "body_code_401")
        );
    }

    #[test]
    fn a_card_is_read_from_its_account_and_nothing_else_is_one() {
        let read = |text: &str| card(&Plaintext(text.to_owned()), &Channels::default());
        let plain = read(r#"{"type":"prepaid_card","accountId":"6000000000000001"}"#);
        let plain = plain.expect("a card");
        assert_eq!(
            (plain.entry, plain.channel.as_str()),
            (EntryType::Keyed, "FACTOR4")
        );
        for other in [
            r#"{"type":"card","accountId":"6000000000000001"}"#,
            r#"{"type":"prepaid_card","accountId":"6000000000000001","entryType":"X"}"#,
            r#"{"type":"prepaid_card","accountId":"6000000000000001","channel":4}"#,
            r#"{"type":"prepaid_card"}"#,
            "",
        ] {
            assert_eq!(read(other).err(), Some("account_unreadable"), "{other}");
        }
    }

    #[test]
    fn a_card_keeps_the_channel_that_was_stored_and_one_that_is_not_served_is_no_card() {
        let account = |channel: &str| {
            Plaintext(format!(
                r#"{{"type":"prepaid_card","accountId":"6000000000000001","channel":"{channel}"}}"#
            ))
        };
        let two = Channels::of(vec!["FACTOR4".to_owned(), "SECOND".to_owned()]).expect("two");
        for channel in ["FACTOR4", "SECOND"] {
            let card = card(&account(channel), &two).expect("a card");
            assert_eq!(card.channel, channel);
        }
        for channel in ["SECOND", "factor4", ""] {
            let refused = card(&account(channel), &Channels::default()).err();
            assert_eq!(refused, Some("channel_not_served"), "{channel}");
        }
    }
}
