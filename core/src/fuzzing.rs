//! Parsers of outside bytes that have no other door, for the fuzz targets.

use std::time::Duration;

use hyper::header::{AGE, CACHE_CONTROL, HeaderMap, HeaderValue};

/// How long a key set is kept that came with these lines of `Cache-Control` and this `Age`. Lines that no HTTP parser
/// lets through are left out.
pub fn key_set_lifetime(cache_control: &[&[u8]], age: Option<&[u8]>) -> Duration {
    let mut headers = HeaderMap::new();
    for line in cache_control.iter().filter_map(|line| HeaderValue::from_bytes(line).ok()) {
        headers.append(CACHE_CONTROL, line);
    }
    if let Some(age) = age.and_then(|age| HeaderValue::from_bytes(age).ok()) {
        headers.insert(AGE, age);
    }
    crate::fetch::lifetime(&headers)
}
