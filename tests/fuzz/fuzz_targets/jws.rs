//! Any octets as a client assertion. Up to the second line break they are a JWS header and a payload, and what
//! follows is the signature; with fewer line breaks they are the text of the assertion. Nobody here has a private
//! key, so every one of them is refused.
#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_fuzz::send;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let parts: Vec<&[u8]> = input.splitn(3, |octet| *octet == b'\n').collect();
    let assertion = if parts.len() == 3 {
        parts.iter().map(|part| URL_SAFE_NO_PAD.encode(part)).collect::<Vec<_>>().join(".").into_bytes()
    } else {
        input.to_vec()
    };
    let mut body =
        "client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer&client_assertion="
            .to_owned();
    body.extend(form_urlencoded::byte_serialize(&assertion));
    let answer = send(None, body.into_bytes());
    assert!(answer.is_err(), "an assertion that nobody signed is accepted");
});
