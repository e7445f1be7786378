//! `POST /api/v1/batches/preview`: what a batch would do. A read: it moves nothing and remembers nothing.

use app::{
    error::Error,
    port::Store,
    preview_batch::{self, Preview},
};
use domain::fee::FeeSchedule;
use platform::{
    api::{envelope::Reply, preview_view::PreviewView, request::Request},
    entry::Backend,
};

use crate::batch_wish::Wished;

pub async fn handle<S: Store>(backend: Backend<S>, request: Request) -> Reply {
    let meta = request.meta();
    match preview(&backend, &request).await {
        Ok(preview) => Reply::ok(&PreviewView::from(&preview), &meta),
        Err(error) => Reply::error(&error, &meta),
    }
}

async fn preview<S: Store>(backend: &Backend<S>, request: &Request) -> Result<Preview, Error> {
    let wish = Wished::read(backend, request)?.file.wish;
    let tenant = &request.caller()?.tenant;
    let asked = (&wish.lines[..], &FeeSchedule::default());
    preview_batch::run(&backend.store, tenant, asked).await
}
