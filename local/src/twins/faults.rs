//! Faults: what the control API can make a twin do wrong, and the place where calls go wrong.

use std::str::FromStr;

use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::Response;

use super::books::{Callback, Target};
use super::gateway::Page;
use super::owlpay::Kind;
use super::serving::dropped;
use super::{Provider, Sandbox};

/// What the documents list, for the message that refuses anything else.
pub(crate) const EXPECTED: &str = "drop_before, drop_after, status:NNN_before, status:NNN_after (200 to 599), \
body_status:NNN_before, body_status:NNN_after, code:NNN_before, code:NNN_after, gateway:NNN_before, \
gateway:NNN_after, gateway_json: and gateway_empty: likewise, error:TYPE:NNN_before, error:TYPE:NNN_after, delay:SECONDS, garbage_after, \
or for callbacks lose, duplicate, reorder, bad_signature";

/// The operation name of calls from the provider to us.
pub(crate) const CALLBACK: &str = "callback";

/// One way to misbehave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Call(CallFault),
    Callback(CallbackFault),
}

/// What can go wrong with a call to the provider. "After" means the work is done and its answer is not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CallFault {
    DropBefore,
    DropAfter,
    StatusBefore(StatusCode),
    StatusAfter(StatusCode),
    /// HTTP says 200, the body says this status.
    BodyStatusBefore(StatusCode),
    BodyStatusAfter(StatusCode),
    /// Success of HTTP, and this code in the body.
    CodeBefore(StatusCode),
    CodeAfter(StatusCode),
    /// Something between us and the provider answers, in no shape of the provider's.
    GatewayBefore(StatusCode, Page),
    GatewayAfter(StatusCode, Page),
    /// An error of the provider's of this documented type.
    ErrorBefore(StatusCode, Kind),
    ErrorAfter(StatusCode, Kind),
    /// The work is done at once; its answer comes this many clock seconds later.
    Delay(u32),
    GarbageAfter,
}

/// What can go wrong with a callback from the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CallbackFault {
    /// Gone for good: it is not tried again.
    Lose,
    /// Sent twice.
    Duplicate,
    /// Held back until another callback was sent.
    Reorder,
    /// Signed with a wrong key; the next try is right.
    BadSignature,
}

impl Fault {
    /// The name of the side it belongs to in the books.
    pub(crate) fn side(self) -> &'static str {
        match self {
            Self::Call(_) => "call",
            Self::Callback(_) => CALLBACK,
        }
    }
}

impl Fault {
    /// It needs a provider that repeats the status of an answer in its body.
    pub(crate) fn is_about_bodies(self) -> bool {
        match self {
            Self::Call(CallFault::BodyStatusBefore(_) | CallFault::BodyStatusAfter(_)) => true,
            Self::Call(
                CallFault::DropBefore
                | CallFault::DropAfter
                | CallFault::StatusBefore(_)
                | CallFault::StatusAfter(_)
                | CallFault::CodeBefore(_)
                | CallFault::CodeAfter(_)
                | CallFault::GatewayBefore(..)
                | CallFault::GatewayAfter(..)
                | CallFault::ErrorBefore(..)
                | CallFault::ErrorAfter(..)
                | CallFault::Delay(_)
                | CallFault::GarbageAfter,
            )
            | Self::Callback(_) => false,
        }
    }
}

impl Fault {
    /// It needs a provider whose errors have types.
    pub(crate) fn is_about_types(self) -> bool {
        matches!(
            self,
            Self::Call(CallFault::ErrorBefore(..) | CallFault::ErrorAfter(..))
        )
    }
}

