//! A tag in its full length and nothing else (RFC 7518 §3.2).

use serde_json::json;

use super::{ALGORITHMS, by_c, client, keyed, secret_of_length};
use crate::assertion::Signing;
use crate::mutate::Mutation;
use crate::request::Request;
use crate::row::{Expect, Row};
use crate::rows::signed;
use crate::scene::{invalid_client, scene};

pub(super) fn rows() -> Vec<Row> {
    [tags(), flipped_bits()].concat()
}

fn refused(reason: &str) -> Expect {
    invalid_client(400, reason)
}

fn tags() -> Vec<Row> {
    let secret = secret_of_length(64);
    let mut rows = Vec::new();
    for (algorithm, length) in ALGORITHMS {
        let registered =
            || client(json!({"client_secret": secret, "token_endpoint_auth_signing_alg": algorithm}));
        let edited = |what: &str, mutation: Mutation, expect: Expect| {
            let assertion = keyed(&secret, algorithm);
            let token = mutation.apply(&assertion.mint(), &assertion);
            scene(format!("{algorithm} with {what}"))
                .client(registered())
                .send(Request::token().assertion(token), expect)
                .row()
        };
        let invalid = |what: &str, mutation: Mutation| edited(what, mutation, refused("signature_invalid"));
        rows.extend([
            edited("its own tag, computed again", Mutation::Resign, by_c()),
            invalid("a tag that lacks its last octet", Mutation::SigTruncate { len: length - 1 }),
            invalid("half a tag", Mutation::SigTruncate { len: length / 2 }),
            invalid("a tag of one octet", Mutation::SigTruncate { len: 1 }),
            invalid("no tag", Mutation::StripSig),
            invalid("an octet behind the tag", Mutation::AppendSigByte),
            invalid("the tag twice", Mutation::SigDouble),
            invalid("a flipped bit in the tag", Mutation::FlipSigBit),
            invalid("a tag of zeros", Mutation::SigHex { hex: format!("00*{length}") }),
            invalid("an arbitrary tag", Mutation::SigRandom { len: length }),
            invalid("the tag of another assertion", Mutation::SigFromOther),
            invalid("another payload under the old tag", Mutation::SwapPayload),
            invalid("another header under the old tag", Mutation::SwapHeader),
        ]);
        for (other, _) in ALGORITHMS.into_iter().filter(|(other, _)| *other != algorithm) {
            rows.push(
                scene(format!("{algorithm} with a tag of {other}"))
                    .client(registered())
                    .send(
                        signed(&keyed(&secret, algorithm).signing(Signing::Key(other.to_owned()))),
                        refused("signature_invalid"),
                    )
                    .row(),
            );
        }
    }
    let cut = keyed(&secret, "HS256").signing(Signing::Key("HS512".to_owned()));
    rows.push(
        scene("HS256 with a tag of HS512 that is cut to its length")
            .client(client(json!({"client_secret": secret})))
            .send(
                Request::token().assertion(Mutation::SigTruncate { len: 32 }.apply(&cut.mint(), &cut)),
                refused("signature_invalid"),
            )
            .row(),
    );
    rows
}

/// Every bit of the tag counts.
fn flipped_bits() -> Vec<Row> {
    let secret = secret_of_length(64);
    let row = |(algorithm, length): (&str, usize)| {
        let assertion = keyed(&secret, algorithm);
        let token = assertion.mint();
        let scene = scene(format!("{algorithm} with any bit of the tag flipped"))
            .client(client(json!({"client_secret": secret})));
        (0..length * 8)
            .map(|bit| Mutation::FlipSigBits { bits: vec![bit] }.apply(&token, &assertion))
            .fold(scene, |scene, token| {
                scene.send(Request::token().assertion(token), refused("signature_invalid"))
            })
            .send(Request::token().assertion(&token), by_c())
            .row()
    };
    ALGORITHMS.into_iter().map(row).collect()
}
