//! AWS clients, built by hand: settings from the environment, one shared connection pool, no discovery.

use std::{sync::OnceLock, time::Duration};

use aws_sdk_dynamodb::config::{BehaviorVersion, Region, SharedHttpClient};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::{
    error::metadata::ProvideErrorMetadata, retry::RetryConfig, timeout::TimeoutConfig,
};

use crate::{
    error::Fatal,
    settings::{AwsSettings, Service},
};

/// How long one DynamoDB call may take. The store repeats calls itself.
pub const DYNAMO_TIMEOUT: Duration = Duration::from_secs(1);
/// How long handing a message to a queue may take.
pub const SQS_TIMEOUT: Duration = Duration::from_secs(2);
/// How long encrypting or decrypting may take.
pub const KMS_TIMEOUT: Duration = Duration::from_secs(2);

const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// The client of the table.
///
/// # Errors
/// [`Fatal::Setting`] when region, credentials or endpoint are missing or malformed.
pub fn dynamo_client() -> Result<aws_sdk_dynamodb::Client, Fatal> {
    AwsSettings::from_env(Service::DynamoDb).map(dynamo_with)
}

/// The client of the queues.
///
/// # Errors
/// As [`dynamo_client`].
pub fn sqs_client() -> Result<aws_sdk_sqs::Client, Fatal> {
    AwsSettings::from_env(Service::Sqs).map(sqs_with)
}

/// The client of the vault.
///
/// # Errors
/// As [`dynamo_client`].
pub fn kms_client() -> Result<aws_sdk_kms::Client, Fatal> {
    AwsSettings::from_env(Service::Kms).map(kms_with)
}

fn dynamo_with(settings: AwsSettings) -> aws_sdk_dynamodb::Client {
    let mut config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(http_client())
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts(DYNAMO_TIMEOUT))
        .credentials_provider(settings.credentials)
        .region(Region::new(settings.region));
    config.set_endpoint_url(settings.endpoint);
    aws_sdk_dynamodb::Client::from_conf(config.build())
}

pub(crate) fn sqs_with(settings: AwsSettings) -> aws_sdk_sqs::Client {
    let mut config = aws_sdk_sqs::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(http_client())
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts(SQS_TIMEOUT))
        .credentials_provider(settings.credentials)
        .region(Region::new(settings.region));
    config.set_endpoint_url(settings.endpoint);
    aws_sdk_sqs::Client::from_conf(config.build())
}

pub(crate) fn kms_with(settings: AwsSettings) -> aws_sdk_kms::Client {
    let mut config = aws_sdk_kms::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(http_client())
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts(KMS_TIMEOUT))
        .credentials_provider(settings.credentials)
        .region(Region::new(settings.region));
    config.set_endpoint_url(settings.endpoint);
    aws_sdk_kms::Client::from_conf(config.build())
}

/// The connect timeout is the same for every client: the pool is shared between equal settings only.
fn timeouts(call: Duration) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(call)
        .operation_timeout(call)
        .build()
}

/// The one HTTP client of the process, with ring and the certificates of the system.
fn http_client() -> SharedHttpClient {
    static SHARED: OnceLock<SharedHttpClient> = OnceLock::new();
    SHARED
        .get_or_init(|| {
            Builder::new()
                .tls_provider(Provider::Rustls(CryptoMode::Ring))
                .build_https()
        })
        .clone()
}

/// What went wrong in a call, for the log: operation, kind and error code, nothing that was sent.
pub fn cause<E: ProvideErrorMetadata, R>(operation: &str, error: &SdkError<E, R>) -> String {
    let kind = match error {
        SdkError::ConstructionFailure(_) => "not sent",
        SdkError::TimeoutError(_) => "timed out",
        SdkError::DispatchFailure(_) => "no connection",
        SdkError::ResponseError(_) => "unreadable answer",
        SdkError::ServiceError(_) => "refused",
        _ => "failed",
    };
    let code = error
        .as_service_error()
        .and_then(ProvideErrorMetadata::code);
    match code {
        Some(code) => format!("{operation}: {kind} ({code})"),
        None => format!("{operation}: {kind}"),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::{
        io::{Read, Write},
        net::TcpListener,
        sync::mpsc::{Receiver, channel},
    };

    use super::*;

    /// A loopback server that gives every connection the same answer, and hands over what it was sent.
    pub(crate) fn stub(status: &str, body: &'static str) -> (AwsSettings, Receiver<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let (sender, received) = channel();
        let head = format!("HTTP/1.1 {status}\r\ncontent-type: application/x-amz-json-1.1\r\n");
        let answer = format!(
            "{head}content-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.expect("a connection");
                let request = read_request(&mut stream);
                stream.write_all(answer.as_bytes()).expect("written");
                if sender.send(request).is_err() {
                    return;
                }
            }
        });
        (settings(&format!("http://{address}")), received)
    }

    fn read_request(stream: &mut impl Read) -> String {
        let mut bytes = Vec::new();
        let mut chunk = [0; 4096];
        loop {
            let read = stream.read(&mut chunk).expect("readable");
            bytes.extend_from_slice(&chunk[..read]);
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let Some((head, body)) = text.split_once("\r\n\r\n") else {
                continue;
            };
            let length = head
                .lines()
                .filter_map(|line| line.split_once(": "))
                .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
                .and_then(|(_, value)| value.parse().ok())
                .unwrap_or(0);
            if body.len() >= length || read == 0 {
                return text;
            }
        }
    }

    pub(crate) fn settings(endpoint: &str) -> AwsSettings {
        AwsSettings {
            region: "eu-west-1".to_owned(),
            credentials: aws_credential_types::Credentials::new(
                "AKID",
                "secret",
                Some("token".to_owned()),
                None,
                "test",
            ),
            endpoint: Some(endpoint.to_owned()),
        }
    }

    #[tokio::test]
    async fn a_client_signs_for_its_region_and_asks_once() {
        let (settings, received) = stub("500 Internal Server Error", "{}");
        let client = dynamo_with(settings);
        let error = client.list_tables().send().await.expect_err("refused");
        assert_eq!(cause("list", &error), "list: refused");
        let request = received.recv().expect("a request");
        assert!(request.contains("AKID/"), "{request}");
        assert!(request.contains("/eu-west-1/dynamodb/aws4_request"));
        assert!(request.contains("x-amz-security-token: token"));
        assert!(received.recv_timeout(Duration::from_millis(200)).is_err());
    }

    #[tokio::test]
    async fn a_server_that_does_not_answer_is_given_up_after_the_timeout() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let client = dynamo_with(settings(&format!("http://{address}")));
        let error = client.list_tables().send().await.expect_err("no answer");
        assert_eq!(cause("list", &error), "list: timed out");
    }

    #[tokio::test]
    async fn an_endpoint_that_is_not_there_is_no_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        drop(listener);
        let client = dynamo_with(settings(&format!("http://{address}")));
        let error = client.list_tables().send().await.expect_err("nobody");
        assert_eq!(cause("list", &error), "list: no connection");
    }
}
