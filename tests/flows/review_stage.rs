//! What reviews need of a stage: payouts that people have to decide about, what an owner says, and the books of a
//! settlement.

use std::time::Duration;

use app::{
    decide_review::{self, DecideReview},
    error::Error,
    get_review,
    list_reviews::{self, ListReviews},
    memory::{Ending, Operation, Trouble},
    message::{Check, Message},
    page::{Paging, Start},
    port::Store,
    request_key::{Answered, Asking, RequestKey},
};
use domain::{
    attempt_machine::AttemptState,
    batch::Hand,
    denied::Denied,
    fee::Rail,
    ids::{AttemptRef, PayoutId, ReviewId},
    ledger::Account,
    load::LoadStatus,
    money::Cents,
    payout::{PayoutStatus, Settlement},
    review::{Closer, Disposition, Review, ReviewStatus},
};

use crate::{
    books,
    rare::attempt_of,
    stage::{AMOUNT, Stage, WALLET},
};

/// What a driver of `L-1` receives.
pub(crate) const NET: i64 = AMOUNT - 250;
pub(crate) const PART: Disposition = Disposition::Partly(Cents::new(NET - 1));

pub(crate) fn review_of(payout: &PayoutId) -> ReviewId {
    ReviewId::of(&AttemptRef::new(payout.clone(), 1))
}

/// What `owner` says about a payout's first attempt.
#[derive(Clone, Copy)]
pub(crate) struct Says<'a> {
    pub(crate) owner: &'a str,
    pub(crate) outcome: Disposition,
    pub(crate) evidence: &'a str,
    /// The request key, if one is sent.
    pub(crate) key: Option<&'a str>,
}

pub(crate) const fn says(owner: &str, outcome: Disposition) -> Says<'_> {
    Says {
        owner,
        outcome,
        evidence: "statement 7",
        key: None,
    }
}

