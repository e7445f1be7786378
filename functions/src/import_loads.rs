//! `POST /api/v1/loads/import`: registers or revises many loads.

use app::{
    error::{Error, FieldError},
    import_loads::{self, AskedLoad, BadRow, Import, ImportLoads, Row},
    port::Store,
    request_key::Answered,
};
use domain::ids::{LoadId, TenantId};
use platform::{
    api::{
        envelope::Reply, fields::Fields, import_view::ImportView, loads_file::LoadsFile,
        request::Request,
    },
    entry::Backend,
};

use crate::asked::{asking, driver_id, reader, reply};

pub async fn handle<S: Store>(backend: Backend<S>, request: Request) -> Reply {
    let meta = request.meta();
    reply(import(&backend, &request).await, &meta)
}

async fn import<S: Store>(
    backend: &Backend<S>,
    request: &Request,
) -> Result<Answered<Import>, Error> {
    let caller = reader(request)?;
    let file = LoadsFile::read(request)?;
    let key = file.key(request, &backend.seal, &caller.tenant)?;
    let rows = file.rows()?.into_iter();
    let meta = request.meta();
    let render = |import: &Import| Reply::ok(&ImportView::from(import), &meta).body;
    let command = ImportLoads {
        asking: asking(caller, key.as_ref(), &render),
        rows: rows.map(|it| row(backend, &caller.tenant, it)).collect(),
    };
    let call = backend.call(caller.actor());
    import_loads::run(&call, &backend.store, command).await
}

fn row<S>(backend: &Backend<S>, tenant: &TenantId, row: Result<Fields, Error>) -> Row {
    let mut fields = row.map_err(|error| bad(None, error))?;
    let load = fields.required("loadId", LoadId::parse);
    let driver = fields.required("driverId", |text| driver_id(backend, tenant, text));
    let amount = fields.required_amount("amount");
    let description = fields.optional_text("description", 500);
    let metadata = fields.object("metadata");
    let read = load.clone().zip(driver.zip(amount));
    match fields.finish_with(read) {
        Ok((load, (driver, amount))) => Ok(AskedLoad {
            load,
            driver,
            amount,
            description,
            metadata: metadata.map(|entries| platform::api::json_text(&entries)),
        }),
        Err(error) => Err(bad(load, error)),
    }
}

fn bad(load: Option<LoadId>, error: Error) -> BadRow {
    let problems = match error {
        Error::Invalid(problems) => problems,
        other => vec![FieldError::new("", other.to_string())],
    };
    BadRow { load, problems }
}
