//! What reads of ended attempts mean.

use super::{
    tests::{exists, facts},
    *,
};
use crate::{
    answer::{Facts, Figure},
    attempt::tests::attempt,
    ids::ProviderId,
    money::Cents,
};

/// What a read of an ended attempt means: its reason and what more it paid, where it contradicts our books.
pub(super) fn told(attempt: &Attempt, answer: &Answer) -> Result<LateNews, (String, i64)> {
    match late_news(attempt, answer, Timestamp::from_millis(10_000_000)) {
        LateNews::Contradicts(said) => Err((said.reason, said.more.get())),
        other => Ok(other),
    }
}

fn paid_facts(cents: i64) -> Facts {
    Facts {
        processed_amount: Figure::Exact(Cents::new(cents)),
        was_processed: true,
        ..facts()
    }
}

#[test]
fn a_dead_attempt_is_contradicted_by_whatever_may_have_paid() {
    let dead = attempt(AttemptState::Dead);
    let says = |standing, facts| told(&dead, &exists(standing, facts));
    let contradicts = |cents| Err(("processed".to_owned(), cents));
    assert_eq!(
        says(Standing::Paid, paid_facts(44_750)),
        contradicts(44_750)
    );
    assert_eq!(
        says(Standing::NeedsReview, paid_facts(20_000)),
        contradicts(20_000)
    );
    assert_eq!(says(Standing::InFlight, facts()), contradicts(0));
    assert_eq!(says(Standing::Unrecognised, facts()), contradicts(0));
    assert_eq!(says(Standing::Rejected, facts()), contradicts(0));
    // It ended without payment, and says that money left.
    assert_eq!(says(Standing::FinalNegative, paid_facts(7)), contradicts(7));
    assert_eq!(
        says(Standing::FinalNegative, facts()),
        Ok(LateNews::Confirms)
    );
    assert_eq!(says(Standing::Inert, facts()), Ok(LateNews::Nothing));
    // What left came back.
    assert_eq!(
        says(Standing::Reversed, paid_facts(44_750)),
        Ok(LateNews::Confirms)
    );
    assert_eq!(told(&dead, &Answer::Absent), Ok(LateNews::Nothing));
    let silence = Answer::Unclear {
        cause: "timeout".to_owned(),
    };
    assert_eq!(told(&dead, &silence), Ok(LateNews::Silent));
}

#[test]
fn what_is_booked_of_a_dead_attempt_is_not_news_again() {
    let money = attempt(AttemptState::Dead).posted().unexplained(
        &ProviderId::parse("cpoi_1").expect("valid"),
        true,
        Cents::new(20_000),
    );
    let dead = Attempt {
        money: Some(money),
        ..attempt(AttemptState::Dead)
    };
    let answer = exists(Standing::Paid, paid_facts(44_750));
    assert_eq!(told(&dead, &answer), Err(("processed".to_owned(), 24_750)));
    let decided = Attempt {
        decided_on: Some(crate::attempt::Shown {
            status: "processed".to_owned(),
            figure: Some(Cents::new(44_750)),
            updated: 1,
        }),
        ..dead
    };
    assert_eq!(told(&decided, &answer), Ok(LateNews::Nothing));
}

#[test]
fn a_second_object_under_our_reference_is_booked_apart_from_the_first() {
    let own = ProviderId::parse("cpoi_2").expect("valid");
    let paid = Attempt {
        object: Some(own),
        ..attempt(AttemptState::Paid)
    };
    let answer = exists(Standing::Paid, paid_facts(44_750));
    assert_eq!(
        told(&paid, &answer),
        Err(("object_differs".to_owned(), 44_750))
    );
}

#[test]
fn after_paid_only_a_proven_return_ends_by_itself_and_every_other_word_is_for_people() {
    for provider in crate::routing::Provider::ALL {
        let paid = Attempt {
            provider,
            ..attempt(AttemptState::Paid)
        };
        let says = |standing, facts| told(&paid, &exists(standing, facts));
        assert_eq!(
            says(Standing::Paid, paid_facts(44_750)),
            Ok(LateNews::Confirms)
        );
        let reversed = says(Standing::Reversed, paid_facts(44_750));
        match manifest(provider).full_return {
            crate::manifest::ReturnProof::ByStatus => {
                assert_eq!(reversed, Ok(LateNews::Returned));
            }
            crate::manifest::ReturnProof::None => {
                assert_eq!(reversed, Err(("processed".to_owned(), 0)));
            }
        }
        for standing in [
            Standing::Inert,
            Standing::InFlight,
            Standing::Unrecognised,
            Standing::Rejected,
            Standing::FinalNegative,
            Standing::NeedsReview,
        ] {
            let news = says(standing, paid_facts(44_750));
            assert_eq!(news, Err(("processed".to_owned(), 0)), "{standing:?}");
        }
    }
}

#[test]
fn a_payment_that_came_back_and_is_shown_paid_again_was_made_again() {
    let returned = Attempt {
        money: Some(attempt(AttemptState::Paid).posted().all_back()),
        ..attempt(AttemptState::Paid)
    };
    let again = exists(Standing::Paid, paid_facts(44_750));
    assert_eq!(
        told(&returned, &again),
        Err(("processed".to_owned(), 44_750))
    );
    let refunded = exists(Standing::Reversed, paid_facts(44_750));
    assert_eq!(told(&returned, &refunded), Ok(LateNews::Confirms));
}