pub(crate) async fn decide_on(
    stage: &Stage,
    store: &impl Store,
    (payout, says): (&PayoutId, Says<'_>),
) -> Result<Answered<Review>, Error> {
    let request = says.key.map(|key| RequestKey {
        digest: key.to_owned(),
        fingerprint: format!("{key} {}", says.outcome.name()),
        expires_at: stage.clock.now().plus(Duration::from_secs(3_600)),
    });
    let render = |review: &Review| review.status().name().to_owned();
    let command = DecideReview {
        asking: Asking {
            tenant: &stage.tenant,
            key: request.as_ref(),
            render: &render,
        },
        review: review_of(payout),
        by: Hand {
            key: format!("key of {}", says.owner),
            owner: says.owner.to_owned(),
        },
        outcome: says.outcome,
        evidence_id: says.evidence.to_owned(),
        note: None,
    };
    let (_, queue) = stage.call_store();
    decide_review::run(&stage.call(says.owner), store, queue, command).await
}

/// Decides, and once more after the provider was read where what is known is too old.
pub(crate) async fn decide(
    stage: &Stage,
    payout: &PayoutId,
    says: Says<'_>,
) -> Result<Answered<Review>, Error> {
    let (store, _) = stage.call_store();
    for _ in 0..4 {
        match decide_on(stage, store, (payout, says)).await {
            Err(Error::Denied(Denied::EvidenceStale)) => stage.advance(3).await,
            decided => return decided,
        }
    }
    decide_on(stage, store, (payout, says)).await
}

/// The provider is asked about the first attempt now.
pub(crate) async fn read_now(stage: &Stage, payout: &PayoutId) {
    let check = Check {
        tenant: stage.tenant.clone(),
        reference: AttemptRef::new(payout.clone(), 1),
        inbox: None,
    };
    stage.handle(Message::Check(check)).await;
}

/// Two owners say the same.
pub(crate) async fn agree(stage: &Stage, payout: &PayoutId, outcome: Disposition) {
    for owner in ["ann", "bob"] {
        let decided = decide(stage, payout, says(owner, outcome)).await;
        decided.unwrap_or_else(|error| panic!("{owner}, {outcome:?}: {error:?}"));
    }
}

pub(crate) async fn review(stage: &Stage, payout: &PayoutId) -> Review {
    get_review::run(&stage.memory, &stage.tenant, &review_of(payout))
        .await
        .expect("a review")
}

pub(crate) async fn reviews(stage: &Stage, status: Option<ReviewStatus>) -> (u64, usize) {
    let command = ListReviews {
        tenant: &stage.tenant,
        status,
        paging: Paging {
            start: Start::Page(1),
            size: 50,
        },
    };
    let page = list_reviews::run(&stage.memory, &command).await;
    let page = page.expect("a page");
    (page.total, page.items.len())
}

/// Open ones, closed ones, and all, as counted and as listed.
pub(crate) async fn assert_reviews(stage: &Stage, (open, closed): (u64, u64)) {
    for (status, expected) in [
        (Some(ReviewStatus::Open), open),
        (Some(ReviewStatus::Closed), closed),
        (None, open + closed),
    ] {
        let (total, listed) = reviews(stage, status).await;
        assert_eq!(total, expected, "{status:?}");
        assert_eq!(u64::try_from(listed), Ok(expected), "{status:?}");
    }
}

pub(crate) fn balance(stage: &Stage, account: Account) -> i64 {
    let dump = stage.memory.dump();
    let balances = dump.balances.iter();
    let own = balances.filter(|(key, _)| key.account == account);
    own.map(|(_, cents)| cents.get()).sum()
}

/// The provider paid less than it was asked to.
pub(crate) async fn in_review(stage: &Stage) -> PayoutId {
    stage.provider.end_with(Ending::PaidShort);
    let id = stage.create_for_sure("L-1", Rail::Standard).await;
    stage.advance(3_600).await;
    id
}

/// Nobody heard what became of the create, and nobody can ask.
pub(crate) async fn unknown(stage: &Stage) -> PayoutId {
    stage
        .provider
        .trouble(Operation::Create, Trouble::LostAfter);
    for _ in 0..100 {
        stage.provider.trouble(Operation::Read, Trouble::LostBefore);
    }
    let id = stage.create_for_sure("L-1", Rail::Standard).await;
    stage.advance(45 * 60).await;
    id
}

/// What a settlement leaves: in the order status, load, attempt.
pub(crate) fn end_of(outcome: Disposition) -> (PayoutStatus, LoadStatus, AttemptState) {
    match outcome {
        Disposition::Paid | Disposition::Partly(_) => (
            PayoutStatus::Completed,
            LoadStatus::Paid,
            AttemptState::Paid,
        ),
        Disposition::NotPaid => (PayoutStatus::Failed, LoadStatus::Held, AttemptState::Dead),
        other => panic!("{other:?} settles nothing"),
    }
}

pub(crate) async fn assert_settled(stage: &Stage, id: &PayoutId, outcome: Disposition) {
    let (status, load, state) = end_of(outcome);
    let payout = stage.payout(id).await;
    assert_eq!(payout.status, status);
    let reason = outcome.settlement().and_then(Settlement::reason);
    assert_eq!(payout.reason.as_deref(), reason);
    assert_eq!(stage.load("L-1").await.status, load);
    assert_eq!(attempt_of(stage, id, 1).await.state, state);
    let (left, clearing, suspense) = match outcome {
        Disposition::Paid => (WALLET - AMOUNT, NET, 0),
        Disposition::NotPaid => (WALLET, 0, 0),
        Disposition::Partly(paid) => (WALLET - AMOUNT, paid.get(), NET - paid.get()),
        other => panic!("{other:?} settles nothing"),
    };
    let balances = stage.balances().await;
    assert_eq!(balances.available.get(), left);
    assert_eq!((balances.pending.get(), balances.in_transit.get()), (0, 0));
    assert_eq!(balance(stage, Account::ClearingPayelata), clearing);
    assert_eq!(balance(stage, Account::Suspense), suspense);
    let history = stage.history(id).await;
    let settled = history.last().expect("a transition");
    assert_eq!(settled.event.name(), "settle");
    assert_eq!(settled.reason.as_deref(), Some("statement 7"));
    let review = review(stage, id).await;
    assert_eq!(
        review.closing.map(|it| it.by),
        Some(Closer::Operators),
        "{review:?}"
    );
    assert_reviews(stage, (0, 1)).await;
    books::balance(stage);
}
