//! The `Queue` port on SQS, and the text a message travels as.

use app::{
    message::{Message, QueueName},
    port::{Queue, Unreachable},
};
use domain::routing::Provider;
use serde::{Deserialize, Serialize};

use crate::{aws, settings::QueueSettings};

/// The version of the text; a reader refuses any other.
const VERSION: u8 = 1;
/// The longest delay SQS takes, in seconds.
const DELAY_MAX: u32 = 900;

/// A text that is not a message of our version. What it holds is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a message of version {VERSION}")]
pub struct Unreadable;

#[derive(Serialize)]
struct Outgoing<'a> {
    v: u8,
    #[serde(flatten)]
    message: &'a Message,
}

#[derive(Deserialize)]
struct Incoming {
    v: u8,
    #[serde(flatten)]
    message: Message,
}

/// The text of a message: `{"v":1,"kind":"dispatch",...}`.
pub fn message_text(message: &Message) -> String {
    let outgoing = Outgoing {
        v: VERSION,
        message,
    };
    serde_json::to_string(&outgoing).expect("a message holds only texts and numbers")
}

/// # Errors
/// [`Unreadable`] for anything but a message of our version.
pub fn parse_message(text: &str) -> Result<Message, Unreadable> {
    let incoming: Incoming = serde_json::from_str(text).map_err(|_| Unreadable)?;
    if incoming.v == VERSION {
        Ok(incoming.message)
    } else {
        Err(Unreadable)
    }
}

/// The queues of the bundle on SQS.
#[derive(Clone, Debug)]
pub struct SqsQueue {
    client: aws_sdk_sqs::Client,
    settings: QueueSettings,
}

impl SqsQueue {
    pub const fn new(client: aws_sdk_sqs::Client, settings: QueueSettings) -> Self {
        Self { client, settings }
    }

    fn url(&self, queue: QueueName) -> Result<&str, Unreachable> {
        Ok(match queue {
            QueueName::Dispatch => &self.settings.dispatch_url,
            QueueName::Provider(provider) => {
                let urls = self.settings.providers.as_ref();
                let urls = urls.ok_or_else(|| {
                    Unreachable("sqs send: no queues of providers here".to_owned())
                })?;
                match provider {
                    Provider::Payelata => &urls.payelata,
                    Provider::Owlpay => &urls.owlpay,
                    Provider::Paywizard => &urls.paywizard,
                }
            }
            QueueName::Check => &self.settings.check_url,
            QueueName::Batch => &self.settings.batch_url,
            QueueName::Vendors => {
                let url = self.settings.vendors_url.as_ref();
                url.ok_or_else(|| Unreachable("sqs send: no vendors queue here".to_owned()))?
            }
        })
    }
}

impl Queue for SqsQueue {
    async fn send(&self, message: Message, delay_seconds: u32) -> Result<(), Unreachable> {
        let delay = delay_seconds.min(DELAY_MAX);
        self.client
            .send_message()
            .queue_url(self.url(message.queue())?)
            .message_body(message_text(&message))
            .delay_seconds(i32::try_from(delay).unwrap_or(0))
            .send()
            .await
            .map(|_| ())
            .map_err(|error| Unreachable(aws::cause("sqs send", &error)))
    }
}

#[cfg(test)]
mod tests {
    use app::{
        message::{BatchStep, BatchTask, Check, Dispatch, VendorTask},
        record::InboxId,
    };
    use domain::ids::{DriverId, Mode, PayoutId, ProviderId};

    use super::*;
    use crate::aws::{
        sqs_with,
        tests::{settings, stub},
    };
    use crate::settings::ProviderQueues;

    fn dispatch() -> Message {
        Message::Dispatch(Dispatch {
            tenant: "acme~test".parse().expect("valid"),
            payout: PayoutId::parse("pay_1").expect("valid"),
            driver: Some(DriverId::parse("drv_1").expect("valid")),
            attempt: 1,
            seq: 7,
            provider: None,
        })
    }

