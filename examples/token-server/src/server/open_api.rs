//! `GET /openapi.json`: registration, described in [OpenAPI 3.1](https://spec.openapis.org/oas/v3.1.1.html).

use bytes::Bytes;

use super::{Response, Server};

impl Server {
    pub(super) fn open_api(&self) -> Response {
        Response::document(Bytes::from_static(DOCUMENT))
    }
}

const DOCUMENT: &[u8] = include_bytes!("../../openapi.json");
