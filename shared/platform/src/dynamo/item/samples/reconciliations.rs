//! Records of the reconciliation of a day.

use app::record::{
    Comparison, ListEnding, PartRows, PartSet, ProviderList, Reconciliation, ReconciliationPart,
    Record, Settlement,
};
use domain::{
    day::Day,
    money::Cents,
    reconciliation::{Difference, Reason, SettledRow, TEXT_MAX},
    routing::Provider,
};

use super::{NOW, payout, tenant};

fn set(number: u32) -> PartSet {
    PartSet {
        number,
        rows: 2,
        parts: 1,
    }
}

/// A difference whose texts are as long as they can be.
pub(in super::super) fn difference() -> Difference {
    let long = "x".repeat(TEXT_MAX);
    Difference {
        reason: Reason::SettlementAmountDiffers,
        payout: Some(payout().0.id),
        provider: Some(Provider::Payelata),
        reference: long.clone(),
        object: Some(long.parse().expect("valid")),
        ours: Some(long.clone()),
        theirs: Some(long),
        made_at: NOW,
    }
}

pub(in super::super) fn part(rows: PartRows) -> Record {
    Record::ReconciliationPart(Box::new(ReconciliationPart {
        tenant: tenant(),
        day: Day::of(NOW),
        set: 3,
        number: 10,
        rows,
    }))
}

pub(super) fn of_a_day() -> Vec<Record> {
    let list = |ending| ProviderList {
        provider: Provider::Payelata,
        objects: 10_000,
        ending,
    };
    let compared = Reconciliation {
        version: 3,
        run: Some(Comparison {
            set: set(2),
            at: NOW,
            lists: vec![
                list(ListEnding::Complete),
                list(ListEnding::CannotList),
                list(ListEnding::BrokenOff("http_503".to_owned())),
            ],
            cut: true,
        }),
        settlements: Provider::ALL
            .map(|provider| {
                let set = set(3);
                (provider, Settlement { set, at: NOW })
            })
            .into(),
        ..Reconciliation::empty(tenant(), Day::of(NOW))
    };
    let row = SettledRow {
        reference: "pay_01HZX5T6V7W8X9Y0Z1A2B3C4D5-a01".to_owned(),
        amount: Cents::new(44_750),
    };
    vec![
        Record::Reconciliation(Box::new(Reconciliation::empty(tenant(), Day::of(NOW)))),
        Record::Reconciliation(Box::new(compared)),
        part(PartRows::Differences(vec![difference()])),
        part(PartRows::Settled(vec![row.clone(), row])),
    ]
}
