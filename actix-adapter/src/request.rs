//! An actix request, as the core reads it.

use actix_web::http::header::HeaderMap;
use actix_web::{HttpMessage as _, HttpRequest};
use bytes::Bytes;
use countersign::certificate::PeerCertificates;
use countersign::{
    AuthRequest, AuthenticatedClient, Authenticator, Endpoint, Headers, Reason, Refusal, Routes,
};

/// The endpoint a request is sent to, if it is covered: by its path as it came, or as actix's router read it.
pub(crate) fn endpoint(routes: &Routes, request: &HttpRequest) -> Option<Endpoint> {
    routes.endpoint(request.path()).or_else(|| routes.endpoint(request.match_info().as_str()))
}

/// Decides about a request whose body was read, or could not be.
pub(crate) async fn decide(
    auth: &Authenticator,
    request: &HttpRequest,
    endpoint: Endpoint,
    body: Result<Bytes, Reason>,
) -> Result<AuthenticatedClient, Refusal> {
    // `http` 0.2 and its header map end here.
    let headers = Fields(request.headers());
    let source = request.peer_addr().map(|address| address.ip());
    // Of this request where a middleware put them, else of its connection.
    let of_request = request.extensions().get::<PeerCertificates>().cloned();
    let certificates = of_request.as_ref().or_else(|| request.conn_data());
    let with_body = |body| {
        AuthRequest::new(endpoint, request.method().as_str(), &headers, body)
            .with_query(request.uri().query())
            .with_source(source)
            .with_certificates(certificates)
    };
    match body {
        Ok(body) => auth.authenticate(with_body(body)).await,
        Err(reason) => Err(auth.refuse(&with_body(Bytes::new()), reason)),
    }
}

struct Fields<'r>(&'r HeaderMap);

impl Headers for Fields<'_> {
    fn each<'h>(&'h self, name: &str, visit: &mut dyn FnMut(&'h [u8])) {
        for value in self.0.get_all(name) {
            visit(value.as_bytes());
        }
    }
}
