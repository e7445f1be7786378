//! What our books hold under the name of one attempt, where that is more, or less, than a plain payment of N.

use serde::{Deserialize, Serialize};

use super::Attempt;
use crate::{attempt_machine::AttemptState, ids::ProviderId, money::Cents};

/// What is posted under an attempt's name. Amounts have the sign of their account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptMoney {
    /// What stands in clearing: what the provider is booked to have paid, less what came back.
    pub cleared: Cents,
    /// What stands in suspense and nobody has explained yet.
    #[serde(default)]
    pub suspense: Cents,
    /// Parts of the payment that came back and were given to the wallet.
    #[serde(default)]
    pub returned: Cents,
    /// Parts of a surplus that came back.
    #[serde(default)]
    pub recovered: Cents,
    /// Everything came back: the attempt has paid nothing any more.
    #[serde(default)]
    pub given_back: bool,
    /// What objects of the provider other than the attempt's own are booked to have paid; contained in `cleared`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<OtherObject>,
}

/// A second object that the provider shows under our reference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OtherObject {
    pub object: ProviderId,
    pub paid: Cents,
}

impl AttemptMoney {
    fn of_others(&self) -> i64 {
        self.others.iter().map(|it| it.paid.get()).sum()
    }

    /// What is booked as paid by this object of the provider, whether or not some of it came back since: the provider
    /// goes on to show it.
    pub fn booked(&self, object: &ProviderId, is_own: bool) -> Cents {
        if is_own {
            let back = if self.given_back {
                0
            } else {
                self.returned.get()
            };
            let paid = self.cleared.get() + back + self.recovered.get();
            return Cents::new(paid - self.of_others());
        }
        let other = self.others.iter().find(|it| it.object == *object);
        other.map_or(Cents::ZERO, |it| it.paid)
    }

    /// With `more` that this object paid and that nobody has explained: clearing +more, suspense -more.
    #[must_use]
    pub fn unexplained(mut self, object: &ProviderId, is_own: bool, more: Cents) -> Self {
        self.cleared = Cents::new(self.cleared.get() + more.get());
        self.suspense = Cents::new(self.suspense.get() - more.get());
        if !is_own {
            match self.others.iter_mut().find(|it| it.object == *object) {
                Some(other) => other.paid = Cents::new(other.paid.get() + more.get()),
                None => self.others.push(OtherObject {
                    object: object.clone(),
                    paid: more,
                }),
            }
        }
        self
    }

    /// X: what was paid beyond what the books explain.
    pub fn surplus(&self) -> Cents {
        Cents::new((-self.suspense.get()).max(0))
    }

    /// What was taken from the wallet and is not booked to have reached anybody.
    pub fn rest(&self) -> Cents {
        Cents::new(self.suspense.get().max(0))
    }

    /// Whether something stands in suspense under the attempt's name.
    pub fn is_unexplained(&self) -> bool {
        self.suspense != Cents::ZERO
    }

    /// What of `cleared` belongs to the payment itself, and goes back with it: all but a surplus.
    pub fn returnable(&self) -> Cents {
        Cents::new(self.cleared.get() - self.surplus().get())
    }

    /// After everything that belongs to the payment came back.
    #[must_use]
    pub fn all_back(self) -> Self {
        Self {
            cleared: self.surplus(),
            suspense: Cents::new(self.suspense.get().min(0)),
            given_back: true,
            ..self
        }
    }

    /// After `part` of the payment came back.
    #[must_use]
    pub fn partly_back(self, part: Cents) -> Self {
        Self {
            cleared: Cents::new(self.cleared.get() - part.get()),
            returned: Cents::new(self.returned.get() + part.get()),
            ..self
        }
    }

    /// After the surplus turned out never to have left.
    #[must_use]
    pub fn never_paid(self) -> Self {
        Self {
            cleared: self.returnable(),
            suspense: Cents::new(self.suspense.get().max(0)),
            others: Vec::new(),
            ..self
        }
    }

    /// After `part` of the surplus came back.
    #[must_use]
    pub fn partly_recovered(self, part: Cents) -> Self {
        Self {
            cleared: Cents::new(self.cleared.get() - part.get()),
            suspense: Cents::new(self.suspense.get() + part.get()),
            recovered: Cents::new(self.recovered.get() + part.get()),
            ..self
        }
    }

    /// After so much of suspense was explained by another account than clearing, with the sign of suspense.
    #[must_use]
    pub fn explained(self, by: Cents) -> Self {
        Self {
            suspense: Cents::new(self.suspense.get() + by.get()),
            ..self
        }
    }
}

impl Attempt {
    /// What our books hold under the attempt's name. A paid attempt without an entry of its own paid N.
    pub fn posted(&self) -> AttemptMoney {
        let plain = match self.state {
            AttemptState::Paid => self.net,
            AttemptState::Prepared
            | AttemptState::Sending
            | AttemptState::Created
            | AttemptState::ProcessSending
            | AttemptState::Submitted
            | AttemptState::Unknown
            | AttemptState::Review
            | AttemptState::Dead => Cents::ZERO,
        };
        self.money.clone().unwrap_or_else(|| AttemptMoney {
            cleared: plain,
            ..AttemptMoney::default()
        })
    }

    /// Whether the attempt is the one that pays: paid, and not all of it came back.
    pub fn has_paid(&self) -> bool {
        let given_back = self.money.as_ref().is_some_and(|it| it.given_back);
        self.state == AttemptState::Paid && !given_back
    }
}
