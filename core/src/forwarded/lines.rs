//! The lines of a header field, bounded.

use super::{MOST_OCTETS, refused};
use crate::refusal::Failure;
use crate::request::Headers;

/// The values of a field's lines, without the blanks around them.
///
/// # Errors
/// The field is too long, or holds anything but ASCII.
pub(super) fn lines<'h>(headers: &'h dyn Headers, name: &str) -> Result<Vec<&'h str>, Failure> {
    let (mut values, mut octets, mut ascii) = (Vec::new(), 0_usize, true);
    headers.each(name, &mut |value| {
        octets = octets.saturating_add(value.len());
        if octets > MOST_OCTETS {
            return;
        }
        match std::str::from_utf8(value) {
            Ok(text) if text.is_ascii() => values.push(text.trim_matches([' ', '\t'])),
            _ => ascii = false,
        }
    });
    if octets > MOST_OCTETS {
        return Err(refused("at most 64 KiB", "more"));
    }
    if !ascii {
        return Err(refused("ASCII", "other octets"));
    }
    Ok(values)
}

/// Does the proxy say with this value that there is nothing? nginx and HAProxy send an empty one, HAProxy in quotes where
/// it was told to quote, and Apache httpd `(null)`.
pub(super) fn is_nothing(value: &str) -> bool {
    matches!(value, "" | "\"\"" | "(null)")
}