    fn check() -> Message {
        Message::Check(Check {
            tenant: "acme~test".parse().expect("valid"),
            reference: "pay_1-a01".parse().expect("valid"),
            inbox: Some(InboxId {
                provider: Provider::Payelata,
                mode: Mode::Test,
                object: ProviderId::parse("obj-1").expect("valid"),
                body_sha256: "00".to_owned(),
            }),
        })
    }

    fn batch() -> Message {
        Message::Batch(BatchTask {
            tenant: "acme~test".parse().expect("valid"),
            batch: "batch_1".parse().expect("valid"),
            step: BatchStep::Expand { manifest: 3 },
        })
    }

    fn vendor() -> Message {
        Message::Vendor(VendorTask {
            tenant: "acme~test".parse().expect("valid"),
            driver: "drv_1".parse().expect("valid"),
        })
    }

    fn queue(settings: crate::settings::AwsSettings) -> SqsQueue {
        let urls = QueueSettings {
            dispatch_url: "http://queue/dispatch".to_owned(),
            check_url: "http://queue/check".to_owned(),
            batch_url: "http://queue/batch".to_owned(),
            vendors_url: Some("http://queue/vendors".to_owned()),
            providers: Some(ProviderQueues {
                payelata: "http://queue/payelata".to_owned(),
                owlpay: "http://queue/owlpay".to_owned(),
                paywizard: "http://queue/paywizard".to_owned(),
            }),
        };
        SqsQueue::new(sqs_with(settings), urls)
    }

    #[test]
    fn a_message_survives_its_text() {
        for message in [dispatch(), check(), batch(), vendor()] {
            let text = message_text(&message);
            assert!(text.starts_with(r#"{"v":1,"kind":"#), "{text}");
            assert_eq!(parse_message(&text), Ok(message));
        }
    }

    #[test]
    fn anything_but_our_version_is_unreadable() {
        let text = message_text(&dispatch());
        for bad in [
            String::new(),
            "null".to_owned(),
            "[]".to_owned(),
            "{}".to_owned(),
            text.replace("\"v\":1", "\"v\":2"),
            text.replace("\"v\":1,", ""),
            text.replace("\"dispatch\"", "\"other\""),
            text.replace("pay_1", "pay#1"),
            text.replace("acme~test", "acme"),
            text.replace("\"seq\":7", "\"seq\":-1"),
            format!("{text}x"),
        ] {
            assert_eq!(parse_message(&bad), Err(Unreadable), "{bad}");
        }
    }

    #[test]
    fn a_member_a_later_release_adds_is_ignored() {
        let text = message_text(&dispatch()).replace("\"v\":1", "\"v\":1,\"new\":true");
        assert_eq!(parse_message(&text), Ok(dispatch()));
    }

    #[tokio::test]
    async fn a_message_goes_to_its_queue_with_at_most_the_longest_delay() {
        let (settings, received) = stub("200 OK", r#"{"MessageId":"1"}"#);
        let queue = queue(settings);
        assert_eq!(queue.send(dispatch(), 5000).await, Ok(()));
        let request = received.recv().expect("a request");
        assert!(request.contains("http://queue/dispatch"), "{request}");
        assert!(request.contains("\"DelaySeconds\":900"), "{request}");
        assert_eq!(queue.send(check(), 0).await, Ok(()));
        let request = received.recv().expect("a request");
        assert!(request.contains("http://queue/check"), "{request}");
        assert!(request.contains("\"DelaySeconds\":0"), "{request}");
    }

    #[tokio::test]
    async fn a_queue_that_is_not_there_is_unreachable() {
        let queue = queue(settings("http://127.0.0.1:1"));
        let expected = Unreachable("sqs send: no connection".to_owned());
        assert_eq!(queue.send(check(), 0).await, Err(expected));
    }
}
