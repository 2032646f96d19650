//! `GET /jwks`: the public keys of this server's tokens
//! ([RFC 7517 §5](https://www.rfc-editor.org/rfc/rfc7517#section-5)).

use super::{Response, Server};

impl Server {
    pub(super) fn jwks(&self) -> Response {
        Response::document(self.jwk_set.clone())
    }
}
