//! The adapters of the local host: the bundle's own, with the credentials of the twins.

use std::{sync::Arc, time::Duration};

use domain::ids::Mode;
use platform::{
    pace::Pace,
    provider::{
        AnyProvider,
        http::Http,
        owlpay::{self, Owlpay, settings::OwlpaySettings},
        payelata::{
            Payelata,
            public::PayelataPublic,
            settings::{BANK_SERVICE, CallbackSecrets, PayelataSettings, PublicSettings},
        },
        paywizard::{
            PayWizard,
            settings::{AmountUnit, Channels, PayWizardSettings},
        },
    },
};

use crate::{
    clock::MovableClock,
    host::Fault,
    twins::{
        owlpay as owlpay_twin,
        payelata::{ACCOUNT_ID, API_KEY, CALLBACK_KEY_LIVE, CALLBACK_KEY_TEST, PUBLIC_KEY_TEST},
        paywizard as paywizard_twin,
    },
};

/// Deadlines of provider calls follow the movable clock.
fn pace(clock: &MovableClock) -> Pace {
    let clock = clock.clone();
    Pace::by(Arc::new(move |span: Duration| {
        let clock = clock.clone();
        let span_ms = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        let at_ms = clock.now_ms().saturating_add(span_ms);
        Box::pin(async move { clock.sleep_until(at_ms).await })
    }))
}

pub(crate) fn callback_secrets() -> CallbackSecrets {
    CallbackSecrets {
        test: vec![CALLBACK_KEY_TEST.into()],
        live: vec![CALLBACK_KEY_LIVE.into()],
    }
}

pub(crate) fn owlpay_secrets() -> owlpay::callback::CallbackSecrets {
    owlpay::callback::CallbackSecrets {
        test: vec![owlpay_twin::WEBHOOK_SECRET_TEST.into()],
        live: vec![owlpay_twin::WEBHOOK_SECRET_LIVE.into()],
    }
}

pub(crate) fn providers(
    clock: &MovableClock,
    (api, sandbox): (&str, &str),
    channels: &Channels,
) -> Result<AnyProvider, Fault> {
    let settings = PayelataSettings {
        private_base: format!("{sandbox}/payelata/api"),
        account_id: ACCOUNT_ID.into(),
        api_key: API_KEY.into(),
        callback_base: api.to_owned(),
        callback_secrets: callback_secrets(),
        bank_service: BANK_SERVICE.to_owned(),
        mode: Mode::Test,
        sandbox_hosts: Vec::new(),
    };
    let http = Http::new(pace(clock))?;
    let payelata = Payelata::new(settings, http.clone())?;
    let settings = PublicSettings {
        public_base: format!("{sandbox}/payelata/public-api"),
        public_key: PUBLIC_KEY_TEST.into(),
        bank_service: BANK_SERVICE.to_owned(),
        mode: Mode::Test,
        sandbox_hosts: Vec::new(),
    };
    let payelata_public = PayelataPublic::new(settings, http.clone())?;
    let settings = OwlpaySettings {
        base: format!("{sandbox}/owlpay/api/v1/platform/tunnel"),
        api_key: owlpay_twin::KEY_TEST.into(),
        mode: Mode::Test,
        sandbox_hosts: Vec::new(),
    };
    let owlpay = Owlpay::new(settings, http.clone())?;
    let settings = PayWizardSettings {
        base: format!("{sandbox}/paywizard"),
        client_id: paywizard_twin::CLIENT_ID.into(),
        client_secret: paywizard_twin::CLIENT_SECRET.into(),
        jwt_token: paywizard_twin::JWT_TOKEN.into(),
        channels: channels.clone(),
        refusal_codes: vec![401, 403],
        amount_unit: AmountUnit::Major,
        top_ups: true,
        mode: Mode::Test,
        sandbox_hosts: Vec::new(),
    };
    let paywizard = PayWizard::new(settings, http)?;
    Ok(AnyProvider::new(payelata)
        .with_payelata_public(Some(payelata_public))
        .with_owlpay(Some(owlpay))
        .with_paywizard(Some(paywizard)))
}
