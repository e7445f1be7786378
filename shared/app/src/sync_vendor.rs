//! Keeps OwlPay's idea of a driver up to date: registers them as a payee, tells their bank account, and asks
//! what became of its review.
//!
//! Before OwlPay is asked, the driver is moved on to the next time: a worker that dies, an answer that is lost
//! and a second message for the same driver all end there.

use domain::{
    driver::{Driver, VendorNews, VendorStep},
    ids::{DriverId, TenantId},
    routing::Provider,
};
use tracing::{error, info, warn};

use crate::{
    audit_event::{self, Done, changed},
    call::Call,
    changes::Changes,
    create_payout::ROUNDS,
    error::Error,
    message::VendorTask,
    port::{CommitError, PayeeAnswer, PayeeAsk, Providers, SealedFor, Store, Vault},
    record::{Key, Record},
    register_driver,
};

/// What keeps vendors.
#[derive(Clone)]
pub struct VendorKeeper<S, P, V> {
    pub store: S,
    pub providers: P,
    pub vault: V,
}

impl<S: Store, P: Providers, V: Vault> VendorKeeper<S, P, V> {
    /// Does what is due for one driver: each step once, and the rest with the next message.
    ///
    /// # Errors
    /// `Unavailable` when the store or the vault cannot be reached.
    pub async fn run(&self, call: &Call, task: &VendorTask) -> Result<(), Error> {
        let mut last = None;
        for _ in 0..ROUNDS {
            let Some(driver) = self.read(&task.tenant, &task.driver).await? else {
                warn!(driver.id = %task.driver, "a message names a driver who does not exist");
                return Ok(());
            };
            let step = driver.vendor_step();
            if !driver.is_vendor_due(call.now()) || last == Some(step) {
                return Ok(());
            }
            if step == VendorStep::Nothing || !self.providers.offers(Provider::Owlpay) {
                return self
                    .replace(call, &driver, &driver.left_by_owlpay())
                    .await
                    .map(drop);
            }
            let asking = driver.asking_owlpay(call.now());
            if !self.replace(call, &driver, &asking).await? {
                continue;
            }
            last = Some(step);
            if asking.vendor_next_at.is_none() {
                error!(driver.id = %driver.id, "OwlPay is asked about the vendor for the last time");
            }
            let is_repeat = driver.vendor_tries > 0;
            let Some(news) = self.ask(&asking, step, is_repeat).await? else {
                return Ok(());
            };
            self.record(call, asking, &news).await?;
        }
        Ok(())
    }

    async fn read(&self, tenant: &TenantId, driver: &DriverId) -> Result<Option<Driver>, Error> {
        let key = Key::Driver(tenant.clone(), driver.clone());
        match self.store.fetch(&[key]).await?.into_iter().next().flatten() {
            Some(Record::Driver(driver)) => Ok(Some(*driver)),
            Some(_) | None => Ok(None),
        }
    }

