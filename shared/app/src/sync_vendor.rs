//! Keeps OwlPay's idea of a driver up to date: registers them as a payee, tells their name, mail and bank account,
//! asks what became of its review and whether that stands, and has them deleted.
//!
//! Before OwlPay is asked, the driver is moved on to the next time: a worker that dies, an answer that is lost
//! and a second message for the same driver all end there.

use domain::{
    driver::{Details, Driver, VendorNews, VendorStanding, VendorStep},
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
    record::{Key, ObjectLink, Owner, Record},
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
        let changes = linked(changes, before, after);
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
            (VendorStep::Change, Some(vendor), _) => {
                let ask = PayeeAsk::Change {
                    driver,
                    payee: &vendor.id,
                };
                self.providers.payee(ask).await
            }
            (VendorStep::Delete, vendor, _) => {
                let ask = PayeeAsk::Delete {
                    driver,
                    payee: vendor.as_ref().map(|vendor| &vendor.id),
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
            (
                VendorStep::Nothing | VendorStep::Change | VendorStep::Tell | VendorStep::Read,
                ..,
            ) => return Ok(None),
        };
        let news = news(driver, step, answer);
        Ok(news.map(|news| if is_repeat { uncertain(news) } else { news }))
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
            VendorStep::Register => Some(VendorNews::Registered {
                id,
                standing,
                details: Some(Details::of(driver)),
            }),
            VendorStep::Change => Some(VendorNews::Changed {
                details: Details::of(driver),
            }),
            VendorStep::Tell => driver.untold_account().map(|method| VendorNews::Told {
                version: method.version,
            }),
            VendorStep::Read => Some(seen(driver, standing, status)),
            // A deletion shows no vendor: this one is still there.
            VendorStep::Delete => None,
        },
        PayeeAnswer::Absent => match step {
            VendorStep::Read => Some(seen(driver, VendorStanding::Rejected, "absent".to_owned())),
            VendorStep::Delete => Some(VendorNews::Deleted {
                id: driver.vendor.as_ref().map(|vendor| vendor.id.clone()),
            }),
            VendorStep::Nothing | VendorStep::Register | VendorStep::Change | VendorStep::Tell => {
                error!(driver.id = %driver.id, ?step, "OwlPay does not know a vendor");
                refused(driver, step)
            }
        },
        PayeeAnswer::Refused { reason } => {
            error!(driver.id = %driver.id, ?step, reason, "OwlPay refused a vendor");
            refused(driver, step)
        }
        PayeeAnswer::Unclear { cause } => {
            warn!(driver.id = %driver.id, ?step, cause, tries = driver.vendor_tries, "OwlPay gave no clear answer");
            None
        }
    }
}

fn seen(driver: &Driver, standing: VendorStanding, status: String) -> VendorNews {
    VendorNews::Seen {
        told: driver.vendor.as_ref().and_then(|it| it.told_method),
        standing,
        status,
    }
}

/// A refusal ends what was to be done. Of a name it ends only that: the account is told and the review read
/// all the same.
fn refused(driver: &Driver, step: VendorStep) -> Option<VendorNews> {
    match step {
        VendorStep::Nothing => None,
        VendorStep::Change => Some(VendorNews::Changed {
            details: Details::of(driver),
        }),
        VendorStep::Register | VendorStep::Tell | VendorStep::Read | VendorStep::Delete => {
            Some(VendorNews::Refused)
        }
    }
}

/// The news of a call that was made before: the vendor may be one of then, with the details of then.
fn uncertain(news: VendorNews) -> VendorNews {
    match news {
        VendorNews::Registered { id, standing, .. } => VendorNews::Registered {
            id,
            standing,
            details: None,
        },
        VendorNews::Changed { .. }
        | VendorNews::Told { .. }
        | VendorNews::Seen { .. }
        | VendorNews::Deleted { .. }
        | VendorNews::Refused => news,
    }
}

/// Keeps whose vendor is whose: a callback of OwlPay names the vendor only.
fn linked(changes: Changes, before: &Driver, after: &Driver) -> Changes {
    let mode = after.tenant.mode();
    match (&before.vendor, &after.vendor) {
        (None, Some(vendor)) => changes.insert(Record::Object(Box::new(ObjectLink {
            provider: Provider::Owlpay,
            tenant: after.tenant.clone(),
            reference: Owner::Driver(after.id.clone()),
            object: vendor.id.clone(),
        }))),
        (Some(vendor), None) => {
            let key = Key::Object(Provider::Owlpay, mode, vendor.id.clone());
            changes.forget(Some(key))
        }
        (None, None) | (Some(_), Some(_)) => changes,
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
    let name = |driver: &Driver| details(driver).map(|it| it.name.clone());
    let email = |driver: &Driver| details(driver).map(|it| it.email.clone());
    let kyc = |driver: &Driver| Some(driver.kyc.name().to_owned());
    let status = |driver: &Driver| Some(driver.status.name().to_owned());
    let members = [
        changed("vendor", vendor(before), vendor(after)),
        changed("name", name(before), name(after)),
        changed("email", email(before), email(after)),
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
    let action = match (&before.vendor, &after.vendor) {
        (Some(_), None) => "driver.vendor_delete",
        (None, Some(_)) => "driver.vendor_register",
        (Some(_) | None, _) if details(before) != details(after) => "driver.vendor_change",
        (Some(_) | None, _) if told(before) != told(after) => "driver.vendor_account",
        (Some(_) | None, _) => "driver.vendor_review",
    };
    let done = Done {
        tenant: &after.tenant,
        action,
        subject: ("driver", after.id.as_str()),
        changes: members.into_iter().flatten().collect(),
    };
    audit_event::event_if_changed(call, done)
}

/// What OwlPay was told of the driver beside the account.
fn details(driver: &Driver) -> Option<&Details> {
    driver.vendor.as_ref()?.told_details.as_ref()
}
