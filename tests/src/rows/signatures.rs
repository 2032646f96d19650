//! Signatures that are wrong in every way a careless verifier may overlook.

use aws_lc_rs::digest;
use num_bigint::BigUint;

use super::signed;
use crate::assertion::{Assertion, Signing};
use crate::encoding::{base64url, from_hex};
use crate::mutate::{Mutation, minted_until};
use crate::registration::ed25519_of;
use crate::request::Request;
use crate::row::{Expect, Row};
use crate::scene::{accepted, invalid_client, scene};

pub(super) fn rows() -> Vec<Row> {
    [edits(), paddings(), forgers(), small_order()].concat()
}

fn edits() -> Vec<Row> {
    let edited = |client: &str, what: &str, mutation: Mutation, expect: Expect| {
        let assertion = Assertion::of(client);
        let token = mutation.apply(&assertion.mint(), &assertion);
        scene(format!("{what} of {client}"))
            .fixture(client)
            .send(Request::token().assertion(token), expect)
            .row()
    };
    let invalid = |client: &str, what: &str, mutation: Mutation| {
        edited(client, what, mutation, invalid_client(400, "signature_invalid"))
    };
    let verifies = |client: &str, what: &str, mutation: Mutation| {
        edited(client, what, mutation, accepted(client, "private_key_jwt"))
    };
    let (ec, ed, rsa, pss) = ("c-pkjwt-es256", "c-pkjwt-eddsa", "c-pkjwt-rs256", "c-pkjwt-ps256");
    let mut rows = Vec::new();
    for client in [ec, "c-pkjwt-es384", "c-pkjwt-es512", ed, rsa, pss] {
        rows.extend([
            invalid(client, "a flipped bit in the signature", Mutation::FlipSigBit),
            invalid(client, "the signature of another assertion", Mutation::SigFromOther),
            invalid(client, "another payload under the old signature", Mutation::SwapPayload),
            invalid(client, "another header under the old signature", Mutation::SwapHeader),
            invalid(client, "an octet behind the signature", Mutation::AppendSigByte),
            invalid(client, "half a signature", Mutation::SigTruncate { len: 32 }),
            invalid(client, "no signature", Mutation::StripSig),
            verifies(client, "a second signature over the same assertion", Mutation::Resign),
        ]);
    }
    rows.extend([
        invalid(ec, "the DER form of the signature", Mutation::SigDer),
        invalid(ec, "r and s exchanged in the signature", Mutation::SigSwap),
        invalid(ec, "wider r and s in the signature", Mutation::SigWiden),
        invalid(ec, "the signature twice", Mutation::SigDouble),
        invalid(ec, "r beyond the order in the signature", Mutation::SigRPlusN),
        verifies(ec, "the malleated twin of the signature", Mutation::SigNegateS),
        verifies(ec, "a signature that begins with a zero octet", Mutation::LeadingZero),
        invalid(ed, "S beyond the order in the signature", Mutation::EdSPlusL),
        invalid(rsa, "a number beyond the modulus as the signature", Mutation::RsaSPlusN),
        invalid(rsa, "a zero octet before the signature", Mutation::RsaLen { strip: false }),
        invalid(rsa, "a missing zero octet before the signature", Mutation::RsaLen { strip: true }),
        invalid(pss, "a wrong PSS trailer in the signature", Mutation::PssModify { leading_bit: false }),
        invalid(
            pss,
            "a PSS bit that must be zero in the signature",
            Mutation::PssModify { leading_bit: true },
        ),
    ]);
    for rs in ["r=0,s=0", "r=1,s=0", "r=0,s=1", "r=1,s=1", "r=n,s=n", "r=n,s=1", "r=n-1,s=n-1"] {
        rows.push(invalid(ec, &format!("the signature {rs}"), Mutation::SigRs { rs: rs.to_owned() }));
    }
    rows
}

fn paddings() -> Vec<Row> {
    let pss = |what: &str, salt_length: usize, mask_hash: &'static digest::Algorithm, expect: Expect| {
        let signing = Signing::Pss { salt_length, mask_hash };
        scene(format!("PS256 with {what}"))
            .fixture("c-pkjwt-ps256")
            .send(signed(&Assertion::of("c-pkjwt-ps256").signing(signing)), expect)
            .row()
    };
    let invalid = || invalid_client(400, "signature_invalid");
    let crossed = |client: &str, scheme: &str| {
        scene(format!("a {scheme} signature under the alg of {client}"))
            .fixture(client)
            .send(signed(&Assertion::of(client).signing(Signing::Key(scheme.to_owned()))), invalid())
            .row()
    };
    vec![
        pss("the salt it asks for", 32, &digest::SHA256, accepted("c-pkjwt-ps256", "private_key_jwt")),
        pss("no salt", 0, &digest::SHA256, invalid()),
        pss("a salt of 20 octets", 20, &digest::SHA256, invalid()),
        pss("a salt of 33 octets", 33, &digest::SHA256, invalid()),
        pss("SHA-1 in its mask", 32, &digest::SHA1_FOR_LEGACY_USE_ONLY, invalid()),
        pss("SHA-512 in its mask", 32, &digest::SHA512, invalid()),
        crossed("c-pkjwt-rs256", "PS256"),
        crossed("c-pkjwt-rs256", "RS512"),
        crossed("c-pkjwt-ps256", "RS256"),
        crossed("c-pkjwt-ps256", "PS384"),
    ]
}

fn forgers() -> Vec<Row> {
    let invalid = || invalid_client(400, "signature_invalid");
    let forged = |client: &str, key: &str| {
        scene(format!("{key} does not sign for {client}"))
            .fixture(client)
            .send(signed(&Assertion::of(client).signed_by(key)), invalid())
            .row()
    };
    vec![
        forged("c-pkjwt-es256", "attacker-ec"),
        forged("c-pkjwt-es256", "c-pkjwt-es256b"),
        forged("c-pkjwt-rs256", "attacker-rsa"),
        forged("c-pkjwt-ps256", "attacker-rsa"),
        forged("c-pkjwt-eddsa", "attacker-ed"),
        forged("c-pkjwt-es384", "attacker-p384"),
    ]
}

/// Under a key of small order anybody can sign: with R the neutral element and S zero, every message verifies
/// whose hash is a multiple of the order. Such messages are easily found.
fn small_order() -> Vec<Row> {
    let neutral = from_hex(&format!("01{}", "00".repeat(31)));
    let forged_signature = [neutral, vec![0; 32]].concat();
    SMALL_ORDER
        .iter()
        .map(|public| {
            let client = ed25519_of(&from_hex(public));
            let key = from_hex(public);
            let assertion = Assertion::new(client.client_id(), client.signer.clone(), "EdDSA");
            let token = minted_until(&assertion, |token| {
                let (input, _) = token.rsplit_once('.').unwrap();
                let message = [&forged_signature[..32], &key, input.as_bytes()].concat();
                let hash = digest::digest(&digest::SHA512, &message);
                let scalar = BigUint::from_bytes_le(hash.as_ref()) % crate::mutate::ed25519_order();
                scalar % 8_u8 == BigUint::ZERO
            });
            let (input, _) = token.rsplit_once('.').unwrap();
            let token = format!("{input}.{}", base64url(&forged_signature));
            scene(format!("the Ed25519 key {public} of small order is not used"))
                .client(client.metadata)
                .send(Request::token().assertion(token), invalid_client(400, "key_not_found"))
                .row()
        })
        .collect()
}

/// The points whose order divides 8; the last three are not the shortest form of their number.
const SMALL_ORDER: [&str; 11] = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];
