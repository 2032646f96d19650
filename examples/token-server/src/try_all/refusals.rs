//! What the authentication layer must refuse: one request for each reason that can be provoked from outside.

use serde_json::json;

use super::assertion::{Assertion, JWT_BEARER};
use super::grants::client_credentials;
use super::http::Outgoing;
use super::trial::{Expected, Trial, with_assertion};
use crate::jose::{Failed, SigningKey};

/// The client whose assertions are spoilt.
pub(super) const CLIENT: &str = "demo-es256";

pub(super) async fn run(trial: &mut Trial) -> Result<(), Failed> {
    println!("\nOne failure for each reason: the request");
    requests(trial).await;
    println!("\n… the client and its secret");
    secrets(trial).await;
    println!("\n… the assertion");
    assertions(trial).await
}

async fn requests(trial: &mut Trial) {
    let malformed = |reason| Expected::reason(400, "invalid_request", reason);
    let too_large = || Expected::reason(413, "invalid_request", "too_large");
    let basic = |request: Outgoing, trial: &Trial| request.basic("demo-basic", trial.secret("demo-basic"));
    let grant = client_credentials;
    let rows = [
        ("GET /token", Outgoing::get("/token"), Expected::reason(405, "invalid_request", "wrong_verb")),
        (
            "a secret in the query",
            Outgoing::post("/token?client_secret=x").with("grant_type", "client_credentials"),
            malformed("credentials_in_query"),
        ),
        (
            "a JSON body",
            basic(Outgoing::post("/token").with_body("application/json", "{}"), trial),
            malformed("unsupported_media_type"),
        ),
        ("a body of 70 KiB", grant().with("padding", &"x".repeat(70 * 1024)), too_large()),
        (
            "129 parameters",
            (0..128).fold(grant(), |request, number| request.with(&format!("p{number}"), "x")),
            too_large(),
        ),
        ("an assertion of 17 KiB", with_assertion(grant(), &"x".repeat(17 * 1024)), too_large()),
        (
            "a broken percent escape",
            Outgoing::post("/token").with_body(FORM, "grant_type=client_credentials&a=%zz"),
            malformed("malformed_form"),
        ),
        ("scope twice", grant().with("scope", "a").with("scope", "a"), malformed("duplicate_parameter")),
        (
            "Basic and client_secret",
            basic(grant().with("client_secret", "x"), trial),
            malformed("multiple_methods"),
        ),
        (
            "client_assertion without its type",
            grant().with("client_assertion", "x"),
            malformed("assertion_incomplete"),
        ),
        (
            "client_secret without client_id",
            grant().with("client_secret", "x"),
            malformed("client_id_missing"),
        ),
    ];
    for (name, request, expected) in rows {
        trial.row(name, request, &expected).await;
    }
}

async fn secrets(trial: &mut Trial) {
    let by_header = |reason| Expected::reason(401, "invalid_client", reason);
    let by_body = |reason| Expected::reason(400, "invalid_client", reason);
    let grant = client_credentials;
    let post = |id: &str, secret: &str| grant().with("client_id", id).with("client_secret", secret);
    let secret = trial.secret("demo-basic").to_owned();
    let rows = [
        ("no credential", grant(), by_body("no_credentials")),
        (
            "client_id alone, of a client with a secret",
            grant().with("client_id", "demo-basic"),
            by_body("method_not_granted"),
        ),
        (
            "Basic that is not base64",
            grant().header("authorization", "Basic !"),
            by_header("malformed_basic"),
        ),
        ("Basic, unknown client", grant().basic("demo-nobody", &secret), by_header("unknown_client")),
        ("Basic, wrong secret", grant().basic("demo-basic", "wrong"), by_header("secret_mismatch")),
        (
            "Basic, and another client_id in the form",
            grant().basic("demo-basic", &secret).with("client_id", "demo-post"),
            by_header("client_id_mismatch"),
        ),
        (
            "Basic by a client of client_secret_post",
            grant().basic("demo-post", trial.secret("demo-post")),
            by_header("method_not_granted"),
        ),
        ("post, wrong secret", post("demo-post", "wrong"), by_body("secret_mismatch")),
        ("post, secret expired", post("try-expired", TRY_SECRET), by_body("secret_expired")),
        ("post, secret of tomorrow", post("try-tomorrow", TRY_SECRET), by_body("secret_not_yet_valid")),
        ("post, client disabled", post("try-disabled", TRY_SECRET), by_body("client_disabled")),
        ("post, permission ended", post("try-ended", TRY_SECRET), by_body("method_grant_expired")),
        (
            "introspection without a credential",
            Outgoing::post("/introspect").with("token", "x"),
            by_header("no_credentials"),
        ),
        (
            "introspection by a public client",
            Outgoing::post("/introspect").with("token", "x").with("client_id", "demo-public"),
            by_header("method_not_granted"),
        ),
    ];
    for (name, request, expected) in rows {
        trial.row(name, request, &expected).await;
    }
}

