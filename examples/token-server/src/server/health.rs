//! `GET /health`: the process answers, and every method it is configured for can be served.

use serde_json::json;

use super::{Response, Server};

impl Server {
    pub(super) fn health(&self) -> Response {
        Response::json(200, &json!({ "status": "ok" }))
    }
}
