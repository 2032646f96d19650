//! What the endpoints themselves must refuse, once the client is authenticated.

use super::grants::{
    PKCE, authorize, client_credentials, code_exchange, code_exchange_without_verifier, visit,
};
use super::http::Outgoing;
use super::refusals::TRY_SECRET;
use super::trial::{Expected, Trial};
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