async fn assertions(trial: &mut Trial) -> Result<(), Failed> {
    let now = trial.now();
    let issuer = trial.issuer.clone();
    let fresh = || Assertion::new(CLIENT, "ES256", &issuer, now);
    let key = trial.key(CLIENT)?;
    let stranger = SigningKey::generate(countersign::Algorithm::ES256)?;
    let unpinned = Assertion::new("try-unpinned", "ES384", &issuer, now)?;
    let spoilt = [
        ("another kind of JWT", fresh()?.header("typ", "at+jwt").signed(key)?, "typ_not_allowed"),
        ("crit", fresh()?.header("crit", json!(["exp"])).signed(key)?, "crit_not_understood"),
        (
            "an algorithm that is not registered",
            fresh()?.header("alg", "RS256").signed(trial.key("demo-rs256")?)?,
            "alg_not_allowed",
        ),
        ("alg none", fresh()?.header("alg", "none").signed(key)?, "alg_not_allowed"),
        ("not a JWT", "x.y".to_owned(), "assertion_malformed"),
        ("iat as a text", fresh()?.claim("iat", "now").signed(key)?, "claim_wrong_type"),
        ("no exp", fresh()?.claim("exp", json!(null)).signed(key)?, "claim_missing"),
        ("iss of somebody else", fresh()?.claim("iss", "demo-basic").signed(key)?, "iss_mismatch"),
        ("sub unknown", fresh()?.claim("sub", "demo-nobody").signed(key)?, "unknown_client"),
        (
            "aud of another server",
            fresh()?.claim("aud", "https://other.example").signed(key)?,
            "aud_mismatch",
        ),
        (
            "issuer and another server in aud",
            fresh()?.claim("aud", json!([issuer, "https://other.example"])).signed(key)?,
            "aud_mismatch",
        ),
        ("expired", fresh()?.claim("exp", now - 300).claim("iat", json!(null)).signed(key)?, "expired"),
        ("nbf a minute ahead", fresh()?.claim("nbf", now + 62).signed(key)?, "not_yet_valid"),
        ("alive for a year", fresh()?.claim("exp", now + 365 * 24 * 3600).signed(key)?, "lifetime_too_long"),
        ("no jti", fresh()?.claim("jti", json!(null)).signed(key)?, "jti_missing"),
        (
            "issued before the server started",
            fresh()?.claim("iat", now - 120).signed(key)?,
            "before_restart_fence",
        ),
        ("kid unknown", fresh()?.header("kid", "other").signed(key)?, "key_not_found"),
        (
            "a key that does not fit the algorithm",
            unpinned.header("kid", CLIENT).signed(trial.key("demo-es384")?)?,
            "key_unfit",
        ),
        ("signed by a stranger", fresh()?.signed(&stranger)?, "signature_invalid"),
    ];
    let once = fresh()?.signed(key)?;
    for (name, assertion, reason) in spoilt {
        let expected = Expected::reason(400, "invalid_client", reason);
        trial.row(name, with_assertion(client_credentials(), &assertion), &expected).await;
    }
    trial
        .row("an assertion, once", with_assertion(client_credentials(), &once), &Expected::success(200))
        .await;
    let replayed = Expected::reason(400, "invalid_client", "replayed");
    trial.row("the same assertion again", with_assertion(client_credentials(), &once), &replayed).await;
    let saml = client_credentials()
        .with("client_assertion_type", &JWT_BEARER.replace("jwt-bearer", "saml2-bearer"))
        .with("client_assertion", "x");
    let unsupported = Expected::reason(400, "invalid_client", "assertion_type_unsupported");
    trial.row("a SAML assertion", saml, &unsupported).await;
    Ok(())
}

/// Clients of this run alone, beside those of the folder, each with one thing about it that is refused.
pub(super) fn clients(jwk: &serde_json::Value, now: u64) -> serde_json::Value {
    const POST: &str = "client_secret_post";
    const JWT: &str = "private_key_jwt";
    json!([
        {
            "client_id": "try-expired", "token_endpoint_auth_method": POST,
            "client_secret": TRY_SECRET, "client_secret_expires_at": now - 60,
        },
        {
            "client_id": "try-tomorrow", "token_endpoint_auth_method": POST,
            "client_secrets": [{ "label": "next", "secret": TRY_SECRET, "not_before": now + 24 * 3600 }],
        },
        {
            "client_id": "try-disabled", "token_endpoint_auth_method": POST,
            "client_secret": TRY_SECRET, "disabled": true,
        },
        {
            "client_id": "try-ended", "client_secret": TRY_SECRET,
            "auth_methods": [{ "method": POST, "until": now - 60 }],
        },
        {
            "client_id": "try-narrow", "token_endpoint_auth_method": POST,
            "client_secret": TRY_SECRET, "scope": "read", "grant_types": ["client_credentials"],
        },
        { "client_id": "try-unpinned", "token_endpoint_auth_method": JWT, "jwks": { "keys": [jwk] } },
        { "client_id": "try-busy", "token_endpoint_auth_method": JWT, "jwks": { "keys": [jwk] } },
        {
            "client_id": "try-unreachable", "token_endpoint_auth_method": JWT,
            // Addresses of this machine are none that a key set is fetched from, unless [fetch] allows it.
            "jwks_uri": "https://127.0.0.1:1/jwks",
        },
    ])
}

const FORM: &str = "application/x-www-form-urlencoded";

/// Lives as long as the run.
pub(super) const TRY_SECRET: &str = "a-secret-of-this-run-alone-0123456789";
