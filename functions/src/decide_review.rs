//! `POST /api/v1/reviews/{id}/decisions`: what one owner decides; the second who says the same takes effect.

use app::{
    decide_review::{self, DecideReview},
    error::Error,
    port::{Queue, Store},
    request_key::Answered,
};
use domain::{
    ids::ReviewId,
    money::Cents,
    review::{Bearer, Disposition, EVIDENCE_MAX, NOTE_MAX, Review},
};
use platform::{
    api::{envelope::Reply, fields::Fields, request::Request, review_view::ReviewView},
    entry::Backend,
};

use crate::asked::{Asked, asking, hand, reply};

pub async fn handle<S: Store, Q: Queue>(backend: Backend<S>, queue: Q, request: Request) -> Reply {
    let meta = request.meta();
    reply(decide(&backend, &queue, &request).await, &meta)
}

async fn decide<S: Store, Q: Queue>(
    backend: &Backend<S>,
    queue: &Q,
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
    decide_review::run(&call, &backend.store, queue, command).await
}

/// Which members a word takes beside the evidence.
const PARTS: [&str; 4] = ["paidAmount", "rest", "amount", "absorbedBy"];

/// `outcome` as a word, with the members that belong to it and no others.
fn outcome(fields: &mut Fields) -> Option<Disposition> {
    // What stands beside a word is read once the word is known.
    let sum = Cents::ZERO;
    let words = [
        Disposition::Paid,
        Disposition::NotPaid,
        Disposition::Partly(sum),
        Disposition::Surplus,
        Disposition::Recovered(sum),
        Disposition::Absorbed(Bearer::Tenant),
        Disposition::RestReturned(sum),
        Disposition::Returned(sum),
        Disposition::Nothing,
    ]
    .map(|it| (it.name(), it));
    let word = fields.required_one_of("outcome", &words);
    let own: &[&str] = match word {
        Some(Disposition::Partly(_) | Disposition::PartlyRestReturned(_)) => {
            &["paidAmount", "rest"]
        }
        Some(
            Disposition::Recovered(_) | Disposition::RestReturned(_) | Disposition::Returned(_),
        ) => &["amount"],
        Some(Disposition::Absorbed(_)) => &["absorbedBy"],
        Some(
            Disposition::Paid | Disposition::NotPaid | Disposition::Surplus | Disposition::Nothing,
        ) => &[],
        None => &PARTS,
    };
    for part in PARTS.into_iter().filter(|part| !own.contains(part)) {
        if fields.has(part) {
            fields.problem(part, belongs_to(part));
        }
    }
    let amount = |fields: &mut Fields, name, is_needed: bool| {
        if is_needed {
            fields.required_amount(name)
        } else {
            fields.optional_amount(name)
        }
    };
    let paid = amount(fields, "paidAmount", own == ["paidAmount", "rest"]);
    let rest = fields.optional_one_of("rest", &[("returned", ())]);
    let sum = amount(fields, "amount", own == ["amount"]);
    let bearers = Bearer::ALL.map(|it| (it.name(), it));
    let bearer = if own == ["absorbedBy"] {
        fields.required_one_of("absorbedBy", &bearers)
    } else {
        fields.optional_one_of("absorbedBy", &bearers)
    };
    match word? {
        Disposition::Partly(_) | Disposition::PartlyRestReturned(_) => match rest {
            Some(()) => paid.map(Disposition::PartlyRestReturned),
            None => paid.map(Disposition::Partly),
        },
        Disposition::Recovered(_) => sum.map(Disposition::Recovered),
        Disposition::RestReturned(_) => sum.map(Disposition::RestReturned),
        Disposition::Returned(_) => sum.map(Disposition::Returned),
        Disposition::Absorbed(_) => bearer.map(Disposition::Absorbed),
        word @ (Disposition::Paid
        | Disposition::NotPaid
        | Disposition::Surplus
        | Disposition::Nothing) => Some(word),
    }
}

fn belongs_to(part: &str) -> &'static str {
    match part {
        "amount" => "belongs to the outcomes returned, recovered and rest_returned only",
        "absorbedBy" => "belongs to the outcome absorbed only",
        _ => "belongs to the outcome partial only",
    }
}
