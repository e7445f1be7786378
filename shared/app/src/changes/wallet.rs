//! The items that are added to: parts of a wallet, and the counts of lists.

use std::collections::BTreeMap;

use domain::{ids::TenantId, ledger::Account, money::Cents, payout::PayoutStatus};

/// One balance: an account of a tenant, in one shard where the account is sharded.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BalanceKey {
    pub tenant: TenantId,
    pub account: Account,
    pub shard: u8,
}

impl BalanceKey {
    /// The item of the wallet that keeps this balance.
    pub fn wallet(&self) -> WalletKey {
        WalletKey {
            tenant: self.tenant.clone(),
            part: if self.account.is_sharded() {
                WalletPart::Shard(self.shard)
            } else {
                WalletPart::Whole(self.account)
            },
        }
    }
}

/// One item of a wallet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WalletKey {
    pub tenant: TenantId,
    pub part: WalletPart,
}

/// An account that is kept whole, or one shard of all the others. A shard also counts its payouts by
/// status: every transition touches it anyway, so exact totals of lists cost no write of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WalletPart {
    Whole(Account),
    Shard(u8),
}

/// What is added to one item of a wallet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Movement {
    pub cents: BTreeMap<Account, Cents>,
    /// Payouts that came to or left a status.
    pub payouts: BTreeMap<PayoutStatus, i64>,
}

impl Movement {
    pub(super) fn is_zero(&self) -> bool {
        self.cents.is_empty() && self.payouts.is_empty()
    }

    pub(super) fn without_zeros(mut self) -> Self {
        self.cents.retain(|_, by| *by != Cents::ZERO);
        self.payouts.retain(|_, by| *by != 0);
        self
    }
}

/// The counts of one list, in one shard.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CounterKey {
    pub tenant: TenantId,
    pub list: Counted,
    pub shard: u8,
}

/// Lists with counts of their own. Payouts are counted in the shards of the wallet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Counted {
    /// By status.
    Drivers,
    /// All under [`ALL`].
    Loads,
    /// By public status.
    Batches,
    /// By status.
    Reviews,
}

impl Counted {
    pub const ALL: [Self; 4] = [Self::Drivers, Self::Loads, Self::Batches, Self::Reviews];

    /// The names its entries are counted under.
    pub const fn names(self) -> &'static [&'static str] {
        match self {
            Self::Drivers => &["invited", "active", "suspended", "inactive"],
            Self::Loads => &[ALL],
            Self::Batches => &["queued", "processing", "completed", "failed", "canceled"],
            Self::Reviews => &["open", "closed"],
        }
    }
}

/// The name under which a list without states counts.
pub const ALL: &str = "all";
