//! What is said of the wallet.

use app::{
    create_deposit::Booked,
    error::Error,
    record::{Deposit, DepositProposal},
};
use domain::denied::Denied;
use platform::api::{
    body::NewDeposit,
    view::{BalanceView, DepositView},
};

use super::{
    operation::{Operation, Title},
    samples::Samples,
};

pub(super) const TAG: &str = "Wallet";

pub(super) fn operations(samples: &Samples) -> Result<Vec<Operation>, Error> {
    Ok(vec![balance(samples), deposit(samples)?])
}

fn balance(samples: &Samples) -> Operation {
    let title = Title {
        function: "get-balance",
        tag: TAG,
        summary: "Read the balance",
        description: "All figures are of one instant.",
    };
    Operation::new(title)
        .answering("balance", &BalanceView::from(samples.balances), samples)
        .refusing([Samples::unknown_query()], samples)
}

/// A deposit that waits for a second operator.
fn proposal(deposit: &Deposit) -> DepositProposal {
    DepositProposal {
        tenant: deposit.tenant.clone(),
        id: deposit.id.clone(),
        amount: deposit.amount,
        currency: deposit.currency,
        reference: deposit.reference.clone(),
        actor: deposit.actor.clone(),
        owner: "treasury".to_owned(),
        created_at: deposit.created_at,
    }
}

fn deposit(samples: &Samples) -> Result<Operation, Error> {
    let title = Title {
        function: "create-deposit",
        tag: TAG,
        summary: "Book money that came from the bank",
        description: "Once per reference: the same reference with the same amount answers the first deposit. In live mode the \
            first operator only proposes (`awaiting_approval`, no money moves); the same from an operator's key of \
            another owner posts it.",
    };
    let posted = Booked::Posted(Box::new(samples.deposit.clone()));
    let waiting = Booked::AwaitingApproval(Box::new(proposal(&samples.deposit)));
    let body = NewDeposit {
        amount: 5_000_000,
        reference: "wire-2026-11-21",
    };
    let other = "a deposit with this reference exists with another amount";
    let refusals = [
        Samples::invalid(&[("reference", "is required")]),
        Denied::WalletLimit.into(),
        Error::Conflict(other.to_owned()),
    ];
    Ok(Operation::new(title)
        .taking(&[("deposit", body)])?
        .answering("posted", &DepositView::from(&posted), samples)
        .answering("awaiting_approval", &DepositView::from(&waiting), samples)
        .refusing(refusals, samples))
}
