//! The body of a request, up to a limit.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::{Request, StatusCode};

use super::response::Refused;

/// The whole body. `Err` when it has more than `most` bytes, breaks off, or does not come.
pub(super) async fn read(request: Request<Incoming>, most: usize) -> Result<Bytes, Refused> {
    let body = Limited::new(request.into_body(), most).collect();
    match tokio::time::timeout(PATIENCE, body).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            Err(Refused::new(StatusCode::PAYLOAD_TOO_LARGE, format!("at most {most} bytes\n")))
        }
        Ok(Err(_)) => Err(Refused::new(StatusCode::BAD_REQUEST, "the body broke off\n")),
        Err(_) => Err(Refused::new(StatusCode::REQUEST_TIMEOUT, "the body did not come\n")),
    }
}

const PATIENCE: Duration = Duration::from_secs(10);
