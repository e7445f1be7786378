//! The one HTTP client of all providers, and what the fate of a call proves.
//!
//! The client repeats nothing and follows nothing: whether a call may be made again is decided by the
//! attempt's state alone. Causes are stable words; addresses, bodies and headers never appear in them.

use std::{pin::pin, time::Duration};

use domain::answer::Answer;
use reqwest::{Client, Request, Response};

use crate::pace::Pace;

/// The most bytes of an answer that are read (reliability design, section 6).
pub const BODY_MAX: usize = 256 * 1024;
/// The most time to reach the provider's machine, TLS included (reliability design, section 6).
pub const CONNECT_MAX: Duration = Duration::from_secs(3);
/// Shorter than the idle limit of common servers: a connection that the other side closed meanwhile
/// would turn the next create into an unclear one.
const IDLE_MAX: Duration = Duration::from_secs(15);

pub(super) const TIMEOUT: &str = "timeout";
/// A 404 that is not the provider's own error: a gateway in between, or an address that is no longer there, knows
/// nothing of any payment.
pub(super) const FOREIGN_404: &str = "status_404_foreign";
/// The provider's own 404 to a search: it speaks of the address, for a search that finds nothing shows an empty list.
pub(super) const SEARCH_404: &str = "status_404_search";

/// The client could not be built: the machine has no usable trust store.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the HTTP client cannot be built")]
pub struct HttpSetup;

/// The HTTP client. Clones share their connections.
#[derive(Clone, Debug)]
pub struct Http {
    client: Client,
    pace: Pace,
}

/// An answer whose status line arrived. The status alone may prove something, whatever became of the
/// body.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: Result<Vec<u8>, &'static str>,
}

/// A call without an answer, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lost {
    /// Name lookup, connect or TLS handshake failed: the request cannot have left.
    NotSent(&'static str),
    /// Anything later: the request may have been carried out.
    Unclear(&'static str),
}

impl From<Lost> for Answer {
    fn from(lost: Lost) -> Self {
        match lost {
            Lost::NotSent(cause) => Self::NotSent {
                cause: cause.to_owned(),
            },
            Lost::Unclear(cause) => Self::Unclear {
                cause: cause.to_owned(),
            },
        }
    }
}

impl Http {
    /// A client whose deadlines are measured on `pace`. TLS is rustls on ring, 1.2 or newer, with the
    /// machine's trust store.
    ///
    /// # Errors
    /// [`HttpSetup`] when the trust store cannot be read.
    pub fn new(pace: Pace) -> Result<Self, HttpSetup> {
        // An error says that a provider is installed already; no other one is linked.
        let _installed = rustls::crypto::ring::default_provider().install_default();
        let client = builder().build().map_err(|_| HttpSetup)?;
        Ok(Self { client, pace })
    }

    /// A wait of `time`, for what consists of several calls.
    pub(super) async fn wait(&self, time: Duration) {
        self.pace.sleep(time).await;
    }

    /// Sends `request` once and reads the answer, in at most `budget` together.
    pub(super) async fn send(&self, request: Request, budget: Duration) -> Result<Reply, Lost> {
        let mut deadline = pin!(self.pace.sleep(budget));
        let response = tokio::select! {
            biased;
            sent = self.client.execute(request) => sent.map_err(|error| fate_of(&error))?,
            () = &mut deadline => return Err(Lost::Unclear(TIMEOUT)),
        };
        let status = response.status().as_u16();
        let body = tokio::select! {
            biased;
            body = read(response) => body,
            () = &mut deadline => Err(TIMEOUT),
        };
        Ok(Reply { status, body })
    }
}

fn builder() -> reqwest::ClientBuilder {
    Client::builder()
        .user_agent(concat!("ovn-pay/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_MAX)
        .pool_idle_timeout(IDLE_MAX)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .no_proxy()
        .http1_only()
        .tls_version_min(reqwest::tls::Version::TLS_1_2)
}

/// A request that found its pooled connection closed is handed back by the connection only when no byte
/// of it was taken; a failure to open the next connection is then a connect error, and still proves that
/// nothing was sent.
fn fate_of(error: &reqwest::Error) -> Lost {
    match (error.is_connect(), error.is_timeout()) {
        (true, true) => Lost::NotSent("connect_timeout"),
        (true, false) => Lost::NotSent("connect_failed"),
        (false, true) => Lost::Unclear(TIMEOUT),
        (false, false) => Lost::Unclear("connection_lost"),
    }
}

async fn read(mut response: Response) -> Result<Vec<u8>, &'static str> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| "body_cut")? {
        if body.len() + chunk.len() > BODY_MAX {
            return Err("body_too_large");
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::dns::{Name, Resolve, Resolving};

    struct NoNames;

    impl Resolve for NoNames {
        fn resolve(&self, _name: Name) -> Resolving {
            Box::pin(std::future::ready(Err("no such name".into())))
        }
    }

    async fn fate(url: &str, pace: Pace) -> Lost {
        let _installed = rustls::crypto::ring::default_provider().install_default();
        let http = Http {
            client: builder()
                .connect_timeout(Duration::from_millis(500))
                .dns_resolver(std::sync::Arc::new(NoNames))
                .build()
                .expect("a client"),
            pace,
        };
        let request = Request::new(reqwest::Method::GET, url.parse().expect("a URL"));
        match http.send(request, Duration::from_secs(25)).await {
            Ok(reply) => panic!("an answer: {}", reply.status),
            Err(lost) => lost,
        }
    }

    #[tokio::test]
    async fn a_name_that_does_not_resolve_proves_that_nothing_was_sent() {
        assert_eq!(
            fate("http://provider.example/", Pace::real()).await,
            Lost::NotSent("connect_failed")
        );
    }

    #[tokio::test]
    async fn a_failed_tls_handshake_proves_that_nothing_was_sent() {
        use tokio::io::AsyncWriteExt;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let port = listener.local_addr().expect("bound").port();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a caller");
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
            std::future::pending::<()>().await;
        });
        assert_eq!(
            fate(&format!("https://127.0.0.1:{port}/"), Pace::real()).await,
            Lost::NotSent("connect_failed")
        );
    }

    #[tokio::test]
    async fn a_tls_handshake_that_takes_too_long_proves_that_nothing_was_sent() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let port = listener.local_addr().expect("bound").port();
        assert_eq!(
            fate(&format!("https://127.0.0.1:{port}/"), Pace::real()).await,
            Lost::NotSent("connect_timeout")
        );
    }

    #[tokio::test]
    async fn a_deadline_is_unclear_even_while_the_connection_is_being_made() {
        let pace = Pace::by(std::sync::Arc::new(|_| Box::pin(std::future::ready(()))));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let port = listener.local_addr().expect("bound").port();
        assert_eq!(
            fate(&format!("https://127.0.0.1:{port}/"), pace).await,
            Lost::Unclear(TIMEOUT)
        );
    }
}
