//! Start-up of queue consumers, and which messages of a batch go back.

use std::future::Future;

use app::{error::Error, message::Message};
use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use lambda_runtime::{LambdaEvent, service_fn};

use super::start;
use crate::{error::Fatal, sqs::parse_message};

/// Runs a queue consumer: `open` builds what the handler works with, once. The messages of a batch run
/// one after the other.
///
/// # Errors
/// [`Fatal`] when the function cannot start.
pub fn run_with<C, F, Fut>(open: impl FnOnce() -> Result<C, Fatal>, handler: F) -> Result<(), Fatal>
where
    C: Clone,
    F: Fn(C, Message) -> Fut,
    Fut: Future<Output = Result<(), Error>> + Send,
{
    start(|| async {
        let context = open()?;
        let (context, handler) = (&context, &handler);
        let service = service_fn(|event: LambdaEvent<SqsEvent>| async move {
            let answer = consume(event.payload, |it| handler(context.clone(), it)).await;
            Ok::<_, std::convert::Infallible>(answer)
        });
        lambda_runtime::run(service)
            .await
            .map_err(|error| Fatal::Runtime(error.to_string()))
    })
}

/// Handles every message of a batch. Those that may work later go back to the queue; so do those that
/// cannot be read, until the queue puts them aside for a person.
async fn consume<F, Fut>(event: SqsEvent, handler: F) -> SqsBatchResponse
where
    F: Fn(Message) -> Fut,
    Fut: Future<Output = Result<(), Error>>,
{
    let mut answer = SqsBatchResponse::default();
    for message in event.records {
        let id = message.message_id.clone().unwrap_or_default();
        if !is_done(&message, &id, &handler).await {
            answer.add_failure(id);
        }
    }
    answer
}

async fn is_done<F, Fut>(received: &SqsMessage, id: &str, handler: &F) -> bool
where
    F: Fn(Message) -> Fut,
    Fut: Future<Output = Result<(), Error>>,
{
    let body = received.body.as_deref().unwrap_or_default();
    let Ok(message) = parse_message(body) else {
        tracing::error!(message.id = id, "message {id} cannot be read");
        return false;
    };
    // Boxed for the compiler's sake, as in `http`.
    match Box::pin(handler(message)).await {
        Ok(()) => true,
        Err(error) if error.is_retryable() => {
            tracing::warn!(message.id = id, cause = ?error, "message {id} goes back");
            false
        }
        Err(error) => {
            tracing::warn!(message.id = id, cause = %error, "message {id} will not work");
            true
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use app::message::Check;
    use serde_json::json;

    use super::*;
    use crate::sqs::message_text;

    fn body(number: u8) -> String {
        message_text(&Message::Check(Check {
            tenant: "acme~test".parse().expect("valid"),
            reference: format!("pay_1-a{number:02}").parse().expect("valid"),
            inbox: None,
        }))
    }

    fn event(bodies: &[(&str, String)]) -> SqsEvent {
        let records: Vec<_> = bodies
            .iter()
            .map(|(id, body)| {
                json!({
                    "messageId": id,
                    "receiptHandle": "handle",
                    "body": body,
                    "attributes": {"ApproximateReceiveCount": "1"},
                    "messageAttributes": {},
                    "md5OfBody": "",
                    "eventSource": "aws:sqs",
                    "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:dispatch",
                    "awsRegion": "eu-west-1"
                })
            })
            .collect();
        serde_json::from_value(json!({ "Records": records })).expect("an event")
    }

    fn failed(answer: &SqsBatchResponse) -> Vec<&str> {
        let failures = answer.batch_item_failures.iter();
        failures.map(|it| it.item_identifier.as_str()).collect()
    }

    #[tokio::test]
    async fn only_what_may_work_later_or_cannot_be_read_goes_back() {
        let batch = event(&[
            ("ok", body(1)),
            ("outage", body(2)),
            ("hopeless", body(3)),
            ("garbage", "{".to_owned()),
            ("newer", body(1).replace("\"v\":1", "\"v\":2")),
        ]);
        let seen = Mutex::new(Vec::new());
        let answer = consume(batch, |message| {
            let Message::Check(check) = message else {
                panic!("a check");
            };
            seen.lock().expect("whole").push(check.reference.number);
            async move {
                match check.reference.number {
                    1 => Ok(()),
                    2 => Err(Error::Unavailable {
                        cause: "down".to_owned(),
                    }),
                    _ => Err(Error::NotFound("attempt")),
                }
            }
        })
        .await;
        assert_eq!(failed(&answer), ["outage", "garbage", "newer"]);
        assert_eq!(*seen.lock().expect("whole"), [1, 2, 3]);
        let text = serde_json::to_value(&answer).expect("JSON");
        assert_eq!(text["batchItemFailures"][0]["itemIdentifier"], "outage");
    }

    #[tokio::test]
    async fn an_empty_batch_is_done() {
        let answer = consume(event(&[]), |_| async { Ok(()) }).await;
        assert!(failed(&answer).is_empty());
    }
}
