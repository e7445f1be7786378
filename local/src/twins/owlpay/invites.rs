//! Invitations of vendors to give their data themselves, and the operations on them.

use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::asked::Asked;
use super::caller::{Answer, Caller};
use super::moment::iso;
use super::outcome::{self, INVITES, Wish};
use super::problem::{Failed, Problem};
use super::remit_info::review;
use super::shelf::{Kept, Shelf, new_id};
use super::vendor::{Channel, Detail, Vendor};
use super::vendors::{add, change, fresh, present};

/// How long an invitation is open, seconds: a day, as in the documented sample.
const OPEN_S: i64 = 86_400;

/// An invitation as the twin keeps it; times in Unix seconds of the sandbox clock.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Invite {
    uuid: String,
    vendor: String,
    hash: String,
    email: Option<String>,
    sends_email: bool,
    accepted: bool,
    created: i64,
}

impl Kept for Invite {
    const KIND: &'static str = "invite";

    fn uuid(&self) -> &str {
        &self.uuid
    }

    fn key(&self) -> &str {
        &self.uuid
    }

    fn catch_up(&mut self, _now_s: i64) {}
}

#[derive(Serialize)]
struct InviteView {
    object: &'static str,
    uuid: String,
    vendor_uuid: String,
    connect_invite_hash: String,
    invite_url: String,
    email: Option<String>,
    is_owlpay_send_email: bool,
    expired_at: String,
    created_at: String,
}

impl Invite {
    fn is_open(&self, now_s: i64) -> bool {
        !self.accepted && now_s < self.created + OPEN_S
    }

    fn view(&self) -> InviteView {
        InviteView {
            object: "vendor_invite",
            uuid: self.uuid.clone(),
            vendor_uuid: self.vendor.clone(),
            connect_invite_hash: self.hash.clone(),
            invite_url: format!("https://auth.owlting.com/invite/{}", self.hash),
            email: self.email.clone(),
            is_owlpay_send_email: self.sends_email,
            expired_at: iso(self.created + OPEN_S),
            created_at: iso(self.created),
        }
    }
}

/// Invites a vendor: a known one by its id, else a new one with what is said of it.
pub(crate) async fn create(caller: Caller, asked: Asked) -> Response {
    let vendor = asked.object("vendor").ok().flatten();
    let reference = vendor.and_then(|vendor| vendor.text("application_vendor_uuid").ok()?);
    let work = || caller.write(|shelf| invited(shelf, &asked));
    caller.answer("invite", reference.as_deref(), work).await
}

fn invited(shelf: &Shelf<'_>, asked: &Asked) -> Result<Answer<InviteView>, Failed> {
    let sends_email = asked.flag("is_owlpay_send_email")?.unwrap_or(false);
    let mut email = asked.text("email")?;
    let mut vendor = fresh();
    let mut known = false;
    if let Some(about) = asked.object("vendor")? {
        if let Some(uuid) = about.text("uuid")? {
            vendor = present(shelf, &uuid)?;
            known = true;
        }
        change(&mut vendor, &about)?;
        email = email.or_else(|| vendor.email.clone());
    }
    if sends_email && email.is_none() {
        return Err(asked.wrong("email", "is required").into());
    }
    if vendor.registered {
        let message = "The vendor has joined already.".to_owned();
        return Err(Problem::refused(asked.kind, message).into());
    }
    vendor.invited = true;
    vendor.email = vendor.email.or_else(|| email.clone());
    if !known {
        add(shelf, &vendor, asked)?;
    } else if !shelf.replace(&vendor)? {
        let message = "Another vendor has this application_vendor_uuid.".to_owned();
        return Err(Problem::conflict(asked.kind, "vendor", message).into());
    }
    let invite = Invite {
        uuid: new_id("veninv_"),
        vendor: vendor.uuid.clone(),
        hash: new_id(""),
        email,
        sends_email,
        accepted: false,
        created: shelf.now_s(),
    };
    shelf.insert(&invite)?;
    if outcome::take(shelf, INVITES, vendor.reference())? == Some(Wish::Accepted) {
        accept(shelf, vendor)?;
    }
    Ok(Answer::of(invite.view()))
}

/// The invitations that are neither expired nor accepted, newest first.
pub(crate) async fn list(caller: Caller) -> Response {
    let work = || {
        caller.read(|shelf| {
            let invites: Vec<Invite> = shelf.all()?;
            let open = invites.iter().filter(|one| one.is_open(shelf.now_s()));
            Ok(Answer::of(open.map(Invite::view).collect::<Vec<_>>()))
        })
    };
    caller.answer("invite", None, work).await
}

/// Lets a vendor accept its open invitations and give a bank account; false, and nothing done, when it has none.
pub(crate) fn accept(shelf: &Shelf<'_>, mut vendor: Vendor) -> Result<bool, Failed> {
    let mut invites: Vec<Invite> = shelf.all()?;
    invites.retain(|one| one.vendor == vendor.uuid && one.is_open(shelf.now_s()));
    if invites.is_empty() {
        return Ok(false);
    }
    for mut invite in invites {
        invite.accepted = true;
        shelf.replace(&invite)?;
    }
    vendor.registered = true;
    let detail = Detail {
        country_code: vendor.country.clone().unwrap_or_else(|| "TW".to_owned()),
        bank_code: "013".to_owned(),
        branch_code: "0130017".to_owned(),
        account: "264200000001".to_owned(),
        account_name: vendor.name.clone(),
        currency: "TWD".to_owned(),
    };
    vendor.apply(Channel::Cathay, detail);
    review(shelf, &mut vendor, Channel::Cathay)?;
    shelf.replace(&vendor)
}
