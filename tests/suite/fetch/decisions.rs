//! The whole decision about a client with a `jwks_uri`: both faces of the answer, and what was fetched for it.

use countersign::Reason;
use countersign::fetch::FailureKind;
use countersign::fetch::limits::FETCH_TIMEOUT;
use countersign::key_source::KeySource;
use countersign_tests::assertion::{Assertion, Signing};
use countersign_tests::request::Request;

use super::bed::{Bed, CLIENT, key, on_tokio, other_key};
use super::host::{Answer, Host, key_set, ok, response};

#[test]
fn jwks_001_one_fetch_serves_two_requests() {
    on_tokio(async {
        let host = Host::new(key_set([key()], "max-age=600"));
        let bed = Bed::new(host.url());
        bed.accepted().await;
        bed.accepted().await;
        assert_eq!((host.asked(), host.connections(), bed.counters().fetches), (1, 1, 1));
        assert_eq!(bed.counters().all_failures().count(), 0);
    });
}

#[test]
fn jwks_067_a_fetch_tells_the_host_nothing_that_it_need_not_know() {
    on_tokio(async {
        let host = Host::new(key_set([key()], "max-age=60\r\nSet-Cookie: a=b; Path=/"));
        let bed = Bed::new(format!("{}?tenant=1", host.url()));
        for _ in 0..2 {
            bed.accepted().await;
            bed.clock.advance(60);
        }
        let version = env!("CARGO_PKG_VERSION");
        let expected = format!(
            "GET /jwks?tenant=1 HTTP/1.1\r\nhost: 127.0.0.1:{}\r\naccept: application/jwk-set+json, \
             application/json\r\naccept-encoding: identity\r\nuser-agent: countersign/{version}\r\nconnection: \
             close\r\n\r\n",
            host.port()
        );
        assert_eq!(host.requests(), [expected.as_str(); 2]);
    });
}

/// Neither a header nor a claim leads anywhere.
#[test]
fn jwks_068_nothing_in_an_assertion_is_fetched() {
    on_tokio(async {
        let (host, attacker) =
            (Host::new(key_set([key()], "")), Host::new(key_set([key(), other_key()], "")));
        let bed = Bed::new(host.url());
        let lured = |assertion: Assertion| {
            ["jku", "x5u", "jwks_uri"]
                .into_iter()
                .fold(assertion, |assertion, name| assertion.header(name, attacker.url()))
                .claim("jwks_uri", attacker.url())
                .claim("jku", attacker.url())
        };
        let client = bed.send(&bed.request_by(lured)).await.unwrap();
        assert_eq!(client.client_id(), CLIENT);
        let forged =
            bed.request_by(|assertion| lured(assertion).signed_by("c-pkjwt-es256b").header("kid", "es-b"));
        bed.refused(&forged, Reason::KeyNotFound).await;
        assert_eq!((host.asked(), attacker.connections()), (1, 0));
    });
}

#[test]
fn jwks_070_an_unknown_client_causes_no_fetch() {
    on_tokio(async {
        let host = Host::new(key_set([key()], ""));
        let bed = Bed::new(host.url());
        let nobody = bed.request_by(|assertion| assertion.claim("iss", "nobody").claim("sub", "nobody"));
        bed.refused(&nobody, Reason::UnknownClient).await;
        assert_eq!((host.connections(), bed.counters().fetches), (0, 0));
    });
}

#[test]
fn jwks_071_an_assertion_that_fails_a_check_causes_no_fetch() {
    on_tokio(async {
        let host = Host::new(key_set([key()], ""));
        let bed = Bed::new(host.url());
        let now = countersign_tests::row::NOW;
        for (reason, change) in [
            (
                Reason::Expired,
                Box::new(move |it: Assertion| it.claim("exp", now - 100)) as Box<dyn FnOnce(_) -> _>,
            ),
            (Reason::AudMismatch, Box::new(|it: Assertion| it.claim("aud", "https://other.example"))),
            (Reason::IssMismatch, Box::new(|it: Assertion| it.claim("iss", "somebody"))),
            (Reason::JtiMissing, Box::new(|it: Assertion| it.without_claim("jti"))),
            (Reason::LifetimeTooLong, Box::new(move |it: Assertion| it.claim("exp", now + 100_000))),
            (Reason::ClaimWrongType, Box::new(|it: Assertion| it.claim("exp", "soon"))),
            (Reason::AlgNotAllowed, Box::new(|it: Assertion| it.header("alg", "none"))),
            (Reason::AlgNotAllowed, Box::new(|it: Assertion| it.header("alg", "HS256"))),
            (Reason::AssertionMalformed, Box::new(|it: Assertion| it.payload("{"))),
        ] {
            bed.refused(&bed.request_by(change), reason).await;
        }
        assert_eq!((host.connections(), bed.counters().fetches), (0, 0));
        bed.accepted().await;
    });
}

