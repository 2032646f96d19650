//! What the answer of a token endpoint says about the client's authentication
//! ([RFC 6749 §5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2)).

use rustls::AlertDescription;

use super::client_certificate::Wanted;
use super::http::{Answer, Outcome, Reply};
use super::request::is_mutual_tls;
use crate::auth_method::AuthMethod;

/// Did the server authenticate the client?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Authenticated {
    Yes,
    No,
    Unknown,
}

/// A sentence for people.
pub(super) struct Meaning {
    pub(super) authenticated: Authenticated,
    pub(super) text: String,
}

pub(super) fn of(outcome: &Outcome, method: &AuthMethod) -> Meaning {
    let (authenticated, text) = match &outcome.reply {
        Reply::Alert(alert) => (Authenticated::No, refused_in_handshake(*alert, outcome.wanted).to_owned()),
        Reply::Answer(answer) => {
            let (authenticated, text) = of_answer(answer, method);
            match (authenticated, without_certificate(outcome.wanted)) {
                // Whatever it made of the client_id, it cannot be by a certificate that it never saw.
                (Authenticated::Yes, Some(why)) if is_mutual_tls(method) => {
                    (Authenticated::No, format!("the server took the client_id alone: {why}"))
                }
                (Authenticated::No, Some(why)) if is_mutual_tls(method) => {
                    (Authenticated::No, format!("not authenticated: {why}"))
                }
                (Authenticated::No | Authenticated::Unknown, _) if outcome.wanted == Wanted::Missing => {
                    (authenticated, format!("{text}; the server asked for a client certificate, see --cert"))
                }
                _ => (authenticated, text.to_owned()),
            }
        }
    };
    Meaning { authenticated, text }
}

fn of_answer(answer: &Answer, method: &AuthMethod) -> (Authenticated, &'static str) {
    match (answer.status, answer.member("error")) {
        (404 | 405, _) => {
            (Authenticated::Unknown, "there is no such endpoint here: look into the server's metadata")
        }
        (429, _) => (Authenticated::Unknown, "too many attempts; wait as long as Retry-After says"),
        (200..=299, _) => (Authenticated::Yes, "the server knows the client and takes this method"),
        (_, Some("unauthorized_client")) => {
            (Authenticated::Yes, "authenticated; but the client may not use this grant: see its grant_types")
        }
        (_, Some("invalid_scope")) => {
            (Authenticated::Yes, "authenticated; but the scope is not the client's")
        }
        (_, Some("invalid_grant")) => (
            Authenticated::Yes,
            "authenticated, as servers check that first; but the code, refresh token or password is not valid",
        ),
        (_, Some("invalid_client")) => (Authenticated::No, invalid_client(method)),
        (_, Some("unsupported_grant_type")) => (
            Authenticated::Unknown,
            "the server has no such grant, and may have said so before it looked at the client; try another --grant-type",
        ),
        (_, Some("invalid_request")) => (
            Authenticated::Unknown,
            "the server cannot read the request: a parameter is missing, doubled, or in the wrong place",
        ),
        (_, Some("use_dpop_nonce" | "invalid_dpop_proof")) => {
            (Authenticated::Unknown, "the server wants a DPoP proof, which this command does not make")
        }
        (500..=599, _) => {
            (Authenticated::Unknown, "the server is in trouble; this says nothing about the client")
        }
        (300..=399, _) => {
            (Authenticated::Unknown, "a redirect, which is not followed: give the endpoint's own URL")
        }
        (401, _) => {
            (Authenticated::No, "not authenticated, in words of another protocol; is this an OAuth endpoint?")
        }
        _ => (Authenticated::Unknown, "this is no answer of an OAuth endpoint"),
    }
}

fn invalid_client(method: &AuthMethod) -> &'static str {
    match method.as_str() {
        "none" => "not authenticated: the client is unknown, or has to prove itself; give --key or a secret",
        "tls_client_auth" => {
            "not authenticated: unknown client, another method is registered, or the certificate has not the registered subject DN or name; see the server's own log"
        }
        "self_signed_tls_client_auth" => {
            "not authenticated: unknown client, another method is registered, or the certificate is none of those registered (x5c in the client's jwks); see the server's own log"
        }
        "client_secret_basic" => {
            "not authenticated: unknown client, wrong or expired secret, or another method is registered; try --method client_secret_post"
        }
        "client_secret_post" => {
            "not authenticated: unknown client, wrong or expired secret, or another method is registered; try --method client_secret_basic"
        }
        _ => {
            "not authenticated: unknown client, unknown key, an algorithm or audience the server does not take, or clocks that differ; try --audience with the token endpoint and --typ JWT, or see the server's own log"
        }
    }
}

/// Why a certificate was not shown, if it was not.
fn without_certificate(wanted: Wanted) -> Option<&'static str> {
    match wanted {
        Wanted::Shown => None,
        Wanted::Nothing => Some(
            "it did not ask for a certificate; mutual TLS may have an endpoint of its own, see mtls_endpoint_aliases in the server's metadata",
        ),
        Wanted::AnotherKind => {
            Some("it asked for a certificate, but takes no signature that this one's key makes")
        }
        Wanted::Missing => Some("it asked for a certificate, and there was none"),
    }
}

fn refused_in_handshake(alert: AlertDescription, wanted: Wanted) -> &'static str {
    match (wanted, alert) {
        (Wanted::Missing, _) => "the server wants a client certificate of everybody: give one with --cert",
        (Wanted::AnotherKind, _) => {
            "the server wants a client certificate, but takes no signature that this one's key makes: try another type of key"
        }
        (_, AlertDescription::CertificateExpired) => {
            "the server holds the client certificate for expired: renew it, or compare the clocks"
        }
        (_, AlertDescription::CertificateRevoked) => {
            "the client certificate was revoked: have another issued"
        }
        (_, AlertDescription::UnsupportedCertificate) => {
            "the server does not take this kind of client certificate: it may want another type of key, or the extended key usage clientAuth"
        }
        _ => {
            "the server does not believe the client certificate: it may not know its authority, or miss an intermediate certificate after it in the file; self_signed_tls_client_auth needs a server that takes any certificate in the handshake"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_after_authentication_counts_as_authenticated() {
        let of = |status, body: &str| {
            let reply = Reply::Answer(Answer::new(status, body.as_bytes()));
            of(&Outcome { reply, wanted: Wanted::Nothing }, &AuthMethod::NONE).authenticated
        };
        assert_eq!(of(200, "{}"), Authenticated::Yes);
        assert_eq!(of(400, r#"{"error":"unauthorized_client"}"#), Authenticated::Yes);
        assert_eq!(of(401, r#"{"error":"invalid_client"}"#), Authenticated::No);
        assert_eq!(of(400, r#"{"error":"invalid_client"}"#), Authenticated::No);
        assert_eq!(of(404, r#"{"error":"invalid_request"}"#), Authenticated::Unknown);
        assert_eq!(of(502, "<html>"), Authenticated::Unknown);
    }

    #[test]
    fn a_certificate_that_was_not_shown_proves_nothing() {
        for (wanted, expected) in [
            (Wanted::Shown, Authenticated::Yes),
            (Wanted::Nothing, Authenticated::No),
            (Wanted::AnotherKind, Authenticated::No),
        ] {
            let outcome = Outcome { reply: Reply::Answer(Answer::new(200, b"{}")), wanted };
            assert_eq!(of(&outcome, &AuthMethod::TLS_CLIENT_AUTH).authenticated, expected);
        }
    }
}
