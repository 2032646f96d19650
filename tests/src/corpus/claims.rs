//! From a construct to an assertion: header, claims, signature, and edits of the finished token.

use std::sync::LazyLock;

use aws_lc_rs::digest;
use serde_json::Value;

use super::case::{Construct, HmacKey, SignKey};
use super::placeholder::Context;
use super::subject::Subject;
use crate::assertion::{Assertion, Signing};
use crate::encoding::{base64url, from_hex, utf16le};
use crate::fixtures::fixtures;
use crate::mutate::apply_all;
use crate::serialization::{compact, json_flattened, json_general};
use crate::{der, members::Members};

/// The assertion as it was signed, and the token that is sent.
pub(super) fn assertion(construct: &Construct, subject: &Subject, context: &Context) -> (Assertion, String) {
    let assertion = base(construct, subject);
    let assertion = with_claims(assertion, construct, context);
    let assertion = with_payload(assertion, construct, context);
    let assertion = with_signature(with_header(assertion, construct, context), construct);
    let token = serialized(&assertion, construct);
    let token = apply_all(&construct.mutate, token, &assertion);
    (assertion, token)
}

/// The client's own valid assertion, signed by whichever key the case names.
///
/// Somebody else's key signs under the client's own `kid`, as a forger would have it; one of the client's other
/// keys brings its own `kid`.
fn base(construct: &Construct, subject: &Subject) -> Assertion {
    let named = match &construct.sign_key {
        Some(SignKey::Named(name)) => Some((name, fixtures().key(name))),
        _ => None,
    };
    let own = subject.signer.as_ref().map(|(key, algorithm)| (key.clone(), algorithm.clone()));
    match (own, named) {
        (Some((key, algorithm)), None) => Assertion::new(&subject.client_id, key, &algorithm),
        (Some((_, algorithm)), Some((name, key))) if name.starts_with(&subject.client_id) => {
            Assertion::new(&subject.client_id, key, &algorithm)
        }
        (Some((own, algorithm)), Some((_, key))) => {
            Assertion::new(&subject.client_id, own, &algorithm).signed_with(key)
        }
        (None, Some((_, key))) => Assertion::new(&subject.client_id, key.clone(), key.algorithm()),
        (None, None) => panic!("{} has no key", subject.client_id),
    }
}

fn with_claims(mut assertion: Assertion, construct: &Construct, context: &Context) -> Assertion {
    for (name, value) in &construct.claims_set {
        assertion = assertion.claim(name, context.value(value));
    }
    for (name, value) in &construct.claims_json {
        let text = value.as_str().map_or_else(|| value.to_string(), |text| context.text(text));
        assertion = assertion.raw_claim(name, &text);
    }
    for (name, values) in &construct.dup_claim {
        assertion = assertion.without_claim(name);
        for value in values {
            assertion = assertion.repeated_claim(name, &context.value(value).to_string());
        }
    }
    construct.claims_remove.iter().fold(assertion, |assertion, name| assertion.without_claim(name))
}

fn with_payload(assertion: Assertion, construct: &Construct, context: &Context) -> Assertion {
    if let Some(hex) = &construct.payload_hex {
        return assertion.payload(from_hex(hex));
    }
    if construct.payload_encoding.as_deref() == Some("utf-16le") {
        let payload = utf16le(&assertion.claims().to_json());
        return assertion.payload(payload);
    }
    match &construct.payload_raw {
        Some(template) => {
            let payload = payload(template, assertion.claims(), context);
            assertion.payload(payload)
        }
        None => assertion,
    }
}

/// `@claims` stands for the claims as JSON, `...` for those that are not named behind it.
fn payload(template: &str, claims: &Members, context: &Context) -> String {
    if let Some(depth) = template.strip_prefix("@nest(claims.x,") {
        let depth: usize = depth.trim_end_matches(')').parse().expect("a depth");
        let nested = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        return format!("{{{},\"x\":{nested}}}", claims.inner());
    }
    if let Some((before, after)) = template.split_once("...") {
        let mut rest = claims.clone();
        for name in ["iss", "sub", "aud", "jti", "iat", "exp"] {
            if after.contains(&format!("\"{name}\"")) {
                rest.remove(name);
            }
        }
        return format!("{before}{}{}", rest.inner(), context.text(after));
    }
    if template.contains("@claims") {
        return template.replace("@claims", &claims.to_json());
    }
    context.text(template)
}

