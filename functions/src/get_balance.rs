//! `GET /api/v1/balance`: the wallet's three figures, all of the same instant.

use app::{error::Error, port::Store, record::Balances};
use platform::{
    api::{envelope::Reply, request::Request, view::BalanceView},
    entry::Backend,
};

use crate::asked::reader;

pub async fn handle<S: Store>(backend: Backend<S>, request: Request) -> Reply {
    let meta = request.meta();
    match get(&backend, &request).await {
        Ok(balances) => Reply::ok(&BalanceView::from(balances), &meta),
        Err(error) => Reply::error(&error, &meta),
    }
}

async fn get<S: Store>(backend: &Backend<S>, request: &Request) -> Result<Balances, Error> {
    let caller = reader(request)?;
    Ok(backend.store.balances(&caller.tenant).await?)
}
