//! The core alone: bytes in, a decision out, on a thread without a runtime.

use bytes::Bytes;
use countersign::{AuthRequest, AuthenticatedClient, ClientClass};

use super::server::{own, shown};
use super::{Answer, Driver, Server};
use crate::encoding::sha256_hex;
use crate::row::HttpRequest;

/// Calls the authenticator.
pub struct Core(Server);

impl Driver for Core {
    const NAME: &'static str = "core";
    const OVER_HTTP: bool = false;

    async fn start(server: Server) -> Self {
        Core(server)
    }

    async fn send(&self, request: &HttpRequest) -> Answer {
        let headers = request.headers.as_slice();
        let body = Bytes::from(request.body.clone());
        let certificates = shown(&request.peer);
        let auth_request = AuthRequest::new(own(request.endpoint), &request.verb, &headers, body)
            .with_query(request.query.as_deref())
            .with_source(request.peer.address)
            .with_certificates(certificates.as_ref());
        match self.0.auth.authenticate(auth_request).await {
            Ok(client) => {
                let headers = [("content-type", b"application/json".as_slice())];
                Answer::new(200, headers.into_iter(), echo(&client, &request.body).as_bytes())
            }
            Err(refusal) => {
                let headers = refusal.headers().map(|(name, value)| (name, value.as_bytes()));
                Answer::new(refusal.status(), headers, refusal.body())
            }
        }
    }
}

/// What the handler of every driver answers: whom it sees, and the body it can still read.
pub(super) fn echo(client: &AuthenticatedClient, body: &[u8]) -> String {
    serde_json::json!({
        "client_id": client.client_id(),
        "method": client.method().as_str(),
        "authenticated": client.class() != ClientClass::Public,
        "certificate": client.certificate_thumbprint(),
        "body": sha256_hex(body),
    })
    .to_string()
}
