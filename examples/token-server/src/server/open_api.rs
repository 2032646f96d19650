//! `GET /openapi.json`: registration, described in [OpenAPI 3.1](https://spec.openapis.org/oas/v3.1.1.html).

use bytes::Bytes;
use countersign::{Authenticator, Endpoint};
use serde_json::{Value, json};

use super::metadata::TOKEN_ALGORITHMS;
use super::{Response, Server};
use crate::jose::Failed;

impl Server {
    pub(super) fn open_api(&self) -> Response {
        Response::document(self.open_api.clone())
    }
}

/// The document, with what this server has: it lists no method that nobody could register.
pub(super) fn document(auth: &Authenticator, grant_types: &[String]) -> Result<Bytes, Failed> {
    let mut document: Value = serde_json::from_str(DOCUMENT).map_err(|_| Failed)?;
    let methods = auth.methods(Endpoint::Token).map(|method| json!(method));
    let algorithms = auth.signing_algorithms().map(|algorithm| json!(algorithm));
    let token_algorithms = TOKEN_ALGORITHMS.iter().map(|algorithm| json!(algorithm));
    // A member that is null is as good as absent.
    let values: [(&str, Vec<Value>); 4] = [
        ("AuthMethod", methods.chain([Value::Null]).collect()),
        ("SigningAlgorithm", algorithms.chain([Value::Null]).collect()),
        ("TokenAlgorithm", token_algorithms.chain([Value::Null]).collect()),
        ("GrantType", grant_types.iter().map(|grant_type| json!(grant_type)).collect()),
    ];
    for (schema, values) in values {
        let place = document.pointer_mut(&format!("/components/schemas/{schema}/enum")).ok_or(Failed)?;
        *place = values.into();
    }
    serde_json::to_vec(&document).map(Bytes::from).map_err(|_| Failed)
}

const DOCUMENT: &str = include_str!("../../openapi.json");
