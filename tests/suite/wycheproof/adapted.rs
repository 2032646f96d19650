//! What a vector's comment names, done to a client assertion that was signed over real claims.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use aws_lc_rs::digest::SHA256;
use countersign_tests::assertion::{Assertion, Signing};
use countersign_tests::encoding::{base64url, from_base64url, from_hex};
use countersign_tests::fixtures::fixtures;
use countersign_tests::mutate::Mutation;
use countersign_tests::serialization::{compact, json_general};
use num_bigint::BigUint;

use super::jose::Vector;
use super::{number, read, text};

/// The edited token, and the reason for which it is refused.
pub(super) type Adapted = (String, &'static str);

/// `assertion` is sound and carries the vector's header. `None` when the comment names no fault.
pub(super) fn adapted(vector: &Vector, assertion: &Assertion) -> Option<Adapted> {
    let comment = vector.comment.as_str();
    if let Some(template) = TEMPLATES.get(&vector.number).filter(|_| is_of_the_templates(vector)) {
        // tcId 33 is the right encoding.
        let token = assertion.clone().signing(Signing::RsaTemplate(template.clone())).mint();
        return (vector.number != 33).then_some((token, INVALID));
    }
    if is_of_the_templates(vector) && vector.number > 45 {
        return Some((with_encoded_message(assertion, &encoded_message(&vector.jws, assertion)), INVALID));
    }
    let edited = |mutation: Mutation| mutation.apply(&assertion.mint(), assertion);
    let insert = |seg: usize, s: &str| edited(Mutation::Insert { seg, s: s.to_owned() });
    let shape = |pattern: &str| compact(pattern, assertion);
    let hex = |hex: String| edited(Mutation::SigHex { hex });
    let modulus = || BigUint::from_bytes_be(&assertion.key().octets("n"));
    let pss = |salt_length: usize| {
        assertion.clone().signing(Signing::Pss { salt_length, mask_hash: &SHA256 }).mint()
    };
    let damaged = |octets: &[usize]| {
        let mut message = encoded_message(&assertion.mint(), assertion);
        octets.iter().for_each(|position| message[*position] ^= 1);
        with_encoded_message(assertion, &message)
    };
    Some(match comment {
        "rejectsMissingSignatureAndSeparator" => (shape("h.p"), MALFORMED),
        "rejectsMissingPayload" => (shape("h..s"), MALFORMED),
        "rejectsMissingPayloadAndSeparator" => (shape("h.s"), MALFORMED),
        "rejectsMissingHeader" => (shape(".p.s"), MALFORMED),
        "rejectsMissingHeaderAndSeparator" => (shape("p.s"), MALFORMED),
        "rejectsMissingHeaderAndSignature" => (shape(".p."), MALFORMED),
        "rejectsMissingHeaderSignatureAndSeparator" | "rejectsMissingHeaderSignatureAndSeparators" => {
            (shape("p"), MALFORMED)
        }
        "rejectsExtraEmptyComponent" => (shape("h.p.s."), MALFORMED),
        "rejectsExtraComponent" => (shape("h.p.s.foo"), MALFORMED),
        "rejectsValidJsonSerialization" => (json_general(assertion), MALFORMED),

        "rejectsModifiedSignature" | "modifiedSignature" => (edited(Mutation::FlipSigBit), INVALID),
        "rejectsMissingSignature" => (edited(Mutation::StripSig), INVALID),
        "rejectsModifiedPayload" => (edited(Mutation::SwapPayload), INVALID),
        "rejectsModifiedHeader" => {
            let header = String::from_utf8(assertion.header_octets()).unwrap();
            let honest = assertion.clone().header_text(header.replace("Xid", "kid")).mint();
            let (_, rest) = honest.split_once('.').unwrap();
            // A secret has no kid, so that its tag alone can tell.
            let reason = if vector.public.is_some() { NAMELESS } else { INVALID };
            (format!("{}.{rest}", base64url(header)), reason)
        }
        "rejectsNoneAlgorithmAndMissingSignature" | "algIsNone" => (edited(Mutation::StripSig), ALGORITHM),
        "rejectsSymmetryConfusionAttacks_aesKeyFromEcVerificationKeyBytes" => {
            let signing = Signing::Hmac(assertion.key().uncompressed_point());
            (assertion.clone().signing(signing).mint(), ALGORITHM)
        }
        "rejectsAttackerProvidedEmbeddedJwk" => {
            (assertion.clone().signed_with(fixtures().key("attacker-ec")).mint(), INVALID)
        }
        _ if comment.starts_with("Using") => {
            let signing = Signing::Key(comment.trim_start_matches("Using").to_owned());
            let unfit = vector.header().is_some_and(|header| header["alg"] != "PS512");
            (assertion.clone().signing(signing).mint(), if unfit { UNFIT } else { INVALID })
        }

        // RSASSA-PSS, 256 octets: masked padding and salt, the hash from 223, the trailer.
        "MhashModified"
        | "lastByteOfMhashModified"
        | "FirstByteOfMhashModified"
        | "LastByteOfMhashModified" => (edited(Mutation::SigFromOther), INVALID),
        "SaltLenChanged" => (pss(other_salt_length(vector.number)), INVALID),
        "ZeroPaddingModified" | "ModifiedHash" => (damaged(&[223 + vector.number as usize % 32]), INVALID),
        "PSModified" => (damaged(&[1 + vector.number as usize % 180]), INVALID),
        "SaltModified" => (damaged(&[222]), INVALID),
        "MaskedDbChanged" => (damaged(&[100, 200]), INVALID),
        "EmModified" => (damaged(&[255]), INVALID),
        "SignatureIs0" => (hex("00*256".to_owned()), INVALID),
        "SignatureIs1" => (hex(format!("{:0512x}", 1)), INVALID),
        "SignatureIsNsub1" => (hex(format!("{:0512x}", modulus() - 1_u8)), INVALID),
        "SignatureIsn" => (hex(format!("{:0512x}", modulus())), INVALID),
        "SignatureIsnotReduced" => (edited(Mutation::RsaSPlusN), INVALID),
        "prependingZerosToSignature" => (edited(Mutation::RsaLen { strip: false }), INVALID),
        "appendingZerosToSignature" => (edited(Mutation::AppendSigByte), INVALID),
        "truncatedSignature" => (edited(Mutation::SigTruncate { len: 254 }), INVALID),

        // ECDSA
        "SignatureTooLong" | "SisTooBig" => (edited(Mutation::SigWiden), INVALID),
        "TrailingZeros" => (edited(Mutation::AppendSigByte), INVALID),
        "RisTooBig" | "IntegerOverflow" => (edited(Mutation::SigRPlusN), INVALID),
        "BufferOverflow" => (edited(Mutation::SigRandom { len: 514 }), INVALID),
        _ if comment.starts_with("rIs") => {
            let (r, s) = comment.split_once('_').unwrap();
            let rs = format!("r={},s={}", scalar(&r[3..]), scalar(&s[3..]));
            (edited(Mutation::SigRs { rs }), INVALID)
        }

        // base64url
        "rejectsSpacesInMac" => (insert(2, "    "), MALFORMED),
        "rejectsInvalidCharacterInsertedInMac" => (insert(2, "?"), MALFORMED),
        "rejects0ReplacedbyInvalidCharacter" | "rejectsInvalidCharacters" => {
            let token = assertion.mint();
            (format!("{}?", &token[..token.len() - 1]), MALFORMED)
        }
        "spacesInHeader" => (insert(0, "    "), MALFORMED),
        "invalidCharactersInHeader" | "InvalidCharacterInsertedInHeader" => (insert(0, "?"), MALFORMED),
        "spacesInPayload" => (insert(1, "    "), MALFORMED),
        "invalidCharactersInPayload" | "InvalidCharacterInPayload" | "InvalidCharacterInsertedInPayload" => {
            (insert(1, "?"), MALFORMED)
        }
        "invalidBase64Padding" => (edited(Mutation::AppendSeg { seg: 0, s: "=".to_owned() }), MALFORMED),
        "invalidBase64PaddingInPayload" => {
            (edited(Mutation::AppendSeg { seg: 1, s: "=".to_owned() }), MALFORMED)
        }
        "ModifiedUnusedBitsInPayload" | "MacOfIncorrectlyEncodedMessage" => {
            (edited(Mutation::TrailingBitsResign { seg: 1 }), MALFORMED)
        }
        _ => return None,
    })
}

const MALFORMED: &str = "assertion_malformed";
const INVALID: &str = "signature_invalid";
const ALGORITHM: &str = "alg_not_allowed";
const NAMELESS: &str = "key_not_found";
const UNFIT: &str = "key_unfit";

/// Six vectors; none of these is 32.
fn other_salt_length(number: u64) -> usize {
    [0, 1, 20, 31, 33, 64][usize::try_from(number).unwrap() % 6]
}

fn scalar(name: &str) -> &str {
    match name {
        "Zero" => "0",
        "One" => "1",
        "Nminus1" => "n-1",
        "N" => "n",
        other => panic!("no scalar is called {other:?}"),
    }
}

fn is_of_the_templates(vector: &Vector) -> bool {
    vector.file == "json_web_signature_test" && vector.group == 2
}

/// `derived_rs256_em_templates.json`: the vectors' encoded messages with `{H}` for the digest. Those in which no
/// digest was found are taken as they are.
static TEMPLATES: LazyLock<BTreeMap<u64, String>> = LazyLock::new(|| {
    let file = read("derived_rs256_em_templates");
    let templates = file["templates"].as_array().unwrap().iter();
    templates.map(|of| (number(&of["tcId"]), text(&of["em_template"]).to_owned())).collect()
});

/// `s ^ e mod n` of a token's signature.
fn encoded_message(token: &str, assertion: &Assertion) -> Vec<u8> {
    let member = |name: &str| BigUint::from_bytes_be(&assertion.key().octets(name));
    let signature = BigUint::from_bytes_be(&from_base64url(token.rsplit('.').next().unwrap()));
    from_hex(&format!("{:0512x}", signature.modpow(&member("e"), &member("n"))))
}

fn with_encoded_message(assertion: &Assertion, message: &[u8]) -> String {
    let hex = message.iter().map(|octet| format!("{octet:02x}")).collect();
    assertion.clone().signing(Signing::RsaTemplate(hex)).mint()
}
