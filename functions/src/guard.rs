//! What stands before every handler: who is asking, how often they ask, and what they may do. In this
//! order: 401, 429, 403, and only then the handler reads the request.

use app::{call::Caller, error::Error, port::Store};
use platform::{
    api::{
        envelope::Reply,
        rate::{Taken, with_headers},
        request::Request,
    },
    entry::Backend,
};

/// Routes below this need a key; all others need none.
const KEYED: &str = "/api/v1/";

/// Answers an admitted request: by the handler, when the caller holds one of `scopes`. Without scopes any key
/// will do.
pub async fn answer<S, F, Fut>(
    backend: &Backend<S>,
    scopes: &[&'static str],
    request: Request,
    handler: F,
) -> Reply
where
    S: Store,
    F: FnOnce(Request) -> Fut,
    Fut: Future<Output = Reply>,
{
    if !request.route.starts_with(KEYED) {
        return handler(request).await;
    }
    let meta = request.meta();
    let (caller, taken) = match received(backend, &request).await {
        Ok(received) => received,
        Err(error) => return Reply::error(&error, &meta),
    };
    let (standing, reply) = match taken {
        Taken::Refused {
            standing,
            retry_after,
        } => (standing, Reply::rate_limited(retry_after, &meta)),
        Taken::Granted(standing) => {
            let reply = match forbidden(&caller, scopes) {
                Some(error) => Reply::error(&error, &meta),
                None => {
                    let caller = Some(caller);
                    handler(Request { caller, ..request }).await
                }
            };
            (standing, reply)
        }
    };
    with_headers(reply, &standing)
}

async fn received<S: Store>(
    backend: &Backend<S>,
    request: &Request,
) -> Result<(Caller, Taken), Error> {
    let caller = backend.identify(request).await?;
    let taken = backend.take_token(&caller).await?;
    Ok((caller, taken))
}

/// The refusal of a caller who holds none of the scopes; it names the first.
fn forbidden(caller: &Caller, scopes: &[&'static str]) -> Option<Error> {
    let first = scopes.first()?;
    let is_allowed = scopes.iter().any(|scope| caller.may(scope));
    (!is_allowed).then_some(Error::Forbidden(first))
}

#[cfg(test)]
mod tests;