impl FromStr for Fault {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if let Some((name, rest)) = text.split_once(':')
            && let Some(page) = Page::named(name)
        {
            return page.fault(rest);
        }
        Ok(match text {
            "drop_before" => Self::Call(CallFault::DropBefore),
            "drop_after" => Self::Call(CallFault::DropAfter),
            "garbage_after" => Self::Call(CallFault::GarbageAfter),
            "lose" => Self::Callback(CallbackFault::Lose),
            "duplicate" => Self::Callback(CallbackFault::Duplicate),
            "reorder" => Self::Callback(CallbackFault::Reorder),
            "bad_signature" => Self::Callback(CallbackFault::BadSignature),
            _ => match text.split_once(':') {
                Some(("error", rest)) => {
                    let (kind, rest) = rest.split_once(':').ok_or(())?;
                    let kind = Kind::named(kind).ok_or(())?;
                    match rest.split_once('_') {
                        Some((number, "before")) => {
                            Self::Call(CallFault::ErrorBefore(status(number)?, kind))
                        }
                        Some((number, "after")) => {
                            Self::Call(CallFault::ErrorAfter(status(number)?, kind))
                        }
                        _ => return Err(()),
                    }
                }
                Some(("delay", seconds)) => {
                    Self::Call(CallFault::Delay(seconds.parse().map_err(|_| ())?))
                }
                Some(("status", rest)) => match rest.split_once('_') {
                    Some((number, "before")) => {
                        Self::Call(CallFault::StatusBefore(status(number)?))
                    }
                    Some((number, "after")) => Self::Call(CallFault::StatusAfter(status(number)?)),
                    _ => return Err(()),
                },
                Some(("body_status", rest)) => match rest.split_once('_') {
                    Some((number, "before")) => {
                        Self::Call(CallFault::BodyStatusBefore(status(number)?))
                    }
                    Some((number, "after")) => {
                        Self::Call(CallFault::BodyStatusAfter(status(number)?))
                    }
                    _ => return Err(()),
                },
                Some(("code", rest)) => match rest.split_once('_') {
                    Some((number, "before")) => Self::Call(CallFault::CodeBefore(status(number)?)),
                    Some((number, "after")) => Self::Call(CallFault::CodeAfter(status(number)?)),
                    _ => return Err(()),
                },
                _ => return Err(()),
            },
        })
    }
}

/// A status that a fault can name.
pub(super) fn status(number: &str) -> Result<StatusCode, ()> {
    let number = number.parse::<u16>().map_err(|_| ())?;
    let status = StatusCode::from_u16(number).map_err(|_| ())?;
    if (200..600).contains(&number) {
        Ok(status)
    } else {
        Err(())
    }
}

/// One call to a provider.
pub(crate) struct Call<'a> {
    pub(crate) provider: Provider,
    /// One of the provider's [`operations`](Provider::operations).
    pub(crate) operation: &'static str,
    /// The merchant's reference of the payment, where the call is about one.
    pub(crate) reference: Option<&'a str>,
}

impl Sandbox {
    /// Answers a call with what `work` makes of it, unless a fault was ordered for it.
    pub(crate) async fn answer(
        &self,
        call: Call<'_>,
        work: impl FnOnce() -> Response + Send,
    ) -> Response {
        let wanted = Target {
            provider: call.provider.name(),
            side: "call",
            operation: call.operation,
            reference: call.reference,
        };
        match self.take_fault(&wanted) {
            Ok(Some(Fault::Call(fault))) => {
                tracing::info!(
                    operation = call.operation,
                    ?fault,
                    "a fault was ordered for this call"
                );
                self.misbehave(fault, call.provider, work).await
            }
            Ok(_) => work(),
            Err(error) => {
                tracing::error!(%error, "the sandbox books failed");
                let status = StatusCode::INTERNAL_SERVER_ERROR;
                call.provider.refusal(status, self.clock().now_ms())
            }
        }
    }

    async fn misbehave(
        &self,
        fault: CallFault,
        provider: Provider,
        work: impl FnOnce() -> Response + Send,
    ) -> Response {
        let now_ms = self.clock().now_ms();
        match fault {
            CallFault::DropBefore => dropped(),
            CallFault::DropAfter => {
                work();
                dropped()
            }
            CallFault::StatusBefore(status) => provider.refusal(status, now_ms),
            CallFault::StatusAfter(status) => {
                work();
                provider.refusal(status, now_ms)
            }
            CallFault::CodeBefore(code) => provider.coded_refusal(code, now_ms),
            CallFault::CodeAfter(code) => {
                work();
                provider.coded_refusal(code, now_ms)
            }
            CallFault::BodyStatusBefore(status) => as_ok(provider.refusal(status, now_ms)),
            CallFault::BodyStatusAfter(status) => {
                work();
                as_ok(provider.refusal(status, now_ms))
            }
            CallFault::ErrorBefore(status, kind) => provider.typed_refusal(status, kind, now_ms),
            CallFault::ErrorAfter(status, kind) => {
                work();
                provider.typed_refusal(status, kind, now_ms)
            }
            CallFault::GatewayBefore(status, page) => page.response(status),
            CallFault::GatewayAfter(status, page) => {
                work();
                page.response(status)
            }
            CallFault::Delay(seconds) => {
                let response = work();
                let until_ms = self.clock().now_ms() + i64::from(seconds) * 1000;
                self.clock().park_until(until_ms).await;
                response
            }
            CallFault::GarbageAfter => garbage(&work()),
        }
    }

