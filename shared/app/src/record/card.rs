//! Locks of prepaid cards.

use domain::{
    ids::{AttemptRef, Mode},
    routing::Provider,
};
use serde::{Deserialize, Serialize};

/// Which attempt may move money on a prepaid card. It stands until the attempt is final, so that balances
/// before and after can be compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardLock {
    pub provider: Provider,
    pub mode: Mode,
    /// The keyed digest of the card's number.
    pub card: String,
    pub version: u32,
    pub reference: AttemptRef,
}
