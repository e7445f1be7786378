//! The operations on vendors.

use axum::extract::Path;
use axum::response::Response;
use serde::Serialize;

use super::asked::Asked;
use super::caller::{Answer, Caller};
use super::paging::Paging;
use super::problem::{Failed, Problem};
use super::shelf::{Shelf, new_id};
use super::vendor::Vendor;

pub(crate) async fn create(caller: Caller, asked: Asked) -> Response {
    let reference = asked.text("application_vendor_uuid").ok().flatten();
    let work = || {
        caller.write(|shelf| {
            let mut vendor = fresh();
            vendor.name = asked.required("name")?;
            change(&mut vendor, &asked)?;
            add(shelf, &vendor, &asked)?;
            Ok(Answer::of(vendor.view()))
        })
    };
    caller.answer("vendors", reference.as_deref(), work).await
}

/// A vendor that nothing is known of.
pub(crate) fn fresh() -> Vendor {
    Vendor {
        uuid: new_id("ven_"),
        application_uuid: None,
        name: String::new(),
        email: None,
        description: String::new(),
        country: None,
        removed: false,
        invited: false,
        registered: false,
        remits: Vec::new(),
    }
}

/// Takes over the fields that are given.
pub(crate) fn change(vendor: &mut Vendor, asked: &Asked) -> Result<(), Problem> {
    if let Some(name) = asked.text("name")? {
        vendor.name = name;
    }
    if let Some(email) = asked.text("email")? {
        if !email.contains('@') {
            return Err(asked.wrong("email", "must be an email address"));
        }
        vendor.email = Some(email);
    }
    if let Some(description) = asked.text("description")? {
        vendor.description = description;
    }
    if let Some(country) = asked.text("country_iso")? {
        if country.len() != 2 || !country.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(asked.wrong("country_iso", "must be two capital letters"));
        }
        vendor.country = Some(country);
    }
    if let Some(name) = asked.text("application_vendor_uuid")? {
        if name.chars().any(char::is_control) {
            return Err(asked.wrong("application_vendor_uuid", "is not usable"));
        }
        vendor.application_uuid = Some(name);
    }
    Ok(())
}

pub(crate) fn add(shelf: &Shelf<'_>, vendor: &Vendor, asked: &Asked) -> Result<(), Failed> {
    if shelf.insert(vendor)? {
        return Ok(());
    }
    Err(taken(asked).into())
}

fn taken(asked: &Asked) -> Problem {
    let message = "Another vendor has this application_vendor_uuid.".to_owned();
    Problem::conflict(asked.kind, "application_vendor_uuid", message)
}

pub(crate) async fn update(caller: Caller, Path(uuid): Path<String>, asked: Asked) -> Response {
    let reference = reference_of(&caller, &uuid);
    let work = || {
        caller.write(|shelf| {
            let mut vendor = present(shelf, &uuid)?;
            change(&mut vendor, &asked)?;
            if !shelf.replace(&vendor)? {
                return Err(taken(&asked).into());
            }
            Ok(Answer::of(vendor.view()))
        })
    };
    caller.answer("vendors", reference.as_deref(), work).await
}

/// Shows a vendor, also one that is deleted.
pub(crate) async fn by_uuid(caller: Caller, Path(uuid): Path<String>) -> Response {
    let reference = reference_of(&caller, &uuid);
    let work = || {
        caller.read(|shelf| {
            let vendor: Option<Vendor> = shelf.by_uuid(&uuid)?;
            let vendor = vendor.ok_or_else(|| Problem::not_found("vendor"))?;
            Ok(Answer::of(vendor.view()))
        })
    };
    caller.answer("vendors", reference.as_deref(), work).await
}

#[derive(Serialize)]
struct Deleted {
    deleted: bool,
    message: &'static str,
}

pub(crate) async fn delete(caller: Caller, Path(uuid): Path<String>) -> Response {
    let reference = reference_of(&caller, &uuid);
    let work = || {
        caller.write(|shelf| {
            let mut vendor = present(shelf, &uuid)?;
            vendor.removed = true;
            shelf.replace(&vendor)?;
            Ok(Answer::of(Deleted {
                deleted: true,
                message: "success",
            }))
        })
    };
    caller.answer("vendors", reference.as_deref(), work).await
}

/// The vendors that are not deleted, newest first.
pub(crate) async fn list(caller: Caller, asked: Asked) -> Response {
    let work = || {
        caller.read(|shelf| {
            let paging = Paging::read(&asked)?;
            let mut vendors: Vec<Vendor> = shelf.all()?;
            vendors.retain(|vendor| !vendor.removed);
            let total = vendors.len();
            let rows: Vec<_> = paging.cut(vendors).iter().map(Vendor::view).collect();
            let pagination = paging.told("vendors", rows.len(), total);
            Ok(Answer::page(rows, pagination))
        })
    };
    caller.answer("vendors", None, work).await
}

/// A vendor that is not deleted.
pub(crate) fn present(shelf: &Shelf<'_>, uuid: &str) -> Result<Vendor, Failed> {
    let vendor: Option<Vendor> = shelf.by_uuid(uuid)?;
    let vendor = vendor.filter(|vendor| !vendor.removed);
    vendor.ok_or_else(|| Problem::not_found("vendor").into())
}

/// What the control API calls a vendor, for the faults that are ordered for it.
pub(crate) fn reference_of(caller: &Caller, uuid: &str) -> Option<String> {
    let vendor = caller.read(|shelf| present(shelf, uuid)).ok();
    vendor.map(|vendor| vendor.reference().to_owned())
}
