//! Start-up of functions that are called directly, by people with permission to. The payload is a JSON
//! object; the answer is data, or `{"error": ...}` as the HTTP API shows it.

use std::future::Future;

use app::error::Error;
use lambda_runtime::{LambdaEvent, service_fn};
use serde::Serialize;
use serde_json::{Value, json};

use super::start;
use crate::{
    api::{error_table::refusal_of, fields::Fields},
    error::Fatal,
};

/// Runs a directly called function: `open` builds what the handler works with, once.
///
/// # Errors
/// [`Fatal`] when the function cannot start.
pub fn run_with<C, T, F, Fut>(
    open: impl FnOnce() -> Result<C, Fatal>,
    handler: F,
) -> Result<(), Fatal>
where
    C: Clone,
    T: Serialize,
    F: Fn(C, Fields) -> Fut,
    Fut: Future<Output = Result<T, Error>> + Send,
{
    start(|| async {
        let context = open()?;
        let (context, handler) = (&context, &handler);
        let service = service_fn(|event: LambdaEvent<Value>| async move {
            let result = match Fields::of_object(event.payload) {
                // Boxed for the compiler's sake, as in `http`.
                Ok(fields) => Box::pin(handler(context.clone(), fields)).await,
                Err(error) => Err(error),
            };
            Ok::<_, std::convert::Infallible>(answer(result))
        });
        lambda_runtime::run(service)
            .await
            .map_err(|error| Fatal::Runtime(error.to_string()))
    })
}

/// The cause of an outage is logged and not shown.
fn answer<T: Serialize>(result: Result<T, Error>) -> Value {
    let written = result.map(|data| serde_json::to_value(data));
    match written {
        Ok(Ok(data)) => data,
        Ok(Err(error)) => {
            tracing::error!(%error, "an answer cannot be written as JSON");
            json!({"error": {"code": "INTERNAL_ERROR", "message": "the service failed", "details": {}}})
        }
        Err(error) => {
            if let Error::Unavailable { cause } = &error {
                tracing::error!(cause, "a dependency failed");
            }
            let refusal = refusal_of(&error);
            json!({"error": {
                "code": refusal.code.text(),
                "message": refusal.message,
                "details": refusal.details,
            }})
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_is_answered_as_it_is_and_a_refusal_as_an_error() {
        assert_eq!(answer(Ok(json!({"id": "k1"}))), json!({"id": "k1"}));
        let refused = answer::<Value>(Err(Error::invalid("tenant", "is required")));
        assert_eq!(refused["error"]["code"], "VALIDATION_ERROR");
        assert_eq!(refused["error"]["details"]["fields"][0]["path"], "tenant");
    }

    #[test]
    fn an_outage_keeps_its_cause_to_itself() {
        let answer = answer::<Value>(Err(Error::Unavailable {
            cause: "table ovn-secret".to_owned(),
        }));
        assert_eq!(answer["error"]["code"], "SERVICE_UNAVAILABLE");
        assert!(!answer.to_string().contains("ovn-secret"));
    }
}
