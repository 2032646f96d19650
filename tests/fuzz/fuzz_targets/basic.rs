//! Any octets as the value of `Authorization`. Nothing panics, and who gets in has sent the registered pair, in one of
//! the two readings of RFC 6749 §2.3.1.
#![no_main]

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use countersign::AuthMethod;
use countersign_fuzz::{secret_of, send};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|value: &[u8]| {
    let Ok(client) = send(Some(value), b"grant_type=client_credentials".to_vec()) else { return };
    assert_eq!(*client.method(), AuthMethod::CLIENT_SECRET_BASIC);

    let pair = pair(value).expect("base64 of UTF-8 after a scheme");
    let sent = pair.split_once(':').expect("a colon");
    let form_decoded = (form_decoded(sent.0), form_decoded(sent.1));
    let secret = secret_of(client.client_id()).expect("a client with a secret");
    let registered = (client.client_id(), &*secret);
    assert!(sent == registered || (&*form_decoded.0, &*form_decoded.1) == registered, "{pair:?}");
});

/// The pair, by a reader that takes more than a server should.
fn pair(value: &[u8]) -> Option<String> {
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let (_, credentials) = std::str::from_utf8(value).ok()?.split_once(' ')?;
    let credentials = credentials.trim().replace('-', "+").replace('_', "/");
    String::from_utf8(GeneralPurpose::new(&STANDARD, config).decode(credentials).ok()?).ok()
}

fn form_decoded(text: &str) -> String {
    let form = format!("text={}", text.replace('&', "%26"));
    form_urlencoded::parse(form.as_bytes()).next().map(|(_, text)| text.into_owned()).unwrap_or_default()
}
