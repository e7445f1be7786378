//! The write discipline: what a failed call proves, and how often and how late it is repeated.

use std::time::Duration;

use aws_sdk_dynamodb::{
    Client,
    config::{retry::RetryConfig, timeout::TimeoutConfig},
    error::{ProvideErrorMetadata, SdkError},
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

/// How often one call is made at the most.
pub const TRIES: u32 = 8;
/// How long one try may take.
pub const TRY_TIMEOUT: Duration = Duration::from_secs(1);
const FIRST_DELAY_MS: u64 = 10;
const LAST_DELAY_MS: u64 = 500;

/// A source of random numbers, to spread repeats.
pub type Jitter = fn() -> u64;

/// What a failed try proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failed<E> {
    /// Nothing happened, and it may go better soon: a conflict or throttling.
    Busy(String),
    /// No answer: it may have happened.
    InDoubt(String),
    /// An answer that a repeat would not change.
    Final(E),
}

/// Why no try went through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum GaveUp<E> {
    /// Busy each time: nothing happened.
    Busy(String),
    /// At least one try got no answer, and no later one told what became of it.
    InDoubt(String),
    Final(E),
}

/// Calls until there is an answer, at most [`TRIES`] times.
pub(crate) async fn persist<T, E, F>(
    jitter: Jitter,
    mut call: impl FnMut() -> F + Send,
) -> Result<T, GaveUp<E>>
where
    F: Future<Output = Result<T, Failed<E>>> + Send,
{
    let mut doubt = None;
    let mut busy = String::new();
    for try_number in 0..TRIES {
        if try_number > 0 {
            tokio::time::sleep(delay(try_number, jitter())).await;
        }
        match call().await {
            Ok(answer) => return Ok(answer),
            Err(Failed::Final(reason)) => return Err(GaveUp::Final(reason)),
            Err(Failed::Busy(cause)) => busy = cause,
            Err(Failed::InDoubt(cause)) => doubt = Some(cause),
        }
    }
    Err(doubt.map_or(GaveUp::Busy(busy), GaveUp::InDoubt))
}

/// Full jitter: anything from nothing to the bound of this repeat.
pub(crate) fn delay(repeat: u32, chance: u64) -> Duration {
    let doubled = FIRST_DELAY_MS << repeat.saturating_sub(1).min(16);
    Duration::from_millis(chance % (doubled.min(LAST_DELAY_MS) + 1))
}

/// Reads what an error of the SDK proves; the final reason is its text.
pub(crate) fn judge<E>(error: &SdkError<E, HttpResponse>) -> Failed<String>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let text = || aws_sdk_dynamodb::error::DisplayErrorContext(error).to_string();
    match error {
        SdkError::ConstructionFailure(_) => Failed::Final(text()),
        SdkError::ServiceError(answer) => match answer.err().code() {
            Some(
                code @ ("ProvisionedThroughputExceededException"
                | "RequestLimitExceeded"
                | "ThrottlingException"
                | "TransactionConflictException"),
            ) => Failed::Busy(code.to_owned()),
            // Our own earlier try is still at work.
            Some(code @ "TransactionInProgressException") => Failed::InDoubt(code.to_owned()),
            _ if answer.raw().status().as_u16() >= 500 => Failed::InDoubt(text()),
            _ => Failed::Final(text()),
        },
        SdkError::TimeoutError(_)
        | SdkError::DispatchFailure(_)
        | SdkError::ResponseError(_)
        | _ => Failed::InDoubt(text()),
    }
}

/// The same client without retries of its own, which would multiply ours, and with our time limit.
pub(crate) fn disciplined(client: &Client) -> Client {
    let config = client
        .config()
        .to_builder()
        .retry_config(RetryConfig::disabled())
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(TRY_TIMEOUT)
                .operation_attempt_timeout(TRY_TIMEOUT)
                .build(),
        );
    Client::from_conf(config.build())
}

/// Random enough to spread repeats, without a dependency or a lock.
pub(crate) fn hasher_jitter() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(0)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    async fn outcome(answers: &[Failed<&'static str>]) -> (Result<(), GaveUp<&'static str>>, u32) {
        let calls = AtomicU32::new(0);
        let result = persist(
            || 0,
            || {
                let number = calls.fetch_add(1, Ordering::SeqCst);
                let answer = answers
                    .get(usize::try_from(number).expect("small"))
                    .cloned();
                async move { answer.map_or(Ok(()), Err) }
            },
        )
        .await;
        (result, calls.into_inner())
    }

    #[tokio::test]
    async fn a_busy_store_is_asked_again_and_a_final_answer_ends_it() {
        let busy = || Failed::Busy("conflict".to_owned());
        assert_eq!(outcome(&[busy(), busy()]).await, (Ok(()), 3));
        let refused = outcome(&[busy(), Failed::Final("no")]).await;
        assert_eq!(refused, (Err(GaveUp::Final("no")), 2));
    }

    #[tokio::test]
    async fn eight_busy_tries_prove_that_nothing_happened_but_one_in_doubt_spoils_the_proof() {
        let busy = || Failed::Busy("conflict".to_owned());
        let mut answers = vec![busy(); 8];
        let (result, calls) = outcome(&answers).await;
        assert_eq!(result, Err(GaveUp::Busy("conflict".to_owned())));
        assert_eq!(calls, TRIES);
        answers[2] = Failed::InDoubt("timeout".to_owned());
        let (result, _) = outcome(&answers).await;
        assert_eq!(result, Err(GaveUp::InDoubt("timeout".to_owned())));
    }

    #[test]
    fn repeats_wait_longer_each_time_up_to_half_a_second() {
        let bounds: Vec<_> = (1..TRIES)
            .map(|repeat| (0..2000).map(|chance| delay(repeat, chance)).max())
            .map(|longest| longest.map(|it| it.as_millis()))
            .collect();
        let expected = [10, 20, 40, 80, 160, 320, 500].map(Some);
        assert_eq!(bounds, expected);
        assert_eq!(delay(3, 0), Duration::ZERO);
    }
}
