//! `GET /api/v1/settings`: what the tenant decided for itself.

use app::{error::Error, port::Store, put_settings, record::Settings};
use platform::{
    api::{envelope::Reply, request::Request, settings_view::SettingsView},
    entry::Backend,
};

use crate::asked::reader;

pub async fn handle<S: Store>(backend: Backend<S>, request: Request) -> Reply {
    let meta = request.meta();
    match get(&backend, &request).await {
        Ok(settings) => Reply::ok(&SettingsView::from(&settings), &meta),
        Err(error) => Reply::error(&error, &meta),
    }
}

async fn get<S: Store>(backend: &Backend<S>, request: &Request) -> Result<Settings, Error> {
    let caller = reader(request)?;
    put_settings::read(&backend.store, &caller.tenant).await
}
