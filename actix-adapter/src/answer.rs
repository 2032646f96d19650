//! A refusal as an actix response.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use countersign::Refusal;

/// A [`Refusal`], as actix returns errors. Its response is the public answer; the refusal itself lies in the
/// response's extensions, for middleware outside of ours.
#[derive(Clone, Debug)]
pub struct RefusedRequest(pub Refusal);

impl fmt::Display for RefusedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl ResponseError for RefusedRequest {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        for (name, value) in self.0.headers() {
            response.insert_header((name, value));
        }
        let mut response = response.body(self.0.body());
        response.extensions_mut().insert(self.0.clone());
        response
    }
}
