//! `POST /api/v1/wallet/card-charges`: asks for money from a company's prepaid card, once per reference. The
//! card's number is sealed at once; only a mask can be read again.

use std::collections::BTreeMap;

use app::{
    create_card_charge::{CardCharges, CreateCardCharge},
    error::Error,
    port::{Plaintext, Queue, Store, Vault},
    request_key::Answered,
};
use domain::{charge::Charge, driver::MethodKind};
use platform::{
    api::{
        envelope::Reply, fields::Fields, idempotency, json_text, request::Request,
        view::CardChargeView,
    },
    entry::Backend,
    provider::paywizard::settings::Channels,
};

use crate::{
    account_number::{ENTRY_TYPES, channel, digits, masked},
    asked::{Asked, asking, reply},
};

/// How the card is named unless the client says otherwise: keyed.
const ENTRY_TYPE: &str = "K";

/// What the handler works with, beside the backend.
#[derive(Clone)]
pub struct Means<Q, V> {
    pub queue: Q,
    pub vault: V,
    pub channels: Channels,
}

pub async fn handle<S: Store, Q: Queue, V: Vault>(
    backend: Backend<S>,
    means: Means<Q, V>,
    request: Request,
) -> Reply {
    let meta = request.meta();
    reply(create(&backend, means, &request).await, &meta)
}

async fn create<S: Store, Q: Queue, V: Vault>(
    backend: &Backend<S>,
    means: Means<Q, V>,
    request: &Request,
) -> Result<Answered<Charge>, Error> {
    let mut asked = Asked::read(backend, request)?;
    let amount = asked.fields.required_amount("amount");
    let reference = asked.fields.required_text("reference", 200);
    let card = card(&mut asked.fields, &means.channels);
    if asked.key.is_none() {
        asked
            .fields
            .problem(idempotency::HEADER, "is required for a card charge");
    }
    let read = amount.zip(reference).zip(card);
    let ((amount, reference), card) = asked.fields.finish_with(read)?;
    let tenant = &asked.caller.tenant;
    let meta = asked.meta;
    let render = |charge: &Charge| Reply::ok(&CardChargeView::from(charge), &meta).body;
    let command = CreateCardCharge {
        asking: asking(&asked.caller, asked.key.as_ref(), &render),
        id: backend.seal.charge_id(tenant, &reference),
        amount,
        reference,
        masked: card.masked,
        account_digest: backend.seal.charged_account(&card.account),
        account: card.account,
    };
    let call = backend.call(asked.caller.actor());
    let charges = CardCharges {
        store: backend.store.clone(),
        queue: means.queue,
        vault: means.vault,
    };
    charges.create(&call, command).await
}

struct Card {
    masked: String,
    /// As the payout method of a prepaid card is sealed.
    account: Plaintext,
}

fn card(fields: &mut Fields, channels: &Channels) -> Option<Card> {
    let entry_type = fields.optional_one_of("entryType", &ENTRY_TYPES);
    let channel = channel(fields, channels);
    let number = fields.required("accountId", |text| digits(text, 12..=19))?;
    let masked = masked(&number);
    let members = BTreeMap::from([
        ("type", MethodKind::PrepaidCard.name().to_owned()),
        ("accountId", number),
        ("entryType", entry_type.unwrap_or(ENTRY_TYPE).to_owned()),
        ("channel", channel),
    ]);
    Some(Card {
        masked,
        account: Plaintext(json_text(&members)),
    })
}
