//! `POST /api/v1/drivers`: registers a driver under the ERP's own id.

use app::{
    error::Error,
    port::Store,
    register_driver::{self, RegisterDriver},
    request_key::Answered,
};
use domain::{driver::Driver, ids::OvnDriverId};
use platform::{
    api::{envelope::Reply, request::Request, view::RegisteredDriverView},
    entry::Backend,
};

use crate::asked::{Asked, asking, reply};

/// The most characters of a driver's name.
pub(crate) const NAME_MAX: usize = 200;

pub async fn handle<S: Store>(backend: Backend<S>, request: Request) -> Reply {
    let meta = request.meta();
    reply(register(&backend, &request).await, &meta)
}

async fn register<S: Store>(
    backend: &Backend<S>,
    request: &Request,
) -> Result<Answered<Driver>, Error> {
    let mut asked = Asked::read(backend, request)?;
    let fields = &mut asked.fields;
    let ovn_id = fields.required("ovnDriverId", ovn_driver_id);
    let name = fields.required_text("name", NAME_MAX);
    let email = fields.required("email", email);
    let phone = fields.required("phone", phone);
    let read = ovn_id.zip(name).zip(email.zip(phone));
    let ((ovn_id, name), (email, phone)) = asked.fields.finish_with(read)?;
    let meta = asked.meta;
    let render = |driver: &Driver| Reply::ok(&RegisteredDriverView::from(driver), &meta).body;
    let command = RegisterDriver {
        asking: asking(&asked.caller, asked.key.as_ref(), &render),
        id: backend.seal.driver_id(&asked.caller.tenant, &ovn_id),
        ovn_id,
        name,
        email,
        phone,
    };
    let call = backend.call(asked.caller.actor());
    register_driver::run(&call, &backend.store, command).await
}

/// Paths accept both kinds of driver id, so the ERP's must not look like ours.
fn ovn_driver_id(text: &str) -> Result<OvnDriverId, String> {
    if text.starts_with("drv_") {
        return Err("must not start with drv_".to_owned());
    }
    OvnDriverId::parse(text).map_err(|invalid| invalid.to_string())
}

pub(crate) fn email(text: &str) -> Result<String, &'static str> {
    let (local, host) = text.split_once('@').ok_or("must be a mail address")?;
    let once = !host.contains('@') && !text.contains(char::is_whitespace);
    let dotted = host.contains('.') && !host.starts_with('.') && !host.ends_with('.');
    if once && dotted && !local.is_empty() && text.len() <= 254 {
        Ok(text.to_owned())
    } else {
        Err("must be a mail address")
    }
}

pub(crate) fn phone(text: &str) -> Result<String, &'static str> {
    let digits = text.strip_prefix('+').unwrap_or("");
    let valid = (7..=15).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && !digits.starts_with('0');
    if valid {
        Ok(text.to_owned())
    } else {
        Err("must be a phone number as +15551234567")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mail_addresses_and_phone_numbers_are_checked_for_their_form() {
        assert!(email("john@example.com").is_ok());
        for text in [
            "john",
            "@example.com",
            "john@example",
            "a@b@c.d",
            "a b@c.d",
            "a@.c",
        ] {
            assert!(email(text).is_err(), "{text}");
        }
        assert!(phone("+15551234567").is_ok());
        for text in [
            "5551234567",
            "+0123456789",
            "+1555",
            "+1555123456789012",
            "+1555abc4567",
        ] {
            assert!(phone(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_erp_id_cannot_look_like_ours() {
        assert!(ovn_driver_id("OVN-DRIVER-789").is_ok());
        assert!(ovn_driver_id("drv_1").is_err());
        assert!(ovn_driver_id("a#b").is_err());
    }
}
