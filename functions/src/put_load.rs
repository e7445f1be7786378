//! `PUT /api/v1/loads/{loadId}`: registers or revises a load.

use app::{
    error::Error,
    port::Store,
    put_load::{self, PutLoad},
    request_key::Answered,
};
use domain::{ids::LoadId, load::Load};
use platform::{
    api::{envelope::Reply, request::Request, view::LoadView},
    entry::Backend,
};

use crate::asked::{Asked, asking, driver_id, reply};

pub async fn handle<S: Store>(backend: Backend<S>, request: Request) -> Reply {
    let meta = request.meta();
    reply(put(&backend, &request).await, &meta)
}

async fn put<S: Store>(backend: &Backend<S>, request: &Request) -> Result<Answered<Load>, Error> {
    let mut asked = Asked::read(backend, request)?;
    let tenant = &asked.caller.tenant;
    let fields = &mut asked.fields;
    // Unlike the id of something that exists, this one is the client's to choose: it is a field.
    let load = LoadId::parse(request.param("loadId"));
    if let Err(invalid) = &load {
        fields.problem("loadId", &invalid.to_string());
    }
    let driver = fields.required("driverId", |text| driver_id(backend, tenant, text));
    let amount = fields.required_amount("amount");
    let description = fields.optional_text("description", 500);
    let metadata = fields.object("metadata");
    let (driver, amount) = asked.fields.finish_with(driver.zip(amount))?;
    let meta = asked.meta;
    let render = |load: &Load| Reply::ok(&LoadView::from(load), &meta).body;
    let command = PutLoad {
        asking: asking(&asked.caller, asked.key.as_ref(), &render),
        load: load.map_err(|invalid| Error::invalid("loadId", &invalid.to_string()))?,
        driver,
        amount,
        description,
        metadata: metadata.map(|entries| platform::api::json_text(&entries)),
    };
    let call = backend.call(asked.caller.actor());
    put_load::run(&call, &backend.store, command).await
}
