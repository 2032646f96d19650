//! What the answer of a token endpoint says about the client's authentication
//! ([RFC 6749 §5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2)).

use super::http::Answer;
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

pub(super) fn of(answer: &Answer, method: &AuthMethod) -> Meaning {
    let (authenticated, text) = match (answer.status, answer.member("error")) {
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
    };
    Meaning { authenticated, text: text.to_owned() }
}

fn invalid_client(method: &AuthMethod) -> &'static str {
    match method.as_str() {
        "none" => "not authenticated: the client is unknown, or has to prove itself; give --key or a secret",
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_after_authentication_counts_as_authenticated() {
        let of =
            |status, body: &str| of(&Answer::new(status, body.as_bytes()), &AuthMethod::NONE).authenticated;
        assert_eq!(of(200, "{}"), Authenticated::Yes);
        assert_eq!(of(400, r#"{"error":"unauthorized_client"}"#), Authenticated::Yes);
        assert_eq!(of(401, r#"{"error":"invalid_client"}"#), Authenticated::No);
        assert_eq!(of(400, r#"{"error":"invalid_client"}"#), Authenticated::No);
        assert_eq!(of(404, r#"{"error":"invalid_request"}"#), Authenticated::Unknown);
        assert_eq!(of(502, "<html>"), Authenticated::Unknown);
    }
}
