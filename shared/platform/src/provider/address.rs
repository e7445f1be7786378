//! Which addresses a provider's credentials may be sent to.

use std::net::IpAddr;

use domain::ids::Mode;
use reqwest::Url;

/// What is wrong with an address. Never shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressFault {
    #[error("is not a plain http(s) address")]
    NotAnAddress,
    #[error("must be https")]
    NotHttps,
    #[error("is a host for a test credential that is neither this machine nor a known sandbox")]
    TestCredentialOnLiveHost,
}

/// A plain address of host and path, without a slash at its end.
///
/// # Errors
/// [`AddressFault::NotAnAddress`].
pub fn plain(text: &str) -> Result<Url, AddressFault> {
    let fault = AddressFault::NotAnAddress;
    let url: Url = text.trim_end_matches('/').parse().map_err(|_| fault)?;
    let plain = matches!(url.scheme(), "http" | "https")
        && url.host_str().is_some()
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if plain { Ok(url) } else { Err(fault) }
}

/// # Errors
/// [`AddressFault::NotHttps`].
pub fn require_https(url: &Url) -> Result<(), AddressFault> {
    if url.scheme() == "https" {
        Ok(())
    } else {
        Err(AddressFault::NotHttps)
    }
}

/// The address of a provider for credentials of `mode`: live ones go over https; test ones only to this
/// machine or, over https, to a host that is named as a sandbox.
///
/// # Errors
/// The first [`AddressFault`].
pub fn of_mode(text: &str, mode: Mode, sandboxes: &[String]) -> Result<Url, AddressFault> {
    let url = plain(text)?;
    match mode {
        Mode::Live => require_https(&url)?,
        Mode::Test if is_loopback(&url) => {}
        Mode::Test if is_named(&url, sandboxes) => require_https(&url)?,
        Mode::Test => return Err(AddressFault::TestCredentialOnLiveHost),
    }
    Ok(url)
}

fn is_named(url: &Url, hosts: &[String]) -> bool {
    url.host_str()
        .is_some_and(|host| hosts.iter().any(|it| it.eq_ignore_ascii_case(host)))
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    host == "localhost"
        || host
            .trim_matches(['[', ']'])
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}
