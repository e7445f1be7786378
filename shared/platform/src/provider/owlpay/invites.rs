//! Invitations: a vendor who fills in their own details at OwlPay. Nothing in this program sends one by itself.

use app::port::PayeeAnswer;
use domain::{
    driver::Driver,
    ids::{Mode, ProviderId},
};
use reqwest::Method;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::{CALL_BUDGET, Owlpay, READ_BUDGET, UNREADABLE, vendors::unclear, wire};

/// An open invitation.
#[derive(Clone, Debug)]
pub struct Invite {
    pub id: ProviderId,
    pub vendor: Option<ProviderId>,
    /// Whoever has it can act as the vendor: it is never printed.
    pub url: SecretString,
    pub expires_at: String,
}

#[derive(Serialize)]
struct InviteBody<'a> {
    is_owlpay_send_email: bool,
    email: &'a str,
    vendor: VendorBody<'a>,
}

#[derive(Serialize)]
struct VendorBody<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    uuid: Option<&'a str>,
    application_vendor_uuid: &'a str,
    name: &'a str,
    email: &'a str,
}

#[derive(Deserialize)]
struct InviteRow {
    uuid: String,
    vendor_uuid: Option<String>,
    invite_url: String,
    expired_at: String,
}

impl Owlpay {
    /// `POST /vendor_invite`, for the vendor the driver already is, or for a new one. OwlPay writes no mail: the
    /// address is handed on by ourselves.
    ///
    /// # Errors
    /// What OwlPay said instead of an invitation.
    pub async fn invite(&self, driver: &Driver) -> Result<Invite, PayeeAnswer> {
        self.require_mode(driver.tenant.mode())?;
        let body = InviteBody {
            is_owlpay_send_email: false,
            email: &driver.email,
            vendor: VendorBody {
                uuid: driver.vendor.as_ref().map(|vendor| vendor.id.as_str()),
                application_vendor_uuid: driver.id.as_str(),
                name: &driver.name,
                email: &driver.email,
            },
        };
        let body = serde_json::to_vec(&body).expect("a record of text has a JSON form");
        let request = self.request(Method::POST, &["vendor_invite"], Some(body));
        let data = self.ask(request, CALL_BUDGET).await?;
        let row = serde_json::from_str(data.get()).ok();
        row.and_then(read).ok_or_else(|| unclear(UNREADABLE))
    }

    /// `GET /vendor_invite`: the invitations that nobody took yet and that have not expired.
    ///
    /// # Errors
    /// What OwlPay said instead of a list.
    pub async fn invites(&self, mode: Mode) -> Result<Vec<Invite>, PayeeAnswer> {
        self.require_mode(mode)?;
        let request = self.request(Method::GET, &["vendor_invite"], None);
        let data = self.ask(request, READ_BUDGET).await?;
        let rows: Option<Vec<InviteRow>> = serde_json::from_str(data.get()).ok();
        let invites = rows.and_then(|rows| rows.into_iter().map(read).collect());
        invites.ok_or_else(|| unclear(UNREADABLE))
    }
}

fn read(row: InviteRow) -> Option<Invite> {
    Some(Invite {
        id: ProviderId::parse(&row.uuid).ok()?,
        vendor: match row.vendor_uuid {
            Some(uuid) => Some(wire::vendor_id(&uuid)?),
            None => None,
        },
        url: row.invite_url.into(),
        expires_at: row.expired_at,
    })
}
