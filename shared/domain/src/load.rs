//! The delivered job a payout is for: one record that also says which payout holds it.

use serde::{Deserialize, Serialize};

use crate::{
    denied::Denied,
    ids::{DriverId, LoadId, PayoutId, TenantId},
    money::{Cents, Currency},
    time::Timestamp,
};

/// Whether a payout may take the load.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LoadStatus {
    /// No payout holds it.
    Open,
    /// A payout holds it.
    Held,
    /// A payout paid it; final unless the money comes back.
    Paid,
}

impl LoadStatus {
    pub const ALL: [Self; 3] = [Self::Open, Self::Held, Self::Paid];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Held => "held",
            Self::Paid => "paid",
        }
    }
}

/// How often a load may be taken by a payout, counting those that were canceled or came back.
pub const HOLDS_MAX: usize = 50;

/// A load as the ERP registered it, with the driver resolved, so that creating a payout reads one item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Load {
    pub tenant: TenantId,
    pub id: LoadId,
    /// Grows with every change, holding and releasing included.
    pub version: u32,
    pub driver: DriverId,
    pub driver_name: String,
    pub amount: Cents,
    pub currency: Currency,
    pub description: Option<String>,
    /// The ERP's own labels, as compact JSON text.
    pub metadata: Option<String>,
    pub status: LoadStatus,
    /// The payout that holds or paid it.
    pub holder: Option<PayoutId>,
    /// Every payout that ever held it, oldest first; at most [`HOLDS_MAX`].
    pub payouts: Vec<PayoutId>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// What the ERP says of a load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadTerms {
    pub driver: DriverId,
    pub driver_name: String,
    pub amount: Cents,
    pub description: Option<String>,
    pub metadata: Option<String>,
}

impl Load {
    /// A load that was not known before.
    pub fn registered(tenant: TenantId, id: LoadId, terms: LoadTerms, at: Timestamp) -> Self {
        Self {
            tenant,
            id,
            version: 1,
            driver: terms.driver,
            driver_name: terms.driver_name,
            amount: terms.amount,
            currency: Currency::Usd,
            description: terms.description,
            metadata: terms.metadata,
            status: LoadStatus::Open,
            holder: None,
            payouts: Vec::new(),
            created_at: at,
            updated_at: at,
        }
    }

    /// What the ERP said of it last.
    pub fn terms(&self) -> LoadTerms {
        LoadTerms {
            driver: self.driver.clone(),
            driver_name: self.driver_name.clone(),
            amount: self.amount,
            description: self.description.clone(),
            metadata: self.metadata.clone(),
        }
    }

    /// The load after the ERP sent `terms`.
    ///
    /// # Errors
    /// [`Denied::LoadHeld`] or [`Denied::LoadPaid`] when driver or amount would change under a payout.
    pub fn revised(&self, terms: LoadTerms, at: Timestamp) -> Result<Self, Denied> {
        let changes_payout = terms.driver != self.driver || terms.amount != self.amount;
        if changes_payout {
            self.require_open()?;
        }
        Ok(Self {
            version: self.version + 1,
            driver: terms.driver,
            driver_name: terms.driver_name,
            amount: terms.amount,
            description: terms.description,
            metadata: terms.metadata,
            updated_at: at,
            ..self.clone()
        })
    }

    /// The load held by `payout`.
    ///
    /// # Errors
    /// [`Denied::LoadHeld`] or [`Denied::LoadPaid`] naming the payout that has it;
    /// [`Denied::LoadExhausted`] when it was taken [`HOLDS_MAX`] times.
    pub fn held_by(&self, payout: &PayoutId, at: Timestamp) -> Result<Self, Denied> {
        self.require_open()?;
        if !self.can_be_held() {
            return Err(Denied::LoadExhausted {
                load: self.id.clone(),
            });
        }
        let mut payouts = self.payouts.clone();
        payouts.push(payout.clone());
        Ok(Self {
            version: self.version + 1,
            status: LoadStatus::Held,
            holder: Some(payout.clone()),
            payouts,
            updated_at: at,
            ..self.clone()
        })
    }

    /// The load taken again by a payout that may have paid it after all. The limit of takers does not count: this is
    /// not a new one.
    #[must_use]
    pub fn taken_again_by(&self, payout: &PayoutId, at: Timestamp) -> Self {
        let mut payouts = self.payouts.clone();
        if !payouts.contains(payout) {
            payouts.push(payout.clone());
        }
        Self {
            version: self.version + 1,
            status: LoadStatus::Held,
            holder: Some(payout.clone()),
            payouts,
            updated_at: at,
            ..self.clone()
        }
    }

    /// Whether it was not taken too often yet.
    pub const fn can_be_held(&self) -> bool {
        self.payouts.len() < HOLDS_MAX
    }

    /// # Errors
    /// [`Denied::LoadHeld`] or [`Denied::LoadPaid`] when a payout has the load.
    pub fn require_open(&self) -> Result<(), Denied> {
        let Some(payout) = self.holder.clone() else {
            return Ok(());
        };
        match self.status {
            LoadStatus::Open => Ok(()),
            LoadStatus::Held => Err(Denied::LoadHeld {
                load: self.id.clone(),
                payout,
            }),
            LoadStatus::Paid => Err(Denied::LoadPaid {
                load: self.id.clone(),
                payout,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load() -> Load {
        Load {
            tenant: "acme~test".parse().expect("valid"),
            id: LoadId::parse("L-1").expect("valid"),
            version: 1,
            driver: DriverId::parse("drv_1").expect("valid"),
            driver_name: "John Smith".to_owned(),
            amount: Cents::new(45_000),
            currency: Currency::Usd,
            description: None,
            metadata: None,
            status: LoadStatus::Open,
            holder: None,
            payouts: Vec::new(),
            created_at: Timestamp::default(),
            updated_at: Timestamp::default(),
        }
    }

    fn terms(amount: i64) -> LoadTerms {
        LoadTerms {
            driver: load().driver,
            driver_name: "John Smith".to_owned(),
            amount: Cents::new(amount),
            description: Some("new text".to_owned()),
            metadata: None,
        }
    }

    #[test]
    fn a_held_load_keeps_its_amount_but_takes_a_new_description() {
        let payout = PayoutId::parse("pay_1").expect("valid");
        let held = load().held_by(&payout, Timestamp::default()).expect("open");
        assert!(matches!(
            held.revised(terms(45_001), Timestamp::default()),
            Err(Denied::LoadHeld { .. })
        ));
        let revised = held.revised(terms(45_000), Timestamp::default());
        assert_eq!(revised.expect("same amount").version, 3);
    }

    #[test]
    fn a_load_is_held_once() {
        let payout = PayoutId::parse("pay_1").expect("valid");
        let held = load().held_by(&payout, Timestamp::default()).expect("open");
        assert!(held.held_by(&payout, Timestamp::default()).is_err());
    }
}
