//! Names in expressions.

use app::changes::TallyKey;
use domain::batch::LineState;

use super::*;

/// What an expression says without placeholders.
fn bare_words(text: &str) -> Vec<&str> {
    text.split(|it: char| !(it.is_ascii_alphanumeric() || matches!(it, '_' | '#' | ':')))
        .filter(|word| !word.is_empty() && !word.starts_with(['#', ':']))
        .collect()
}

#[test]
fn no_name_of_a_batch_stands_bare_in_an_expression_because_the_table_reserves_some() {
    let tally = TallyKey {
        tenant: "acme~test".parse().expect("valid"),
        batch: "batch_1".parse().expect("valid"),
        number: 0,
    };
    let mut by = TallyMovement::default();
    by.add(LineState::Open, -1, -100);
    by.add(LineState::Paid, 1, 100);
    for left in [Left::Any, Left::Some, Left::None] {
        let tally = tally.clone();
        let by = by.clone();
        let item = action("table", &Write::Tally { tally, by, left });
        let update = item.update.expect("a tally is added to");
        let words = bare_words(&update.update_expression);
        assert_eq!(words, ["ADD"]);
        let condition = update.condition_expression.expect("a tally is there");
        let words = bare_words(&condition);
        let is_plain = matches!(words[..], [] | ["attribute_exists", "pk"]);
        assert!(is_plain, "{condition}");
    }
    let gate = Write::Gate {
        tenant: tally.tenant,
        batch: tally.batch,
        gate: 1,
    };
    let check = action("table", &gate).condition_check.expect("a check");
    assert_eq!(bare_words(&check.condition_expression), [""; 0]);
}
