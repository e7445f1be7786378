//! The registered payees of a provider in memory, and how it reviews them.

use domain::{
    driver::{Driver, VendorStanding},
    ids::{DriverId, ProviderId},
};

use crate::port::{PayeeAnswer, PayeeAsk};

/// One payee of the provider's books.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payee {
    pub id: ProviderId,
    pub name: String,
    /// How often a name was told after the first.
    pub renamed: u32,
    /// How often an account was told.
    pub told: u32,
    pub is_deleted: bool,
}

#[derive(Debug, Default)]
pub(super) struct Payees {
    pub(super) all: Vec<(DriverId, Payee)>,
    pub(super) review: Option<VendorStanding>,
}

impl Payees {
    pub(super) fn answer(&mut self, ask: PayeeAsk<'_>) -> PayeeAnswer {
        match ask {
            PayeeAsk::Register { driver, again } => {
                let known = self.of(driver);
                if let Some(payee) = known.filter(|_| again) {
                    return shown(payee.id.clone(), VendorStanding::Unchecked);
                }
                let mut digest = [0xfe; 32];
                digest[..8].copy_from_slice(&self.all.len().to_be_bytes());
                let id = ProviderId::from_digest(&digest);
                let payee = Payee {
                    id: id.clone(),
                    name: driver.name.clone(),
                    renamed: 0,
                    told: 0,
                    is_deleted: false,
                };
                self.all.push((driver.id.clone(), payee));
                shown(id, VendorStanding::Unchecked)
            }
            PayeeAsk::Change { driver, payee } => match self.find(payee) {
                None => PayeeAnswer::Absent,
                Some(found) => {
                    found.name.clone_from(&driver.name);
                    found.renamed += 1;
                    shown(payee.clone(), VendorStanding::Checking)
                }
            },
            PayeeAsk::Delete { driver, payee } => {
                let found = match payee {
                    Some(id) => Some(id.clone()),
                    None => self.of(driver).map(|payee| payee.id.clone()),
                };
                if let Some(payee) = found.and_then(|id| self.find(&id)) {
                    payee.is_deleted = true;
                }
                PayeeAnswer::Absent
            }
            PayeeAsk::Tell { payee, .. } => match self.find(payee) {
                None => PayeeAnswer::Absent,
                Some(found) => {
                    found.told += 1;
                    shown(payee.clone(), VendorStanding::Checking)
                }
            },
            PayeeAsk::Read { payee, .. } => {
                let review = self.review.unwrap_or(VendorStanding::Approved);
                match self.find(payee) {
                    None => PayeeAnswer::Absent,
                    Some(found) if found.told == 0 => {
                        shown(payee.clone(), VendorStanding::Unchecked)
                    }
                    Some(_) => shown(payee.clone(), review),
                }
            }
        }
    }

    /// A payee that was not deleted.
    fn find(&mut self, id: &ProviderId) -> Option<&mut Payee> {
        let mut payees = self.all.iter_mut().map(|(_, payee)| payee);
        payees.find(|payee| payee.id == *id && !payee.is_deleted)
    }

    /// The driver's last payee that was not deleted.
    fn of(&self, driver: &Driver) -> Option<&Payee> {
        let ours = |(id, payee): &&(DriverId, Payee)| *id == driver.id && !payee.is_deleted;
        self.all.iter().rfind(ours).map(|(_, payee)| payee)
    }
}

fn shown(id: ProviderId, standing: VendorStanding) -> PayeeAnswer {
    PayeeAnswer::Known {
        id,
        standing,
        status: standing.name().to_owned(),
    }
}
