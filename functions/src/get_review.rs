//! `GET /api/v1/reviews/{id}`: what people have to decide about an attempt, or decided.

use app::{error::Error, get_review, port::Store};
use domain::{ids::ReviewId, review::Review};
use platform::{
    api::{envelope::Reply, request::Request, review_view::ReviewView},
    entry::Backend,
};

use crate::asked::reader;

pub async fn handle<S: Store>(backend: Backend<S>, request: Request) -> Reply {
    let meta = request.meta();
    match get(&backend, &request).await {
        Ok(review) => Reply::ok(&ReviewView::from(&review), &meta),
        Err(error) => Reply::error(&error, &meta),
    }
}

async fn get<S: Store>(backend: &Backend<S>, request: &Request) -> Result<Review, Error> {
    let caller = reader(request)?;
    let review = request.parsed_param("id", "review", ReviewId::parse)?;
    get_review::run(&backend.store, &caller.tenant, &review).await
}