/// A replayed assertion passes the signature first, and costs no fetch of its own.
#[test]
fn a_replayed_assertion_causes_no_second_fetch() {
    on_tokio(async {
        let host = Host::new(key_set([key()], ""));
        let bed = Bed::new(host.url());
        let request = bed.request();
        assert!(bed.send(&request).await.is_ok());
        bed.refused(&request, Reason::Replayed).await;
        assert_eq!(host.asked(), 1);
    });
}

#[test]
fn a_host_that_is_down_is_503_and_burns_no_assertion() {
    on_tokio(async {
        let host = Host::new(response("500 Oops", "", ""));
        let bed = Bed::new(host.url());
        let request = bed.request();
        let refusal = bed.send(&request).await.unwrap_err();
        assert_eq!((refusal.status(), refusal.reason()), (503, Reason::JwksUnavailable));
        bed.unavailable(FailureKind::Status).await;
        assert_eq!((host.asked(), bed.counters().cooled_down), (1, 1));
        host.set(key_set([key()], ""));
        bed.clock.advance(1);
        assert!(bed.send(&request).await.is_ok());
    });
}

#[test]
fn an_unknown_key_is_looked_for_again_after_the_cool_down() {
    on_tokio(async {
        let host = Host::new(key_set([other_key()], "max-age=3600"));
        let bed = Bed::new(host.url());
        for (advance, asked) in [(0, 1), (29, 1), (1, 2), (1, 2), (29, 3)] {
            bed.clock.advance(advance);
            bed.refused(&bed.request(), Reason::KeyNotFound).await;
            assert_eq!(host.asked(), asked);
        }
        assert_eq!(bed.counters().cooled_down, 3);
    });
}

/// A wrong signature under a known key is no reason to fetch.
#[test]
fn a_forged_signature_causes_no_fetch() {
    on_tokio(async {
        let host = Host::new(key_set([key()], "max-age=3600"));
        let bed = Bed::new(host.url());
        bed.accepted().await;
        bed.clock.advance(60);
        let forged = bed.request_by(|assertion| assertion.signed_by("c-pkjwt-es256b"));
        bed.refused(&forged, Reason::SignatureInvalid).await;
        assert_eq!(host.asked(), 1);
    });
}

/// The published document is no secret, in any spelling.
#[test]
fn alg_034_the_document_is_no_hmac_key() {
    on_tokio(async {
        let document = serde_json::json!({"keys": [key()]}).to_string();
        let host = Host::new(ok(&document, ""));
        let bed = Bed::new(host.url());
        bed.accepted().await;
        let forged = bed.request_by(|assertion| {
            assertion.header("alg", "HS256").signing(Signing::Hmac(document.clone().into_bytes()))
        });
        bed.refused(&forged, Reason::AlgNotAllowed).await;
    });
}

/// A set counts for the client that names its place, whatever its keys are called.
#[test]
fn cve_005_another_tenants_key_of_the_same_name_is_another_key() {
    on_tokio(async {
        let (own, other) = (Host::new(key_set([key()], "")), Host::new(key_set([other_key()], "")));
        let bed = Bed::new(own.url());
        assert!(KeySource::keys(&bed.fetcher, &other.url()).await.is_ok());
        bed.accepted().await;
        let forged = bed.request_by(|assertion| assertion.signed_by("c-pkjwt-es256b").header("kid", "es-1"));
        bed.refused(&forged, Reason::SignatureInvalid).await;
        assert_eq!((own.asked(), other.asked()), (1, 1));
    });
}

/// Other clients, and the same client's other methods, do not notice.
#[test]
fn a_stalling_host_delays_its_own_client_alone() {
    on_tokio(async {
        let bed = Bed::new(Host::new(Answer::Silence).url());
        let request = bed.request();
        let nobody = Request::token().basic("nobody", "x").build();
        let slow = bed.send(&request);
        let quick = async {
            let started = tokio::time::Instant::now();
            assert!(bed.send(&nobody).await.is_err());
            started.elapsed()
        };
        let (slow, quick) = futures_util::future::join(slow, quick).await;
        assert_eq!(slow.unwrap_err().reason(), Reason::JwksUnavailable);
        // The slow one waits for so long.
        assert!(quick < FETCH_TIMEOUT);
    });
}
