//! The body of a request, bounded.

use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_LENGTH, HeaderMap};
use bytes::{Bytes, BytesMut};
use countersign::Reason;
use futures_util::StreamExt;

/// Reads the whole body.
///
/// # Errors
/// [`Reason::TooLarge`] for more than `most` bytes, at once where the length announces it;
/// [`Reason::BodyUnreadable`] for a body that breaks off.
pub(crate) async fn collect(
    payload: &mut Payload,
    headers: &HeaderMap,
    most: usize,
) -> Result<Bytes, Reason> {
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > most as u64) {
        return Err(Reason::TooLarge);
    }
    let (mut first, mut rest) = (Bytes::new(), BytesMut::new());
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Reason::BodyUnreadable)?;
        if first.len() + rest.len() + chunk.len() > most {
            return Err(Reason::TooLarge);
        }
        if first.is_empty() && rest.is_empty() {
            first = chunk;
        } else {
            // Copied only when it comes in several chunks.
            if rest.is_empty() {
                rest.extend_from_slice(&std::mem::take(&mut first));
            }
            rest.extend_from_slice(&chunk);
        }
    }
    Ok(if rest.is_empty() { first } else { rest.freeze() })
}
