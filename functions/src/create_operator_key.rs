//! `create-operator-key`: makes the key of an operator. It has no route: who may call it is decided by the
//! permissions of the account.

use app::{
    api_key::Minting,
    create_operator_key::{self, CreateOperatorKey},
    error::Error,
    port::Store,
    scope,
};
use domain::{
    ids::{Mode, TenantId},
    transition::Actor,
};
use platform::{
    api::{fields::Fields, key_view::OperatorKeyView},
    entry::Backend,
};

use crate::asked::optional_scopes;

const MODES: [(&str, Mode); 2] = [("test", Mode::Test), ("live", Mode::Live)];

/// # Errors
/// `Invalid` naming every member that cannot be used; as the use case says.
pub async fn handle<S: Store>(
    backend: Backend<S>,
    mut fields: Fields,
) -> Result<OperatorKeyView, Error> {
    let mode = fields.required_one_of("mode", &MODES);
    let tenant = fields.required("tenant", |text| {
        // A name is right or wrong in either mode.
        TenantId::new(text, mode.unwrap_or(Mode::Test))
    });
    let name = fields.required_text("name", 200);
    let owner = fields.required_text("owner", 200);
    let scopes = optional_scopes(&mut fields);
    let (tenant, (name, owner)) = fields.finish_with(tenant.zip(name.zip(owner)))?;
    let command = CreateOperatorKey {
        tenant,
        name,
        owner,
        scopes: scopes.unwrap_or_else(|| scope::ALL.to_vec()),
        minting: Minting {
            seal: &backend.seal,
            random: &backend.random(),
        },
    };
    let call = backend.call(Actor::System("create-operator-key".to_owned()));
    let shown = create_operator_key::run(&call, &backend.store, command).await?;
    Ok(OperatorKeyView::from(shown))
}
