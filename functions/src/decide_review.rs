//! `POST /api/v1/reviews/{id}/decisions`: what one owner decides; the second who says the same settles the payout.

use app::{
    decide_review::{self, DecideReview},
    error::Error,
    port::Store,
    request_key::Answered,
};
use domain::{
    ids::ReviewId,
    money::Cents,
    payout::Settlement,
    review::{EVIDENCE_MAX, NOTE_MAX, Review},
};
use platform::{
    api::{envelope::Reply, fields::Fields, request::Request, review_view::ReviewView},
    entry::Backend,
};

use crate::asked::{Asked, asking, hand, reply};

pub async fn handle<S: Store>(backend: Backend<S>, request: Request) -> Reply {
    let meta = request.meta();
    reply(decide(&backend, &request).await, &meta)
}

async fn decide<S: Store>(
    backend: &Backend<S>,
    request: &Request,
) -> Result<Answered<Review>, Error> {
    let mut asked = Asked::read(backend, request)?;
    let outcome = outcome(&mut asked.fields);
    let evidence_id = asked.fields.required_text("evidenceId", EVIDENCE_MAX);
    let note = asked.fields.optional_text("note", NOTE_MAX);
    let (outcome, evidence_id) = asked.fields.finish_with(outcome.zip(evidence_id))?;
    let review = request.parsed_param("id", "review", ReviewId::parse)?;
    let meta = asked.meta;
    let render = |review: &Review| Reply::ok(&ReviewView::from(review), &meta).body;
    let command = DecideReview {
        asking: asking(&asked.caller, asked.key.as_ref(), &render),
        review,
        by: hand(&asked.caller),
        outcome,
        evidence_id,
        note,
    };
    let call = backend.call(asked.caller.actor());
    decide_review::run(&call, &backend.store, command).await
}

/// `outcome` as a word; `paidAmount` belongs to a part only, and a part needs it.
fn outcome(fields: &mut Fields) -> Option<Settlement> {
    // How much a part is stands beside its word.
    let part = Settlement::Partly(Cents::ZERO);
    let words = [Settlement::Paid, Settlement::NotPaid, part].map(|it| (it.name(), it));
    let outcome = fields.required_one_of("outcome", &words);
    match outcome {
        Some(Settlement::Partly(_)) => {
            let paid = fields.required_amount("paidAmount")?;
            Some(Settlement::Partly(paid))
        }
        Some(Settlement::Paid | Settlement::NotPaid) => {
            if fields.has("paidAmount") {
                fields.problem("paidAmount", "belongs to the outcome partial only");
            }
            fields.optional_amount("paidAmount");
            outcome
        }
        None => {
            fields.optional_amount("paidAmount");
            None
        }
    }
}