    /// The fault ordered for this delivery of a callback.
    pub(crate) fn callback_fault(
        &self,
        callback: &Callback,
    ) -> rusqlite::Result<Option<CallbackFault>> {
        let wanted = Target {
            provider: &callback.provider,
            side: CALLBACK,
            operation: CALLBACK,
            reference: Some(&callback.reference),
        };
        Ok(match self.take_fault(&wanted)? {
            Some(Fault::Callback(fault)) => Some(fault),
            _ => None,
        })
    }

    /// What goes wrong with this call: what was ordered for so many calls goes before what is for a share of them.
    fn take_fault(&self, wanted: &Target<'_>) -> rusqlite::Result<Option<Fault>> {
        let books = self.books();
        // Faults are rare: looking costs no transaction.
        let ordered =
            books.read(|page| Ok(page.next_fault(wanted)?.is_some() || page.has_share(wanted)?))?;
        if !ordered {
            return Ok(None);
        }
        let text = books.write(|page| match page.take_fault(wanted)? {
            Some(text) => Ok(Some(text)),
            None => page.draw_fault(wanted),
        })?;
        Ok(text.and_then(|text| text.parse().ok()))
    }
}

/// The same body under status 200.
fn as_ok(mut response: Response) -> Response {
    *response.status_mut() = StatusCode::OK;
    response
}

/// The status of the real answer over a body that breaks off.
fn garbage(real: &Response) -> Response {
    let mut response = Response::new(Body::from("{\"data\":{\"id\":\"\u{fffd}"));
    *response.status_mut() = real.status();
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        header::HeaderValue::from_static("application/json"),
    );
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_fault_is_understood() {
        let bad_gateway = StatusCode::BAD_GATEWAY;
        for (text, fault) in [
            ("drop_before", Fault::Call(CallFault::DropBefore)),
            ("drop_after", Fault::Call(CallFault::DropAfter)),
            (
                "status:502_before",
                Fault::Call(CallFault::StatusBefore(bad_gateway)),
            ),
            (
                "status:502_after",
                Fault::Call(CallFault::StatusAfter(bad_gateway)),
            ),
            (
                "body_status:502_before",
                Fault::Call(CallFault::BodyStatusBefore(bad_gateway)),
            ),
            (
                "body_status:502_after",
                Fault::Call(CallFault::BodyStatusAfter(bad_gateway)),
            ),
            (
                "code:502_before",
                Fault::Call(CallFault::CodeBefore(bad_gateway)),
            ),
            (
                "code:502_after",
                Fault::Call(CallFault::CodeAfter(bad_gateway)),
            ),
            (
                "gateway:502_before",
                Fault::Call(CallFault::GatewayBefore(bad_gateway, Page::Html)),
            ),
            (
                "gateway_json:502_after",
                Fault::Call(CallFault::GatewayAfter(bad_gateway, Page::Json)),
            ),
            (
                "gateway_empty:502_before",
                Fault::Call(CallFault::GatewayBefore(bad_gateway, Page::Empty)),
            ),
            (
                "error:2fa_error:502_before",
                Fault::Call(CallFault::ErrorBefore(bad_gateway, Kind::TwoFactor)),
            ),
            ("delay:90", Fault::Call(CallFault::Delay(90))),
            ("garbage_after", Fault::Call(CallFault::GarbageAfter)),
            ("lose", Fault::Callback(CallbackFault::Lose)),
            ("duplicate", Fault::Callback(CallbackFault::Duplicate)),
            ("reorder", Fault::Callback(CallbackFault::Reorder)),
            (
                "bad_signature",
                Fault::Callback(CallbackFault::BadSignature),
            ),
        ] {
            assert_eq!(text.parse(), Ok(fault), "{text}");
        }
    }

    #[test]
    fn anything_else_is_not() {
        for text in [
            "",
            "drop",
            "status:502",
            "status:99_before",
            "status:600_after",
            "body_status:502",
            "code:502",
            "code:600_after",
            "gateway",
            "gateway:404",
            "gateway:99_before",
            "gateway_xml:404_before",
            "error:400_before",
            "error:some_error:400_before",
            "error:2fa_error:400",
            "delay:",
            "delay:-1",
            "delay:soon",
        ] {
            assert_eq!(text.parse::<Fault>(), Err(()), "{text}");
        }
    }
}
