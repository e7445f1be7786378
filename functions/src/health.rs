//! `GET /api/v1/health` with a key, `GET /health` without one for monitors.

use app::port::Store;
use platform::{
    api::{envelope::Reply, request::Request, view::HealthView},
    entry::Backend,
};

pub async fn handle<S: Store>(backend: Backend<S>, request: Request) -> Reply {
    let meta = request.meta();
    let health = HealthView {
        status: "healthy",
        version: backend.version,
        timestamp: request.received_at.to_string(),
    };
    Reply::ok(&health, &meta)
}
