//! Every status word of both providers with every mark that may stand beside it: each cell belongs to exactly one row of
//! the provider's document, and the code concludes what the row says.

use domain::{
    answer::{Answer, Facts, Seen, Standing},
    attempt::Attempt,
    attempt_machine::{AttemptEvent, AttemptState},
    ids::ProviderId,
    money::Cents,
    resolution::{Asked, LateNews, Step, late_news},
    routing::Provider,
};
use platform::provider::{owlpay::status as owlpay, payelata::status as payelata};

use crate::{
    owlpay_cells::{OWLPAY, all_marks},
    payelata_cells::{PAYELATA, Signs},
    stage,
};

pub(crate) const NET: Cents = Cents::new(1_000);

/// A row of a document: its first, second and fourth column, and what follows.
pub(crate) struct Row<Marked> {
    pub(crate) words: &'static [&'static str],
    pub(crate) marks: &'static str,
    pub(crate) has: fn(Marked) -> bool,
    pub(crate) standing: Standing,
    /// What a read shows of a submitted attempt, and of a paid one.
    pub(crate) follows: (Step, Late),
}

/// What a read of a paid attempt is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Late {
    /// As our books have it.
    Paid,
    /// All of it came back.
    Returned,
    /// Two owners decide.
    People,
}

pub(crate) const DEAD: Step = Step::Attempt(AttemptEvent::FinalNegative);
pub(crate) const MISMATCH: Step = Step::Attempt(AttemptEvent::Mismatch);
pub(crate) const UNDER_WAY: Step = Step::Attempt(AttemptEvent::InFlight);
pub(crate) const PAID: Step = Step::Attempt(AttemptEvent::Paid);
/// A submitted object that is still inert is processed again; a paid one cannot be inert.
pub(crate) const INERT: (Step, Late) = (Step::Attempt(AttemptEvent::Reprocess), Late::People);
/// Stands for every word that no list has.
pub(crate) const ANY_OTHER: &[&str] = &["any other word"];

const fn told(standing: Standing) -> &'static str {
    match standing {
        Standing::Inert => "inert",
        Standing::InFlight => "in flight",
        Standing::Unrecognised => "in flight, not recognised",
        Standing::Paid => "paid",
        Standing::Rejected => "rejected",
        Standing::FinalNegative => "ended without payment",
        Standing::Reversed => "reversed",
        Standing::NeedsReview => "needs review",
    }
}

/// What a read of an object like this proves of a submitted attempt and of a paid one.
fn follows(provider: Provider, standing: Standing, facts: &Facts) -> (Step, Late) {
    let object = ProviderId::parse("object_1").expect("valid");
    let answer = Answer::Exists {
        object: object.clone(),
        seen: Box::new(Seen {
            standing,
            status: "a word".to_owned(),
            updated: 1,
            withdrawable: false,
            facts: facts.clone(),
        }),
    };
    let attempt = |state| Attempt {
        provider,
        object: Some(object.clone()),
        ..stage::attempt(state)
    };
    let submitted = stage::proves(&attempt(AttemptState::Submitted), Asked::Read, &answer);
    let paid = attempt(AttemptState::Paid);
    let late = match late_news(&paid, &answer, paid.created_at) {
        LateNews::Confirms => Late::Paid,
        LateNews::Returned => Late::Returned,
        LateNews::Contradicts(_) => Late::People,
        other => panic!("{standing:?} is {other:?}"),
    };
    (submitted.step, late)
}

fn fitting() -> Facts {
    Facts {
        reference: stage::REFERENCE.to_owned(),
        currency: "USD".to_owned(),
        amount: Some(NET),
        payout_amount: Some(NET),
        service_currency: Some("USD".to_owned()),
        service_payout_amount: Some(NET),
        test_mode: Some(true),
        ..Facts::default()
    }
}

/// The one row that a cell belongs to.
fn row_of<'a, Marked: Copy + std::fmt::Debug>(
    rows: &'a [Row<Marked>],
    word: &str,
    marks: Marked,
) -> &'a Row<Marked> {
    let mut fitting = rows
        .iter()
        .filter(|row| row.words.contains(&word) && (row.has)(marks));
    let row = fitting.next();
    let row = row.unwrap_or_else(|| panic!("no row for {word} {marks:?}"));
    assert!(fitting.next().is_none(), "two rows for {word} {marks:?}");
    row
}

