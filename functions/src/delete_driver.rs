//! `DELETE /api/v1/drivers/{id}`: makes a driver inactive.

use app::{delete_driver, error::Error, port::Store, request_key::Answered};
use domain::driver::Driver;
use platform::{
    api::{envelope::Reply, fields::Fields, request::Request, view::DriverView},
    entry::Backend,
};

use crate::asked::{asking, driver_id, reader, reply};

pub async fn handle<S: Store>(backend: Backend<S>, request: Request) -> Reply {
    let meta = request.meta();
    reply(delete(&backend, &request).await, &meta)
}

async fn delete<S: Store>(
    backend: &Backend<S>,
    request: &Request,
) -> Result<Answered<Driver>, Error> {
    let caller = reader(request)?;
    Fields::of_object(request.json()?)?.finish()?;
    let driver = request.parsed_param("id", "driver", |text| {
        driver_id(backend, &caller.tenant, text)
    })?;
    let meta = request.meta();
    let render = |driver: &Driver| Reply::ok(&DriverView::from(driver), &meta).body;
    let call = backend.call(caller.actor());
    // It needs no request key: deleting again answers the same.
    let asking = asking(caller, None, &render);
    delete_driver::run(&call, &backend.store, asking, driver).await
}
