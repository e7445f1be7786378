//! `PUT /api/v1/drivers/{id}/payout-method`: where a driver's money goes. Sealed at once; only the mask
//! can be read again. The provider that would carry it may refuse an account.

use std::collections::BTreeMap;

use app::{
    error::Error,
    port::{Plaintext, Providers, Store, Vault},
    put_payout_method::{self, PutPayoutMethod},
    request_key::Answered,
};
use domain::driver::{Driver, MethodKind};
use platform::{
    api::{envelope::Reply, fields::Fields, json_text, request::Request, view::MethodView},
    entry::Backend,
    provider::paywizard::settings::Channels,
};

use crate::{
    account_number::{ENTRY_TYPES, channel, digits, masked},
    asked::{Asked, asking, driver_id, reply},
};

const KINDS: [(&str, MethodKind); 3] = [
    ("card", MethodKind::Card),
    ("bank_account", MethodKind::BankAccount),
    ("prepaid_card", MethodKind::PrepaidCard),
];

/// What the handler works with, beside the backend.
#[derive(Clone)]
pub struct Means<V, P> {
    pub vault: V,
    pub providers: P,
    /// Of prepaid cards.
    pub channels: Channels,
}

pub async fn handle<S: Store, V: Vault, P: Providers>(
    backend: Backend<S>,
    means: Means<V, P>,
    request: Request,
) -> Reply {
    let meta = request.meta();
    reply(put(&backend, &means, &request).await, &meta)
}

async fn put<S: Store, V: Vault, P: Providers>(
    backend: &Backend<S>,
    means: &Means<V, P>,
    request: &Request,
) -> Result<Answered<Driver>, Error> {
    let mut asked = Asked::read(backend, request)?;
    let Some(kind) = asked.fields.required_one_of("type", &KINDS) else {
        // Without a type no other member can be judged, so only the type is reported.
        let message = "must be one of card, bank_account, prepaid_card";
        return Err(Error::invalid("type", message));
    };
    let account = account(&mut asked.fields, kind, &means.channels);
    let account = asked.fields.finish_with(account)?;
    let tenant = &asked.caller.tenant;
    let driver = request.parsed_param("id", "driver", |text| driver_id(backend, tenant, text))?;
    let meta = asked.meta;
    let render = |driver: &Driver| Reply::ok(&MethodView::from(driver), &meta).body;
    let command = PutPayoutMethod {
        asking: asking(&asked.caller, asked.key.as_ref(), &render),
        driver,
        kind,
        masked: account.masked,
        account: Plaintext(json_text(&account.members)),
    };
    let call = backend.call(asked.caller.actor());
    let means = put_payout_method::Means {
        vault: &means.vault,
        providers: &means.providers,
    };
    put_payout_method::run(&call, &backend.store, means, command).await
}

struct Account {
    members: BTreeMap<&'static str, String>,
    masked: String,
}

fn account(fields: &mut Fields, kind: MethodKind, channels: &Channels) -> Option<Account> {
    let mut members = BTreeMap::from([("type", kind.name().to_owned())]);
    let mut keep = |name: &'static str, value: Option<String>| {
        value.map(|value| members.insert(name, value));
    };
    let number = match kind {
        MethodKind::Card => {
            keep(
                "expMonth",
                fields.optional("expMonth", |text| digits(text, 1..=2)),
            );
            keep(
                "expYear",
                fields.optional("expYear", |text| digits(text, 4..=4)),
            );
            keep("holder", fields.optional_text("holder", 200));
            let number = fields.required("cardNumber", |text| digits(text, 12..=19));
            keep("cardNumber", number.clone());
            number
        }
        MethodKind::BankAccount => {
            let routing = fields.required("routingNumber", |text| digits(text, 9..=9));
            let holder = fields.required_text("holder", 200);
            let complete = routing.is_some() && holder.is_some();
            keep("routingNumber", routing);
            keep("holder", holder);
            let kinds = [("checking", "checking"), ("savings", "savings")];
            let account_type = fields.optional_one_of("accountType", &kinds);
            keep("accountType", account_type.map(str::to_owned));
            let number = fields.required("accountNumber", |text| digits(text, 4..=17));
            keep("accountNumber", number.clone());
            number.filter(|_| complete)
        }
        MethodKind::PrepaidCard => {
            let entry_type = fields.optional_one_of("entryType", &ENTRY_TYPES);
            keep("entryType", entry_type.map(str::to_owned));
            keep("channel", Some(channel(fields, channels)));
            let account = fields.required_text("accountId", 64);
            keep("accountId", account.clone());
            account
        }
    };
    number.map(|number| Account {
        members,
        masked: masked(&number),
    })
}
