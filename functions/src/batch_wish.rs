//! What every function reads that takes a batch.

use app::{error::Error, request_key::RequestKey};
use domain::{batch::ADDED_MAX, ids::LoadId};
use platform::{
    api::{batch_file::BatchFile, csv_file::CSV, idempotency, request::Request},
    entry::Backend,
};

/// A batch somebody wants.
pub(crate) struct Wished {
    pub(crate) file: BatchFile,
    pub(crate) key: Option<RequestKey>,
}

impl Wished {
    /// # Errors
    /// `Unauthenticated`, or `Invalid` for everything that cannot be used.
    pub(crate) fn read<S>(backend: &Backend<S>, request: &Request) -> Result<Self, Error> {
        let caller = request.caller()?;
        let mut file = BatchFile::read(request)?;
        let key = idempotency::request_key(request, &backend.seal, &caller.tenant, &file.whole)?;
        if request.media_type() == CSV {
            let of = format!("batch file of {}", caller.tenant);
            file.wish.file = Some(backend.seal.fingerprint(&of, &request.body));
        }
        Ok(Self { file, key })
    }
}

/// The loads an edit adds, each once.
pub(crate) fn added(fields: &mut platform::api::fields::Fields) -> Option<Vec<LoadId>> {
    let loads = fields.required_list("loadIds", ADDED_MAX, LoadId::parse)?;
    for (index, load) in loads.iter().enumerate() {
        if loads[..index].contains(load) {
            fields.problem(&format!("loadIds[{index}]"), "must not be repeated");
        }
    }
    Some(loads)
}
