//! Any octets as the lines of `Cache-Control`, with `Age` in the last one. How long a key set is kept stays within its
//! bounds, and no further line makes it longer than an earlier one allows.
#![no_main]

use countersign::fetch::limits::{DEFAULT_LIFETIME, MAX_LIFETIME, MIN_LIFETIME};
use countersign::fuzzing::key_set_lifetime;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let mut lines: Vec<&[u8]> = input.split(|octet| *octet == b'\n').collect();
    let age = lines.pop();
    let kept = key_set_lifetime(&lines, age);
    assert!((MIN_LIFETIME..=MAX_LIFETIME).contains(&kept), "{kept:?}");
    assert!(kept <= key_set_lifetime(&lines, None).max(MIN_LIFETIME), "an age makes it longer");
    assert_eq!(key_set_lifetime(&[], None), DEFAULT_LIFETIME);

    let mut with_less = lines.clone();
    with_less.push(b"max-age=61");
    assert!(key_set_lifetime(&with_less, None) <= MIN_LIFETIME.max(std::time::Duration::from_secs(61)));
    with_less.push(b"no-store");
    assert_eq!(key_set_lifetime(&with_less, None), MIN_LIFETIME);
});
