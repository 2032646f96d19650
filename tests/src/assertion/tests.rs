//! What is minted verifies.

use aws_lc_rs::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};

use super::*;
use crate::encoding::from_base64url;

#[test]
fn every_kind_of_key_signs_what_its_public_half_verifies() {
    for (client, algorithm) in [
        ("c-pkjwt-es256", &signature::ECDSA_P256_SHA256_FIXED),
        ("c-pkjwt-es384", &signature::ECDSA_P384_SHA384_FIXED),
        ("c-pkjwt-es512", &signature::ECDSA_P521_SHA512_FIXED),
    ] {
        let assertion = Assertion::of(client);
        let point = assertion.key().uncompressed_point();
        assert_verifies(&assertion, |input, signature| {
            UnparsedPublicKey::new(algorithm, &point).verify(input, signature).is_ok()
        });
    }
    let assertion = Assertion::of("c-pkjwt-eddsa");
    let key = assertion.key().octets("x");
    assert_verifies(&assertion, |input, signature| {
        UnparsedPublicKey::new(&signature::ED25519, &key).verify(input, signature).is_ok()
    });
}

#[test]
fn the_library_and_the_hand_made_rsa_signatures_verify() {
    let raw_pss = Signing::Pss { salt_length: 32, mask_hash: &digest::SHA256 };
    for (assertion, parameters) in [
        (Assertion::of("c-pkjwt-rs256"), &signature::RSA_PKCS1_2048_8192_SHA256),
        (Assertion::of("c-pkjwt-ps512"), &signature::RSA_PSS_2048_8192_SHA512),
        (Assertion::of("c-pkjwt-ps256").signing(raw_pss), &signature::RSA_PSS_2048_8192_SHA256),
    ] {
        let public =
            RsaPublicKeyComponents { n: assertion.key().octets("n"), e: assertion.key().octets("e") };
        assert_verifies(&assertion, |input, signature| public.verify(parameters, input, signature).is_ok());
    }
}

fn assert_verifies(assertion: &Assertion, verify: impl Fn(&[u8], &[u8]) -> bool) {
    let token = assertion.mint();
    let (input, signature) = token.rsplit_once('.').unwrap();
    assert!(verify(input.as_bytes(), &from_base64url(signature)), "{token}");
}