fn with_header(mut assertion: Assertion, construct: &Construct, context: &Context) -> Assertion {
    if let Some(algorithm) = &construct.sign_alg {
        assertion = assertion.algorithm(algorithm);
    }
    for (name, value) in &construct.header_set {
        assertion = assertion.header(name, context.value(value));
    }
    for name in &construct.header_remove {
        assertion = assertion.without_header(name);
    }
    match (&construct.header_raw, &construct.header_hex) {
        (Some(text), _) => assertion.header_text(text.as_bytes()),
        (None, Some(hex)) => assertion.header_text(from_hex(hex)),
        (None, None) => assertion,
    }
}

fn with_signature(assertion: Assertion, construct: &Construct) -> Assertion {
    let parameters = &construct.sign;
    if let Some(number) = parameters.template {
        return assertion.signing(Signing::RsaTemplate(rs256_template(number)));
    }
    if let Some(scheme) = &parameters.scheme {
        let algorithm = if scheme == "pss" { "PS256" } else { "RS256" };
        return assertion.signing(Signing::Key(algorithm.to_owned()));
    }
    if parameters.pss_salt.is_some() || parameters.mgf.is_some() {
        let mask_hash = match parameters.mgf.as_deref() {
            Some("sha1") => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            _ => &digest::SHA256,
        };
        return assertion.signing(Signing::Pss { salt_length: parameters.pss_salt.unwrap_or(32), mask_hash });
    }
    match &construct.sign_key {
        Some(SignKey::Hmac(key)) => assertion.signing(Signing::Hmac(hmac_octets(key))),
        _ => assertion,
    }
}

/// An encoded message of `wycheproof/derived_rs256_em_templates.json` by its number.
fn rs256_template(number: u64) -> String {
    static FILE: LazyLock<Value> = LazyLock::new(|| {
        serde_json::from_str(include_str!("../../cases/wycheproof/derived_rs256_em_templates.json")).unwrap()
    });
    let mut templates = FILE["templates"].as_array().unwrap().iter();
    let template = templates.find(|template| template["tcId"] == number).expect("a template of this number");
    template["em_template"].as_str().unwrap().to_owned()
}

fn hmac_octets(key: &HmacKey) -> Vec<u8> {
    if let Some(hex) = &key.hmac_hex {
        return from_hex(hex);
    }
    if let Some(client) = &key.hmac_secret_of {
        return fixtures().client(client).secret().expect("a client with a secret").into_bytes();
    }
    let public = fixtures().key(key.of.as_deref().expect("whose public key"));
    let octets = match key.hmac_from.as_deref().expect("an encoding of the public key") {
        "spki_pem_lf" => der::public_key_pem(&public).into_bytes(),
        "spki_pem" => der::public_key_pem(&public).trim_end().as_bytes().to_vec(),
        "spki_der" => der::subject_public_key_info(&public),
        "modulus" => public.octets("n"),
        "modulus_text" => base64url(public.octets("n")).into_bytes(),
        "point" => public.uncompressed_point(),
        "x" => public.octets("x"),
        other => panic!("no encoding is called {other:?}"),
    };
    let octets = if key.crlf { with_crlf(&octets) } else { octets };
    [key.before.as_bytes(), &octets, key.after.as_bytes()].concat()
}

fn with_crlf(pem: &[u8]) -> Vec<u8> {
    String::from_utf8_lossy(pem).replace('\n', "\r\n").into_bytes()
}

fn serialized(assertion: &Assertion, construct: &Construct) -> String {
    if let Some(pattern) = &construct.compact {
        return compact(pattern, assertion);
    }
    match construct.serialization.as_deref() {
        None => assertion.mint(),
        Some("json_flattened") => {
            json_flattened(assertion, construct.unprotected.as_ref().filter(|header| **header != Value::Null))
        }
        Some("json_general_multi") => json_general(assertion),
        Some(other) => panic!("no serialization is called {other:?}"),
    }
}