    /// Whether the driver was still as they were read.
    async fn replace(&self, call: &Call, before: &Driver, after: &Driver) -> Result<bool, Error> {
        let tx_id = call.tx_id(&format!("vendor {}", before.version));
        let changes = Changes::new("vendor", tx_id);
        let changes =
            register_driver::replaced(changes, before, after).insert_if(noted(call, before, after));
        match self.store.commit(changes).await {
            Ok(()) => Ok(true),
            Err(CommitError::Refused(_) | CommitError::Contended) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Asks OwlPay; none when it gave no clear answer, or there is nothing to ask.
    async fn ask(
        &self,
        driver: &Driver,
        step: VendorStep,
        is_repeat: bool,
    ) -> Result<Option<VendorNews>, Error> {
        let answer = match (step, &driver.vendor, driver.untold_account()) {
            (VendorStep::Register, ..) => {
                let ask = PayeeAsk::Register {
                    driver,
                    again: is_repeat,
                };
                self.providers.payee(ask).await
            }
            (VendorStep::Tell, Some(vendor), Some(method)) => {
                let owner = SealedFor::Driver(driver.id.clone());
                let account = self
                    .vault
                    .open(&driver.tenant, &owner, &method.sealed)
                    .await?;
                let ask = PayeeAsk::Tell {
                    driver,
                    payee: &vendor.id,
                    account: &account,
                };
                self.providers.payee(ask).await
            }
            (VendorStep::Read, Some(vendor), _) => {
                let ask = PayeeAsk::Read {
                    payee: &vendor.id,
                    mode: driver.tenant.mode(),
                };
                self.providers.payee(ask).await
            }
            (VendorStep::Nothing | VendorStep::Tell | VendorStep::Read, ..) => return Ok(None),
        };
        Ok(news(driver, step, answer))
    }

    /// Writes what OwlPay said. Who changed the driver meanwhile did not change that.
    async fn record(&self, call: &Call, asking: Driver, news: &VendorNews) -> Result<(), Error> {
        let mut driver = asking;
        for _ in 0..ROUNDS {
            let Some(next) = driver.heard_from_owlpay(news, call.now()) else {
                return Ok(());
            };
            if self.replace(call, &driver, &next).await? {
                let standing = next.vendor.as_ref().map(|vendor| vendor.standing);
                info!(driver.id = %next.id, ?standing, kyc = next.kyc.name(), "vendor moved");
                return Ok(());
            }
            match self.read(&driver.tenant, &driver.id).await? {
                Some(found) => driver = found,
                None => return Ok(()),
            }
        }
        // Asked again when the driver is due next: a registration is looked up before it is repeated.
        warn!(driver.id = %driver.id, "the driver kept changing; OwlPay will be asked again");
        Ok(())
    }
}

/// What an answer says to the step it answers.
fn news(driver: &Driver, step: VendorStep, answer: PayeeAnswer) -> Option<VendorNews> {
    match answer {
        PayeeAnswer::Known {
            id,
            standing,
            status,
        } => match step {
            VendorStep::Nothing => None,
            VendorStep::Register => Some(VendorNews::Registered { id, standing }),
            VendorStep::Tell => driver.untold_account().map(|method| VendorNews::Told {
                version: method.version,
            }),
            VendorStep::Read => Some(VendorNews::Seen {
                told: driver.vendor.as_ref().and_then(|it| it.told_method),
                standing,
                status,
            }),
        },
        PayeeAnswer::Refused { reason } => {
            error!(driver.id = %driver.id, ?step, reason, "OwlPay refused a vendor");
            Some(VendorNews::Refused)
        }
        PayeeAnswer::Unclear { cause } => {
            warn!(driver.id = %driver.id, ?step, cause, tries = driver.vendor_tries, "OwlPay gave no clear answer");
            None
        }
    }
}

/// What OwlPay changed about the driver; nothing for a mere look.
fn noted(call: &Call, before: &Driver, after: &Driver) -> Option<Record> {
    let vendor = |driver: &Driver| driver.vendor.as_ref().map(|it| it.id.to_string());
    let standing = |driver: &Driver| {
        let vendor = driver.vendor.as_ref();
        vendor.map(|it| it.standing.name().to_owned())
    };
    let told = |driver: &Driver| {
        let told = driver.vendor.as_ref().and_then(|it| it.told_method);
        told.map(|version| version.to_string())
    };
    let kyc = |driver: &Driver| Some(driver.kyc.name().to_owned());
    let status = |driver: &Driver| Some(driver.status.name().to_owned());
    let members = [
        changed("vendor", vendor(before), vendor(after)),
        changed("accountVersion", told(before), told(after)),
        changed("standing", standing(before), standing(after)),
        changed("kycStatus", kyc(before), kyc(after)),
        changed(
            "reason",
            before.kyc_reason.clone(),
            after.kyc_reason.clone(),
        ),
        changed("status", status(before), status(after)),
    ];
    let action = match (vendor(before) == vendor(after), told(before) == told(after)) {
        (false, _) => "driver.vendor_register",
        (true, false) => "driver.vendor_account",
        (true, true) => "driver.vendor_review",
    };
    let done = Done {
        tenant: &after.tenant,
        action,
        subject: ("driver", after.id.as_str()),
        changes: members.into_iter().flatten().collect(),
    };
    audit_event::event_if_changed(call, done)
}
