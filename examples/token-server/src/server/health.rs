//! `GET /health`: the process answers. What it can serve is said by `/ready`, at the listener of `[admin]`.

use serde_json::json;

use super::{Response, Server};

impl Server {
    pub(super) fn health(&self) -> Response {
        Response::json(200, &json!({ "status": "ok" }))
    }
}