#[test]
fn each_cell_of_payelata_is_in_one_row_and_means_what_the_row_says() {
    let listed: Vec<&str> = payelata::WORDS.iter().map(|(word, _)| *word).collect();
    let in_rows = PAYELATA.iter().flat_map(|row| row.words);
    for word in in_rows.clone() {
        assert!(listed.contains(word) || ANY_OTHER.contains(word), "{word}");
    }
    for word in listed.into_iter().chain(ANY_OTHER.iter().copied()) {
        for signs in Signs::all() {
            let row = row_of(&PAYELATA, word, signs);
            let facts = Facts {
                processed_amount: signs.amount,
                was_processed: signs.processed || signs.amount.may_be_money(),
                ..fitting()
            };
            let standing = payelata::standing(word, facts.may_have_paid());
            assert_eq!(standing, row.standing, "{word} {signs:?}");
            let found = follows(Provider::Payelata, standing, &facts);
            assert_eq!(found, row.follows, "{word} {signs:?}");
            for test_mode in [None, Some(false)] {
                let facts = Facts {
                    test_mode,
                    ..facts.clone()
                };
                let found = follows(Provider::Payelata, standing, &facts);
                assert_eq!(found, (MISMATCH, Late::People), "{word} {signs:?}");
            }
        }
    }
}

#[test]
fn each_cell_of_owlpay_is_in_one_row_and_means_what_the_row_says() {
    let in_rows: Vec<&str> = OWLPAY.iter().flat_map(|row| row.words).copied().collect();
    for (word, _) in owlpay::WORDS {
        assert!(in_rows.contains(&word), "{word}");
    }
    for word in in_rows {
        for marks in all_marks() {
            let row = row_of(&OWLPAY, word, marks);
            let standing = owlpay::standing(word, marks);
            assert_eq!(standing, row.standing, "{word} {marks:?}");
            let facts = Facts {
                was_processed: marks.say_paid(),
                ..fitting()
            };
            let found = follows(Provider::Owlpay, standing, &facts);
            assert_eq!(found, row.follows, "{word} {marks:?}");
            assert_ne!(standing, Standing::Reversed, "{word} {marks:?}");
            let other_mode = Facts {
                test_mode: Some(false),
                ..facts
            };
            let found = follows(Provider::Owlpay, standing, &other_mode);
            assert_eq!(found, (MISMATCH, Late::People), "{word} {marks:?}");
        }
    }
}

/// The first, second and fourth column of the table of cells in a document.
fn documented(name: &str) -> Vec<[String; 3]> {
    let path = format!(
        "{}/../../docs/providers/{name}.md",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = std::fs::read_to_string(path).expect("a document");
    let head = "| Word | Beside it | Could money have left? | We conclude |";
    let table = text.lines().skip_while(|line| !line.starts_with(head));
    let rows = table.skip(2).take_while(|line| line.starts_with('|'));
    rows.map(|line| {
        let columns: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        assert_eq!(columns.len(), 6, "{line}");
        [columns[0], columns[1], columns[3]].map(str::to_owned)
    })
    .collect()
}

fn written<Marked>(rows: &[Row<Marked>]) -> Vec<[String; 3]> {
    let row = |row: &Row<Marked>| {
        let words: Vec<String> = match row.words {
            words if words == ANY_OTHER => vec![ANY_OTHER[0].to_owned()],
            words => words.iter().map(|word| format!("`{word}`")).collect(),
        };
        [
            words.join(", "),
            row.marks.to_owned(),
            told(row.standing).to_owned(),
        ]
    };
    rows.iter().map(row).collect()
}

#[test]
fn the_documents_say_of_each_cell_what_the_code_concludes() {
    assert_eq!(documented("payelata"), written(&PAYELATA));
    assert_eq!(documented("owlpay"), written(&OWLPAY));
}
