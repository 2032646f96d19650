//! An assertion is used once; a server that forgot draws a fence.

use serde_json::json;

use super::{by_es256, es256, signed};
use crate::assertion::{Assertion, fresh_jti};
use crate::mutate::Mutation;
use crate::request::Request;
use crate::row::{Endpoint, Expect, NOW, Row};
use crate::scene::{accepted, invalid_client, scene};

pub(super) fn rows() -> Vec<Row> {
    [single_use(), unburnt(), identities(), clock(), fence()].concat()
}

fn replayed() -> Expect {
    invalid_client(400, "replayed")
}

fn single_use() -> Vec<Row> {
    let once = signed(&es256());
    let other_place = signed(&es256());
    let fapi2 = signed(&es256());
    let optional = signed(&es256());
    let jti = fresh_jti();
    let with_jti = || es256().claim("jti", jti.as_str());
    vec![
        scene("an assertion is used once")
            .send(once.clone(), by_es256())
            .send(once.clone(), replayed())
            .send(once, replayed())
            .row(),
        scene("an assertion that was used at one endpoint is used at every endpoint")
            .send(other_place.clone().at(Endpoint::PushedAuthorization), by_es256())
            .send(other_place.clone(), replayed())
            .send(other_place.at(Endpoint::Introspection), invalid_client(401, "replayed"))
            .row(),
        scene("under fapi2 an assertion is used once")
            .preset("fapi2")
            .send(fapi2.clone(), by_es256())
            .send(fapi2, replayed())
            .row(),
        scene("with jti optional an assertion that has one is used once")
            .policy(json!({"jti": "optional"}))
            .send(optional.clone(), by_es256())
            .send(optional, replayed())
            .row(),
        scene("a jti is used up for every assertion of the client")
            .send(signed(&with_jti()), by_es256())
            .send(signed(&with_jti().claim("exp", NOW + 90)), replayed())
            .send(signed(&with_jti().claim("aud", Endpoint::Token.url())), replayed())
            .send(signed(&with_jti().header("typ", "JWT")), replayed())
            .row(),
        twin("the malleated twin of a used assertion is a replay", &Mutation::SigNegateS),
        twin("another signature over a used assertion is a replay", &Mutation::Resign),
    ]
}

/// What fails before the last check leaves the `jti` free.
fn unburnt() -> Vec<Row> {
    let then_used = |what: &str, spoil: &dyn Fn(Assertion) -> Request, refusal: Expect| {
        let jti = fresh_jti();
        let with_jti = || es256().claim("jti", jti.as_str());
        scene(format!("{what} does not burn the jti"))
            .send(spoil(with_jti()), refusal)
            .send(signed(&with_jti()), by_es256())
            .send(signed(&with_jti()), replayed())
            .row()
    };
    let refused = |reason: &str| invalid_client(400, reason);
    vec![
        then_used(
            "a forged signature",
            &|it| signed(&it.signed_by("attacker-ec")),
            refused("signature_invalid"),
        ),
        then_used("an unknown key", &|it| signed(&it.header("kid", "x")), refused("key_not_found")),
        then_used(
            "a foreign audience",
            &|it| signed(&it.claim("aud", "https://other.test")),
            refused("aud_mismatch"),
        ),
        then_used("an expired assertion", &|it| signed(&it.claim("exp", NOW - 60)), refused("expired")),
        then_used(
            "an assertion from the future",
            &|it| signed(&it.claim("nbf", NOW + 50)),
            refused("not_yet_valid"),
        ),
        then_used("a wrong type", &|it| signed(&it.header("typ", "at+jwt")), refused("typ_not_allowed")),
        then_used(
            "another client_id",
            &|it| signed(&it).field("client_id", "c-basic"),
            refused("client_id_mismatch"),
        ),
        then_used(
            "a second carrier",
            &|it| signed(&it).authorization("Bearer x"),
            crate::scene::invalid_request(400, "multiple_methods"),
        ),
    ]
}

