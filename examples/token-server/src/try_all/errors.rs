//! What the endpoints themselves must refuse, once the client is authenticated.

use super::grants::{
    CHALLENGE, PKCE, authorize, client_credentials, code_exchange, code_exchange_without_verifier,
    push_request, refresh_token, visit, visit_pushed,
};
use super::http::Outgoing;
use super::refusals::TRY_SECRET;
use super::trial::{Expected, Trial, with_assertion};
use crate::demo::{REDIRECT_URI, USER};
use crate::jose::Failed;

pub(super) async fn run(trial: &mut Trial) -> Result<(), Failed> {
    println!("\n… the endpoint behind, with a client that is authenticated");
    let grant = |grant_type: &str| Outgoing::post("/token").with("grant_type", grant_type);
    let rows = [
        ("no grant_type", "demo-basic", Outgoing::post("/token"), "invalid_request"),
        ("a grant type nobody has", "demo-basic", grant("telepathy"), "unsupported_grant_type"),
        ("client_credentials by a public client", "demo-public", client_credentials(), "unauthorized_client"),
        ("a malformed scope", "demo-basic", client_credentials().with("scope", "a\"b"), "invalid_scope"),
        ("a code nobody issued", "demo-basic", code_exchange("x"), "invalid_grant"),
        (
            "a wrong password",
            "demo-basic",
            grant("password").with("username", USER).with("password", "wrong"),
            "invalid_grant",
        ),
        ("introspection without a token", "demo-basic", Outgoing::post("/introspect"), "invalid_request"),
        ("revocation without a token", "demo-basic", Outgoing::post("/revoke"), "invalid_request"),
        (
            "a pushed request with a foreign redirect_uri",
            "demo-post",
            Outgoing::post("/par")
                .with_all(&[("response_type", "code"), ("redirect_uri", "https://other.example/")]),
            "invalid_request",
        ),
    ];
    let push =
        |request: Outgoing| request.with_all(&[("client_id", "demo-ps256"), ("response_type", "code")]);
    let plain = push(Outgoing::post("/par")).with("code_challenge_method", "plain");
    let pushed = [
        ("a pushed request with plain PKCE and no code_challenge", "demo-ps256", plain.clone()),
        ("a pushed request with plain PKCE", "demo-ps256", plain.with("code_challenge", CHALLENGE)),
        (
            "a pushed request by a public client without PKCE",
            "demo-public",
            Outgoing::post("/par").with("response_type", "code"),
        ),
    ];
    let rows = rows.into_iter().chain(
        pushed.into_iter().map(|(name, client_id, request)| (name, client_id, request, "invalid_request")),
    );
    for (name, client_id, request, error) in rows {
        trial.row(name, trial.by(client_id, request)?, &Expected::error(400, error)).await;
    }
    let narrow = client_credentials().with_all(&[
        ("client_id", "try-narrow"),
        ("client_secret", TRY_SECRET),
        ("scope", "write"),
    ]);
    trial.row("a scope that is not registered", narrow, &Expected::error(400, "invalid_scope")).await;
    codes(trial).await?;
    of_other_clients(trial).await?;
    let no_challenge = Expected::error(303, "invalid_request");
    trial.row("/authorize by a public client without PKCE", visit("demo-public", ""), &no_challenge).await;
    let plain = visit("demo-basic", &PKCE.replace("S256", "plain"));
    trial.row("/authorize with plain PKCE", plain, &no_challenge).await;
    let unknown = Outgoing::get("/authorize?response_type=code&client_id=demo-nobody");
    trial.row("/authorize by an unknown client", unknown, &Expected::success(400)).await;
    let nowhere = Expected::error(404, "invalid_request");
    trial.row("a path nobody knows", Outgoing::get("/nowhere"), &nowhere).await;
    Ok(())
}

/// A code with something else wrong each time.
async fn codes(trial: &mut Trial) -> Result<(), Failed> {
    let client_id = "demo-basic";
    let wrong = "a".repeat(43);
    let short = "a".repeat(42);
    let invalid_grant = Expected::error(400, "invalid_grant");
    let invalid_request = Expected::error(400, "invalid_request");

    let code = authorize(trial, client_id, "a code, for the next four lines").await;
    let request = trial.by(client_id, code_exchange_without_verifier(&code).with("code_verifier", &short))?;
    trial.row("a code_verifier of 42 characters", request, &invalid_request).await;
    trial
        .row("the code of another client", trial.by("demo-post", code_exchange(&code))?, &invalid_grant)
        .await;
    let request = trial.by(client_id, code_exchange_without_verifier(&code).with("code_verifier", &wrong))?;
    trial.row("a wrong code_verifier", request, &invalid_grant).await;
    let request = trial.by(client_id, code_exchange(&code))?;
    trial.row("the right one after it: the code is used up", request, &invalid_grant).await;

    let code = authorize(trial, client_id, "a code, for the next line").await;
    let request = trial.by(client_id, code_exchange_without_verifier(&code))?;
    trial.row("no code_verifier", request, &invalid_grant).await;

    let code = authorize(trial, client_id, "a code, for the next line").await;
    let other_place = Outgoing::post("/token").with_all(&[
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", &format!("{REDIRECT_URI}/x")),
    ]);
    trial.row("another redirect_uri than before", trial.by(client_id, other_place)?, &invalid_grant).await;

    let answer = trial.row("a code without PKCE", visit(client_id, ""), &Expected::success(303)).await;
    let request = trial.by(client_id, code_exchange(&answer.redirected("code")))?;
    trial.row("a code_verifier nobody asked for", request, &invalid_request).await;
    Ok(())
}

/// What belongs to one client is nothing in another's hands, and stays its owner's.
async fn of_other_clients(trial: &mut Trial) -> Result<(), Failed> {
    let (owner, other) = ("demo-es256", "demo-ed25519");
    let invalid_grant = Expected::error(400, "invalid_grant");

    let pushed = trial.by(owner, push_request(owner))?;
    let pushed = trial.row("a pushed request, for the next two lines", pushed, &Expected::success(201)).await;
    let request_uri = pushed.text("request_uri");
    let refused = Expected::success(400);
    trial.row("the request_uri of another client", visit_pushed(other, &request_uri), &refused).await;
    let visit = visit_pushed(owner, &request_uri);
    trial.row("… which its owner can use all the same", visit, &Expected::success(303)).await;

    let code = authorize(trial, owner, "a code, for the next three lines").await;
    let tokens = trial.by(owner, code_exchange(&code))?;
    let tokens = trial.row("a refresh token for the next two", tokens, &Expected::success(200)).await;
    let token = tokens.text("refresh_token");
    let request = trial.by(other, refresh_token(&token))?;
    trial.row("the refresh token of another client", request, &invalid_grant).await;
    let request = trial.by(owner, refresh_token(&token))?;
    trial.row("… which its owner can use all the same", request, &Expected::success(200)).await;

    // RFC 7523 §2.1 and §2.2 are two uses of a JWT: what authenticates a client is no grant.
    let assertion = trial.assertion(owner)?;
    let grant = Outgoing::post("/token").with_all(&[("grant_type", JWT_GRANT), ("assertion", &assertion)]);
    let unsupported = Expected::error(400, "unsupported_grant_type");
    trial
        .row("the assertion of another client as a grant", trial.by("demo-basic", grant)?, &unsupported)
        .await;
    let own = with_assertion(client_credentials(), &assertion);
    trial.row("… which its owner can use all the same", own, &Expected::success(200)).await;
    Ok(())
}

const JWT_GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
