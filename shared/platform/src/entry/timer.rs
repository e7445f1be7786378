//! Start-up of scheduled functions. What the schedule sends along is not read.

use std::future::Future;

use app::error::Error;
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use serde::de::IgnoredAny;

use super::start;
use crate::error::Fatal;

/// Runs a scheduled function: `open` builds what the handler works with, once. A handler that fails
/// fails the invocation, so that it is counted and the next tick goes on.
///
/// # Errors
/// [`Fatal`] when the function cannot start.
pub fn run_with<C, F, Fut>(open: impl FnOnce() -> Result<C, Fatal>, handler: F) -> Result<(), Fatal>
where
    C: Clone,
    F: Fn(C) -> Fut,
    Fut: Future<Output = Result<(), Error>> + Send,
{
    start(|| async {
        let context = open()?;
        let (context, handler) = (&context, &handler);
        let service = service_fn(|_: LambdaEvent<IgnoredAny>| async move {
            // Boxed for the compiler's sake, as in `http`.
            Box::pin(handler(context.clone())).await.map_err(failure)
        });
        lambda_runtime::run(service)
            .await
            .map_err(|error| Fatal::Runtime(error.to_string()))
    })
}

fn failure(error: Error) -> Diagnostic {
    tracing::error!(cause = ?error, "a tick failed");
    Diagnostic {
        error_type: "TickFailed".to_owned(),
        error_message: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_tick_shows_no_cause_outside_the_log() {
        let diagnostic = failure(Error::Unavailable {
            cause: "table ovn-secret".to_owned(),
        });
        assert!(!diagnostic.error_message.contains("ovn-secret"));
    }

    #[test]
    fn whatever_a_schedule_sends_is_accepted() {
        for event in [
            "{}",
            "null",
            r#"{"time":"2026-01-31T12:00:00Z","detail":{"a":[1]}}"#,
        ] {
            assert!(serde_json::from_str::<IgnoredAny>(event).is_ok());
        }
    }
}
