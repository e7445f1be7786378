//! Serving the sandbox over TCP, with the ability to hang up in the middle of a call.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::Sandbox;

/// Mark of an answer that must not be given.
#[derive(Clone, Copy)]
struct Dropped;

/// The order to hang up instead of answering.
#[derive(Debug, thiserror::Error)]
#[error("the connection is dropped because a fault says so")]
struct HangUp;

/// An answer that [`Sandbox::serve`] turns into a closed connection without a single byte.
pub(crate) fn dropped() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response.extensions_mut().insert(Dropped);
    response
}

impl Sandbox {
    /// Serves the twins, the control API and the routes of `extra` on `listener` for as long as it is polled;
    /// open connections end with it. Callbacks are sent by [`run`](Self::run) or [`deliver_due`](Self::deliver_due).
    ///
    /// Errors: the listener's address can no longer be told, so it is not open.
    pub async fn serve(self, listener: TcpListener, extra: Router) -> io::Result<()> {
        let address = listener.local_addr()?;
        tracing::debug!(%address, "the sandbox listens");
        let app = self.router().merge(extra);
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        connections.spawn(talk(stream, app.clone()));
                    }
                    Err(error) => {
                        // Out of descriptors, or a client gone before it was accepted: neither is the listener's end.
                        tracing::warn!(%error, "a connection could not be accepted");
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                },
                Some(_) = connections.join_next() => {}
            }
        }
    }
}

async fn talk(stream: TcpStream, app: Router) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection answers with delays");
    }
    let app = TowerToHyperService::new(app);
    let service = service_fn(move |request: Request<Incoming>| {
        let answer = app.call(request);
        async move {
            let response = answer
                .await
                .unwrap_or_else(|never: Infallible| match never {});
            if response.extensions().get::<Dropped>().is_some() {
                return Err(HangUp);
            }
            Ok(response)
        }
    });
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    if let Err(error) = connection.await {
        tracing::debug!(%error, "a connection ended early");
    }
}
