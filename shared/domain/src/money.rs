//! Money in integer minor units, and its exact decimal text at a provider's border.
//!
//! No float appears anywhere: an amount is counted in cents, and a decimal token is read and written
//! digit by digit through `rust_decimal`.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// An amount in minor units of the wallet currency (cents for USD). May be negative: a ledger leg is.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Cents(i64);

impl Cents {
    pub const ZERO: Self = Self(0);
    /// The largest single payout, load or deposit step: 1,000,000.00 (reliability settings).
    pub const PAYOUT_MAX: Self = Self(100_000_000);
    /// The largest balance a wallet may hold: 10^15 minor units (reliability settings).
    pub const WALLET_MAX: Self = Self(1_000_000_000_000_000);

    pub const fn new(minor: i64) -> Self {
        Self(minor)
    }

    pub const fn get(self) -> i64 {
        self.0
    }

    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }

    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// The same amount in the other direction. Amounts are bounded far below `i64::MIN`, so this
    /// cannot overflow for any value that passed a limit.
    pub const fn negated(self) -> Self {
        Self(self.0.saturating_neg())
    }
}

impl std::fmt::Display for Cents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// The currency of a wallet. One wallet holds one currency (OVN Pay contract, section 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Currency {
    #[serde(rename = "USD")]
    Usd,
}

impl Currency {
    pub const ALL: [Self; 1] = [Self::Usd];

    /// ISO 4217 code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Usd => "USD",
        }
    }

    /// ISO 4217 exponent: how many decimals one major unit has.
    pub const fn exponent(self) -> u32 {
        match self {
            Self::Usd => 2,
        }
    }
}

/// A decimal text that is not an exact amount of the currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the text is not an exact amount of the currency")]
pub struct InexactAmount;

/// Writes minor units as the shortest exact decimal token of major units: 44750 with exponent 2 is
/// `447.5`, 1000 is `10`. The token is valid as a JSON number.
pub fn to_decimal_token(amount: Cents, exponent: u32) -> String {
    Decimal::from_i128_with_scale(i128::from(amount.get()), exponent)
        .normalize()
        .to_string()
}

/// Reads a decimal token of major units (`10`, `10.00`, `4.475e2`) into minor units.
///
/// # Errors
/// [`InexactAmount`] when the text is not a decimal number, has more decimals than the currency, or
/// does not fit 64 bits.
pub fn from_decimal_token(text: &str, exponent: u32) -> Result<Cents, InexactAmount> {
    let decimal = if text.contains(['e', 'E']) {
        Decimal::from_scientific(text)
    } else {
        Decimal::from_str_exact(text)
    }
    .map_err(|_| InexactAmount)?;
    let factor = Decimal::from(10_i64.checked_pow(exponent).ok_or(InexactAmount)?);
    let minor = decimal
        .checked_mul(factor)
        .ok_or(InexactAmount)?
        .normalize();
    if minor.scale() != 0 {
        return Err(InexactAmount);
    }
    i64::try_from(minor.mantissa())
        .map(Cents)
        .map_err(|_| InexactAmount)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_token_is_the_shortest_exact_decimal() {
        assert_eq!(to_decimal_token(Cents::new(44750), 2), "447.5");
        assert_eq!(to_decimal_token(Cents::new(1000), 2), "10");
        assert_eq!(to_decimal_token(Cents::new(1), 2), "0.01");
        assert_eq!(to_decimal_token(Cents::new(500), 0), "500");
        assert_eq!(to_decimal_token(Cents::new(1234), 3), "1.234");
    }

    #[test]
    fn equal_amounts_in_any_spelling_read_the_same() {
        for text in ["10", "10.0", "10.00", "1e1", "1.0E1"] {
            assert_eq!(from_decimal_token(text, 2), Ok(Cents::new(1000)), "{text}");
        }
    }

    #[test]
    fn more_precision_than_the_currency_is_refused() {
        for text in [
            "10.001",
            "0.005",
            "",
            "ten",
            "NaN",
            "1e400",
            "92233720368547758.08",
        ] {
            assert_eq!(from_decimal_token(text, 2), Err(InexactAmount), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_amount_survives_its_token(minor in any::<i64>(), exponent in 0_u32..=3) {
            let token = to_decimal_token(Cents::new(minor), exponent);
            prop_assert_eq!(from_decimal_token(&token, exponent), Ok(Cents::new(minor)));
        }
    }
}