fn identities() -> Vec<Row> {
    let distinct = |what: &str, first: &str, second: &str| {
        scene(format!("two jti that differ {what} are different"))
            .send(signed(&es256().claim("jti", first)), by_es256())
            .send(signed(&es256().claim("jti", second)), by_es256())
            .row()
    };
    let opaque = |jti: &str| {
        let once = signed(&es256().claim("jti", jti));
        let shown: String = jti.chars().take(20).collect();
        scene(format!("the jti {shown:?} is a text like any other"))
            .send(once.clone(), by_es256())
            .send(once, replayed())
            .row()
    };
    let escaped = |text: &str| signed(&es256().raw_claim("jti", text));
    vec![
        distinct("in case", "A", "a"),
        distinct("in a blank", "a", "a "),
        distinct("in normalisation", "é", "e\u{301}"),
        distinct("behind a NUL", "a\0b", "a\0c"),
        distinct(
            "in their last character of many",
            &format!("{}a", "x".repeat(4000)),
            &format!("{}b", "x".repeat(4000)),
        ),
        opaque("'; DROP TABLE jti;--"),
        opaque("a\r\nb"),
        opaque("a\0b"),
        opaque("😀"),
        opaque("0"),
        opaque(&"j".repeat(8000)),
        scene("a jti that is written with escapes is the same jti")
            .send(escaped(r#""abc""#), by_es256())
            .send(escaped(r#""\u0061bc""#), replayed())
            .row(),
        scene("two clients may use the same jti")
            .send(signed(&es256().claim("jti", "x")), by_es256())
            .send(
                signed(&Assertion::of("c-pkjwt-es256b").claim("jti", "x")),
                accepted("c-pkjwt-es256b", "private_key_jwt"),
            )
            .row(),
    ]
}

fn clock() -> Vec<Row> {
    let until_the_end = signed(&es256());
    let undated = signed(&es256().without_claim("iat"));
    let back_and_forth = signed(&es256().without_claim("iat").claim("exp", NOW + 3000));
    vec![
        scene("a used assertion is remembered until it has expired, leeway included")
            .send(until_the_end.clone(), by_es256())
            .advance(89)
            .send(until_the_end.clone(), replayed())
            .advance(1)
            .send(until_the_end, invalid_client(400, "expired"))
            .row(),
        scene("a clock that is set back does not make a server forget")
            .send(undated.clone(), by_es256())
            .advance(-60)
            .send(undated, replayed())
            .row(),
        scene("a clock that is set back after a long wait does not make a server forget")
            .send(back_and_forth.clone(), by_es256())
            .advance(2000)
            .advance(-1990)
            .send(back_and_forth, replayed())
            .row(),
    ]
}

/// The server was started, and so lost its memory, ten seconds ago.
fn fence() -> Vec<Row> {
    let young = |name: &str| scene(name).started_at(NOW - 10);
    let issued = |iat: i64| signed(&es256().claim("iat", NOW + iat));
    let undated = || signed(&es256().without_claim("iat"));
    let refused = || invalid_client(400, "before_restart_fence");
    let strict = |name: &str| young(name).policy(json!({"fence": "strict"}));
    let off = |name: &str| young(name).policy(json!({"fence": "off"}));
    vec![
        young("an assertion from before the start is refused").send(issued(-11), refused()).row(),
        young("an assertion from the second of the start is accepted").send(issued(-10), by_es256()).row(),
        young("a fresh assertion is accepted by a young server").send(issued(0), by_es256()).row(),
        young("an undated assertion is accepted by a young server").send(undated(), by_es256()).row(),
        young("the fence is gone when nothing from before it can be valid")
            .advance(4000)
            .send(signed(&es256().claim("iat", NOW + 4000).claim("exp", NOW + 4060)), by_es256())
            .row(),
        strict("the strict fence refuses what a clock ahead may have issued before")
            .send(issued(20), refused())
            .row(),
        strict("the strict fence lets through what came clearly after").send(issued(21), by_es256()).row(),
        strict("the strict fence refuses undated assertions").send(undated(), refused()).row(),
        off("without a fence an assertion from before the start is accepted")
            .send(issued(-11), by_es256())
            .row(),
        off("without a fence an undated assertion is accepted").send(undated(), by_es256()).row(),
        young("under fapi2 the fence is strict").preset("fapi2").send(issued(0), refused()).row(),
        young("under fapi2 the strict fence ends with the leeway")
            .preset("fapi2")
            .advance(10)
            .send(signed(&es256().claim("iat", NOW + 10).claim("exp", NOW + 70)), by_es256())
            .row(),
    ]
}

/// Sends an assertion, then an edit of it that must count as a replay.
fn twin(name: &str, edit: &Mutation) -> Row {
    let assertion = es256();
    let token = assertion.mint();
    let twin = edit.apply(&token, &assertion);
    scene(name)
        .send(Request::token().assertion(token), by_es256())
        .send(Request::token().assertion(twin), replayed())
        .row()
}
