//! `PUT /api/v1/drivers/{id}`: changes members of a driver, their status among them.

use app::{
    error::Error,
    port::Store,
    request_key::Answered,
    update_driver::{self, UpdateDriver},
};
use domain::driver::{Driver, Revision, WantedStatus};
use platform::{
    api::{envelope::Reply, request::Request, view::DriverView},
    entry::Backend,
};

use crate::{
    asked::{Asked, asking, driver_id, reply},
    register_driver::{NAME_MAX, email, phone},
};

pub async fn handle<S: Store>(backend: Backend<S>, request: Request) -> Reply {
    let meta = request.meta();
    reply(update(&backend, &request).await, &meta)
}

async fn update<S: Store>(
    backend: &Backend<S>,
    request: &Request,
) -> Result<Answered<Driver>, Error> {
    let mut asked = Asked::read(backend, request)?;
    let fields = &mut asked.fields;
    let is_empty = !["name", "email", "phone", "status"]
        .iter()
        .any(|name| fields.has(name));
    if is_empty {
        fields.problem("", "must have at least one of name, email, phone, status");
    }
    let revision = Revision {
        name: fields.optional_text("name", NAME_MAX),
        email: fields.optional("email", email),
        phone: fields.optional("phone", phone),
        status: fields.optional_one_of("status", &WantedStatus::ALL.map(|it| (it.name(), it))),
    };
    asked.fields.finish()?;
    let tenant = &asked.caller.tenant;
    let driver = request.parsed_param("id", "driver", |text| driver_id(backend, tenant, text))?;
    let meta = asked.meta;
    let render = |driver: &Driver| Reply::ok(&DriverView::from(driver), &meta).body;
    let command = UpdateDriver {
        asking: asking(&asked.caller, asked.key.as_ref(), &render),
        driver,
        revision,
    };
    let call = backend.call(asked.caller.actor());
    update_driver::run(&call, &backend.store, command).await
}
