//! What one standard payout costs at the table and the queues. The figures are pinned: a change that
//! makes them grow fails here, and one that makes them shrink should lower them here.

use std::collections::BTreeMap;

use platform::dynamo::Cost;

use crate::figures::report;
use crate::stage::Stage;

/// Calls, hundredths of read units and of write units of one standard payout, by operation and label.
const BUDGET: [(&str, &str, u64, u64, u64); 9] = [
    ("GetItem", "fetch", 1, 100, 0),
    ("TransactWriteItems", "create", 1, 0, 1_900),
    // The payout is read once to find out who carries it, and once by that provider's worker.
    ("BatchGetItem", "fetch", 3, 1_500, 0),
    ("TransactWriteItems", "claim", 1, 0, 2_000),
    ("TransactWriteItems", "created", 1, 0, 400),
    ("TransactWriteItems", "answer", 2, 0, 2_400),
    ("TransactWriteItems", "callback", 1, 0, 200),
    ("TransactGetItems", "balances", 0, 0, 0),
    ("Query", "transitions", 0, 0, 0),
];
const WRITE_UNITS_MAX: u64 = 7_000;
const READ_UNITS_MAX: u64 = 1_600;
/// Sends, receives and deletes of the messages of one payout: dispatch, its provider's, and the callback's check.
const QUEUE_REQUESTS_MAX: u64 = 9;

#[tokio::test(flavor = "multi_thread")]
async fn a_standard_payout_stays_within_its_budget() {
    let stage = Stage::new().await;
    // The first call reads the API key; later ones within a minute do not.
    stage.balance().await;
    stage.host.meter.reset();
    let sent = stage.host.world.queue.sent();
    // The callback's check waits until the dispatcher is done, so that the two never race here.
    let checks = stage.host.pump.hold(app::message::QueueName::Check).await;
    let id = stage.create("L-12345").await;
    stage.host.pump.settle().await;
    drop(checks);
    stage.host.pump.settle().await;
    let messages = stage.host.world.queue.sent() - sent;
    let costs = of_payouts(stage.host.meter.costs());
    assert_eq!(stage.payout(&id).await["status"], "completed");

    println!("operation            label            calls  read units write units");
    let mut total = Cost::default();
    for ((operation, label), cost) in &costs {
        println!(
            "{operation:<20} {label:<16} {:>5} {:>11} {:>11}",
            cost.calls,
            units(cost.read_hundredths),
            units(cost.write_hundredths)
        );
        total.calls += cost.calls;
        total.read_hundredths += cost.read_hundredths;
        total.write_hundredths += cost.write_hundredths;
        let budget = BUDGET
            .iter()
            .find(|row| (row.0, row.1) == (*operation, *label))
            .unwrap_or_else(|| panic!("{operation} {label} is not in the budget"));
        let spent = (cost.calls, cost.read_hundredths, cost.write_hundredths);
        let within = spent.0 <= budget.2 && spent.1 <= budget.3 && spent.2 <= budget.4;
        assert!(
            within,
            "{operation} {label} grew to {spent:?}, its budget is {budget:?}"
        );
    }
    report(&format!(
        "cost: a standard payout makes {} table calls, {} read units, {} write units, {messages} messages",
        total.calls,
        units(total.read_hundredths),
        units(total.write_hundredths)
    ));
    assert!(total.write_hundredths <= WRITE_UNITS_MAX);
    assert!(total.read_hundredths <= READ_UNITS_MAX);
    assert!(messages * 3 <= QUEUE_REQUESTS_MAX, "{messages} messages");
}

/// The timers' own queries and the leases of the rate limit do not belong to one payout.
fn of_payouts(
    costs: BTreeMap<platform::dynamo::Step, Cost>,
) -> BTreeMap<(&'static str, &'static str), Cost> {
    costs
        .into_iter()
        .filter(|(step, _)| !matches!(step.label, "due" | "outbox" | "lease"))
        .map(|(step, cost)| ((step.operation, step.label), cost))
        .collect()
}

fn units(hundredths: u64) -> String {
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}
