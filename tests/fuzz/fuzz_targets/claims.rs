//! Any octets as the header and the claims of an assertion that is signed with the client's own secret: the first line is
//! the header, the rest the claims. What is accepted is judged again by a plainer reader.
#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_fuzz::{ISSUER, NOW, Server, TOKEN, hs256};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|input: &[u8]| {
    let Some(end) = input.iter().position(|octet| *octet == b'\n') else { return };
    let (header, claims) = (&input[..end], &input[end + 1..]);
    let assertion = hs256(header, claims);
    let server = Server::shared();
    if server.send_assertion(&assertion).is_err() {
        return;
    }
    let header: Value = serde_json::from_slice(header).expect("a JSON header");
    let claims: Value = serde_json::from_slice(claims).expect("JSON claims");
    assert_eq!(header["alg"], "HS256");
    assert!(header.get("crit").is_none() && header.get("b64").is_none(), "{header}");
    if let Some(typ) = header.get("typ") {
        let typ = typ.as_str().expect("a text").to_ascii_lowercase();
        let typ = typ.strip_prefix("application/").unwrap_or(&typ);
        assert!(matches!(typ, "jwt" | "client-authentication+jwt"), "{header}");
    }
    assert!(claims["iss"] == "hs256" && claims["sub"] == "hs256", "{claims}");
    let ours = |audience: &Value| audience == ISSUER || audience == TOKEN;
    match &claims["aud"] {
        Value::Array(audiences) => assert!(!audiences.is_empty() && audiences.iter().all(ours), "{claims}"),
        audience => assert!(ours(audience), "{claims}"),
    }
    assert!(claims["jti"].as_str().is_some_and(|jti| !jti.is_empty()), "{claims}");
    let expires = claims["exp"].as_f64().expect("a number");
    assert!(expires > NOW - 30.0 && expires <= NOW + 3630.0, "{claims}");
    for name in ["iat", "nbf"] {
        assert!(
            claims.get(name).is_none_or(|time| time.as_f64().is_some_and(|time| time <= NOW + 60.0)),
            "{claims}"
        );
    }
    let repeated = server.send_assertion(&assertion);
    assert!(repeated.is_err(), "an assertion is accepted twice");
    // Another signature over other octets is another assertion; under the same jti it is refused too.
    let other =
        hs256(b"{\"alg\":\"HS256\" }", &URL_SAFE_NO_PAD.decode(middle(&assertion)).expect("base64url"));
    assert!(server.send_assertion(&other).is_err(), "a jti is accepted twice");
});

fn middle(assertion: &str) -> &str {
    assertion.split('.').nth(1).unwrap_or_default()
}
