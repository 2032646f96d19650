//! The body of a registration: one JSON object, read strictly.

use serde_json::{Map, Value};

use super::MAX_BODY_BYTES;
use super::event::Outcome;
use super::failure::Failure;
use crate::json::Ignored;
use crate::media_type;
use crate::request::Headers;

/// Reads the body of a client.
///
/// # Errors
/// [`Outcome::UnsupportedMediaType`], and those of [`object`].
pub(super) fn read(headers: &dyn Headers, body: &[u8]) -> Result<Map<String, Value>, Failure> {
    media_type::require_json(headers).map_err(|got| Failure::new(Outcome::UnsupportedMediaType, got))?;
    object(body)
}

/// Reads a JSON object.
///
/// # Errors
/// [`Outcome::TooLarge`], and [`Outcome::Malformed`] for anything but an object that names each member once, at any depth.
pub(super) fn object(body: &[u8]) -> Result<Map<String, Value>, Failure> {
    if body.len() > MAX_BODY_BYTES {
        return Err(Failure::new(Outcome::TooLarge, format!("{} bytes", body.len())));
    }
    let malformed =
        |error: serde_json::Error| Failure::new(Outcome::Malformed, format!("the body is not JSON: {error}"));
    // A member that stands twice is refused here, before a reader that keeps one of the two.
    serde_json::from_slice::<Ignored>(body).map_err(malformed)?;
    match serde_json::from_slice(body).map_err(malformed)? {
        Value::Object(members) => Ok(members),
        _ => Err(Failure::new(Outcome::Malformed, "the body is not a JSON object; send one object")),
    }
}
