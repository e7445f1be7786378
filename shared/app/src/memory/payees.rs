//! The registered payees of a provider in memory, and how it reviews them.

use domain::{
    driver::VendorStanding,
    ids::{DriverId, ProviderId},
};

use crate::port::{PayeeAnswer, PayeeAsk};

/// One payee of the provider's books.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payee {
    pub id: ProviderId,
    /// How often an account was told.
    pub told: u32,
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
                let known = self.all.iter().rfind(|(id, _)| *id == driver.id);
                if let Some((_, payee)) = known.filter(|_| again) {
                    return shown(payee.id.clone(), VendorStanding::Unchecked);
                }
                let mut digest = [0xfe; 32];
                digest[..8].copy_from_slice(&self.all.len().to_be_bytes());
                let id = ProviderId::from_digest(&digest);
                let payee = Payee {
                    id: id.clone(),
                    told: 0,
                };
                self.all.push((driver.id.clone(), payee));
                shown(id, VendorStanding::Unchecked)
            }
            PayeeAsk::Tell { payee, .. } => match self.find(payee) {
                None => absent(),
                Some(found) => {
                    found.told += 1;
                    shown(payee.clone(), VendorStanding::Checking)
                }
            },
            PayeeAsk::Read { payee, .. } => {
                let review = self.review.unwrap_or(VendorStanding::Approved);
                match self.find(payee) {
                    None => absent(),
                    Some(found) if found.told == 0 => {
                        shown(payee.clone(), VendorStanding::Unchecked)
                    }
                    Some(_) => shown(payee.clone(), review),
                }
            }
        }
    }

    fn find(&mut self, id: &ProviderId) -> Option<&mut Payee> {
        let mut payees = self.all.iter_mut().map(|(_, payee)| payee);
        payees.find(|payee| payee.id == *id)
    }
}

fn shown(id: ProviderId, standing: VendorStanding) -> PayeeAnswer {
    PayeeAnswer::Known {
        id,
        standing,
        status: standing.name().to_owned(),
    }
}

fn absent() -> PayeeAnswer {
    PayeeAnswer::Refused {
        reason: "absent".to_owned(),
    }
}
