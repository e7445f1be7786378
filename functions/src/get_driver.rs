//! `GET /api/v1/drivers/{id}`: one driver, by the ERP's id or by ours.

use app::{error::Error, get_driver, port::Store};
use domain::driver::Driver;
use platform::{
    api::{envelope::Reply, request::Request, view::DriverView},
    entry::Backend,
};

use crate::asked::{driver_id, reader};

pub async fn handle<S: Store>(backend: Backend<S>, request: Request) -> Reply {
    let meta = request.meta();
    match get(&backend, &request).await {
        Ok(driver) => Reply::ok(&DriverView::from(&driver), &meta),
        Err(error) => Reply::error(&error, &meta),
    }
}

async fn get<S: Store>(backend: &Backend<S>, request: &Request) -> Result<Driver, Error> {
    let caller = reader(request)?;
    let driver = request.parsed_param("id", "driver", |text| {
        driver_id(backend, &caller.tenant, text)
    })?;
    get_driver::run(&backend.store, &caller.tenant, &driver).await
}
