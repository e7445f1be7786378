//! Two owners explain money that stands in suspense under an attempt's name.

use domain::{denied::Denied, payout::LateChange, review::Disposition};

use super::Effect;

impl Effect<'_> {
    pub(super) fn explain(&mut self, agreed: Disposition) -> Result<(), Denied> {
        let money = self.attempt.posted();
        let (change, money) = match agreed {
            Disposition::Recovered(sum) => {
                (LateChange::Recovered(sum), money.partly_recovered(sum))
            }
            Disposition::Absorbed(by) => {
                let surplus = money.surplus();
                let change = LateChange::Absorbed { by, surplus };
                (change, money.explained(surplus))
            }
            Disposition::RestReturned(sum) => (
                LateChange::RestReturned(sum),
                money.explained(sum.negated()),
            ),
            Disposition::Paid
            | Disposition::NotPaid
            | Disposition::Partly(_)
            | Disposition::PartlyRestReturned(_)
            | Disposition::Surplus
            | Disposition::Returned(_)
            | Disposition::Nothing => return Err(Denied::AttemptState),
        };
        self.attempt.money = Some(money);
        self.late_change(&change)
    }
}
