//! The card charge of the start data: nobody knows what became of it, and one operator has said something.

use app::{
    charge_card::Charger,
    create_card_charge::{CardCharges, CreateCardCharge},
    decide_card_charge::{self, DecideCardCharge},
    memory::{Operation, ScriptedProvider, Trouble},
    message::{Message, QueueName},
    port::Plaintext,
};
use domain::{
    charge::{ChargeDecision, ChargeOutcome},
    ids::ChargeId,
    money::Cents,
    routing::Provider,
    transition::Actor,
};

use super::{NOW, Props, SampleVault};

const ACCOUNT: &str =
    r#"{"accountId":"6000000000000001","channel":"FACTOR4","entryType":"K","type":"prepaid_card"}"#;
const REFERENCE: &str = "topup-2026-01-30";

impl Props {
    /// The charge, where `function` works with one.
    pub(super) async fn put_charge(&self, function: &str) {
        if !matches!(function, "get-card-charge" | "decide-card-charge") {
            return;
        }
        let id = self.seal.charge_id(&self.tenant, REFERENCE);
        self.ask_for_charge(id.clone()).await;
        self.lose_charge().await;
        let decide = DecideCardCharge {
            asking: self.asking(),
            id,
            decision: ChargeDecision {
                outcome: ChargeOutcome::Paid,
                evidence: "statement-2026-01-30/17".to_owned(),
                note: None,
                actor: Actor::Key("another".to_owned()),
                owner: "another operator".to_owned(),
                at: NOW,
            },
        };
        let decided = decide_card_charge::run(&Self::call(142), &self.store, decide).await;
        decided.expect("proposed");
    }

    async fn ask_for_charge(&self, id: ChargeId) {
        let account = Plaintext(ACCOUNT.to_owned());
        let charges = CardCharges {
            store: self.store.clone(),
            queue: self.queue.clone(),
            vault: SampleVault,
        };
        let create = CreateCardCharge {
            asking: self.asking(),
            id,
            amount: Cents::new(250_000),
            reference: REFERENCE.to_owned(),
            masked: "****0001".to_owned(),
            account_digest: self.seal.charged_account(&account),
            account,
        };
        while self
            .queue
            .take(QueueName::Provider(Provider::Paywizard), NOW)
            .is_some()
        {}
        let asked = charges.create(&Self::call(140), create).await;
        asked.expect("a charge");
    }

    /// The charge is sent, and its answer lost.
    async fn lose_charge(&self) {
        let message = self
            .queue
            .take(QueueName::Provider(Provider::Paywizard), NOW);
        let Some(Message::Charge(charge)) = message else {
            panic!("a charge is followed by its message");
        };
        let provider = ScriptedProvider::default();
        provider.trouble(Operation::Charge, Trouble::LostAfter);
        let charger = Charger {
            store: self.store.clone(),
            queue: self.queue.clone(),
            providers: provider,
            vault: SampleVault,
            seal: self.seal.clone(),
            breaker: app::breaker::Breaker::default(),
        };
        let done = charger.run(&Self::call(141), &charge).await;
        done.expect("sent");
    }
}
