//! `GET /api/v1/drivers/{id}/payout-method`: the mask of where a driver's money goes.

use app::{error::Error, get_payout_method, port::Store};
use domain::driver::Driver;
use platform::{
    api::{envelope::Reply, request::Request, view::MethodView},
    entry::Backend,
};

use crate::asked::{driver_id, reader};

pub async fn handle<S: Store>(backend: Backend<S>, request: Request) -> Reply {
    let meta = request.meta();
    match get(&backend, &request).await {
        Ok(driver) => Reply::ok(&MethodView::from(&driver), &meta),
        Err(error) => Reply::error(&error, &meta),
    }
}

async fn get<S: Store>(backend: &Backend<S>, request: &Request) -> Result<Driver, Error> {
    let caller = reader(request)?;
    let driver = request.parsed_param("id", "driver", |text| {
        driver_id(backend, &caller.tenant, text)
    })?;
    get_payout_method::run(&backend.store, &caller.tenant, &driver).await
}
