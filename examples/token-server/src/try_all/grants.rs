//! What must work: every client, every grant, introspection, revocation and pushed requests.

use super::http::{Answer, Outgoing};
use super::trial::{Expected, Trial};
use crate::demo::{Credential, DEMO_CLIENTS, REDIRECT_URI, USER};
use crate::jose::Failed;
use crate::server::percent_encoded;

/// The pair of RFC 7636 Appendix B.
pub(super) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(super) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

pub(super) async fn run(trial: &mut Trial) -> Result<(), Failed> {
    documents(trial).await;
    println!("\nEvery client at the token endpoint");
    for client in &DEMO_CLIENTS {
        if matches!(client.credential, Credential::Public) {
            every_user_grant(trial, client.id).await?;
        } else {
            let name = format!("{}: client_credentials", client.id);
            let request = trial.by(client.id, client_credentials())?;
            trial.row(&name, request, &Expected::success(200).saying("token_type", "Bearer")).await;
        }
    }
    println!("\nThe other grants");
    for client_id in ["demo-basic", "demo-post", "demo-es256"] {
        every_user_grant(trial, client_id).await?;
    }
    println!("\nIntrospection, revocation and pushed requests");
    introspection_and_revocation(trial).await?;
    pushed_request(trial).await
}

async fn documents(trial: &mut Trial) {
    println!("Documents");
    let issuer = trial.issuer.clone();
    for path in ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"] {
        trial.row(path, Outgoing::get(path), &Expected::success(200).saying("issuer", issuer.as_str())).await;
    }
    trial.row("/jwks", Outgoing::get("/jwks"), &Expected::success(200)).await;
    trial.row("/health", Outgoing::get("/health"), &Expected::success(200).saying("status", "ok")).await;
}

/// authorization_code, refresh_token and password, with the refusals that end a code and a refresh token.
async fn every_user_grant(trial: &mut Trial, client_id: &str) -> Result<(), Failed> {
    let name = |what: &str| format!("{client_id}: {what}");
    let code = authorize(trial, client_id, &name("/authorize issues a code")).await;
    let exchange = |trial: &Trial| trial.by(client_id, code_exchange(&code));
    let answer = trial.row(&name("authorization_code with PKCE"), exchange(trial)?, &bearer()).await;
    let first = answer.text("refresh_token");
    let refresh = |trial: &Trial, token: &str| trial.by(client_id, refresh_token(token));
    let answer = trial.row(&name("refresh_token"), refresh(trial, &first)?, &bearer()).await;
    let second = answer.text("refresh_token");
    let access = answer.text("access_token");
    let invalid_grant = Expected::error(400, "invalid_grant");
    trial.row(&name("the old refresh token again"), refresh(trial, &first)?, &invalid_grant).await;
    trial.row(&name("the new one, which ended with it"), refresh(trial, &second)?, &invalid_grant).await;
    trial.row(&name("the code again"), exchange(trial)?, &invalid_grant).await;
    let look = trial.by("demo-basic", Outgoing::post("/introspect").with("token", &access))?;
    let inactive = Expected::success(200).saying("active", false);
    trial.row(&name("introspection of the access token, ended too"), look, &inactive).await;
    let password = Outgoing::post("/token").with_all(&[
        ("grant_type", "password"),
        ("username", USER),
        ("password", &trial.password),
        ("scope", "openid"),
    ]);
    trial.row(&name("password"), trial.by(client_id, password)?, &bearer()).await;
    Ok(())
}

async fn introspection_and_revocation(trial: &mut Trial) -> Result<(), Failed> {
    let token_of = |answer: Answer| answer.text("access_token");
    for client_id in ["demo-basic", "demo-post", "demo-es256"] {
        let name = |what: &str| format!("{client_id}: {what}");
        let issue = trial.by(client_id, client_credentials())?;
        let token = token_of(trial.row(&name("client_credentials"), issue, &bearer()).await);
        let look = Outgoing::post("/introspect").with("token", &token);
        let active = Expected::success(200).saying("client_id", client_id);
        trial.row(&name("introspection, active"), trial.by("demo-basic", look.clone())?, &active).await;
        let end = trial.by(client_id, Outgoing::post("/revoke").with("token", &token))?;
        trial.row(&name("revocation"), end, &Expected::success(200)).await;
        let inactive = Expected::success(200).saying("active", false);
        trial.row(&name("introspection, revoked"), trial.by("demo-ed25519", look)?, &inactive).await;
    }
    let unknown = trial.by("demo-public", Outgoing::post("/revoke").with("token", "unknown"))?;
    trial.row("demo-public: revocation of an unknown token", unknown, &Expected::success(200)).await;
    Ok(())
}

async fn pushed_request(trial: &mut Trial) -> Result<(), Failed> {
    for client_id in ["demo-public", "demo-basic", "demo-ps256"] {
        let name = |what: &str| format!("{client_id}: {what}");
        let pushed = trial
            .row(&name("/par"), trial.by(client_id, push_request(client_id))?, &Expected::success(201))
            .await;
        let visit = visit_pushed(client_id, &pushed.text("request_uri"));
        let answer =
            trial.row(&name("/authorize with request_uri"), visit.clone(), &Expected::success(303)).await;
        trial.row(&name("the same request_uri again"), visit, &Expected::success(400)).await;
        let exchange = trial.by(client_id, code_exchange(&answer.redirected("code")))?;
        trial.row(&name("the code of the pushed request"), exchange, &bearer()).await;
    }
    Ok(())
}

pub(super) fn push_request(client_id: &str) -> Outgoing {
    let push = Outgoing::post("/par").with_all(&[
        ("response_type", "code"),
        ("redirect_uri", REDIRECT_URI),
        ("scope", "openid"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ]);
    // `by` names the client itself where the method needs it.
    if client_id == "demo-public" { push } else { push.with("client_id", client_id) }
}

pub(super) fn visit_pushed(client_id: &str, request_uri: &str) -> Outgoing {
    let request_uri = percent_encoded(request_uri);
    Outgoing::get(format!("/authorize?client_id={client_id}&request_uri={request_uri}"))
}

/// Visits the authorization endpoint, where the demo user is signed in, and returns the code.
pub(super) async fn authorize(trial: &mut Trial, client_id: &str, name: &str) -> String {
    let answer = trial.row(name, visit(client_id, PKCE), &Expected::success(303)).await;
    answer.redirected("code")
}

pub(super) fn visit(client_id: &str, more: &str) -> Outgoing {
    let redirect_uri = percent_encoded(REDIRECT_URI);
    Outgoing::get(format!(
        "/authorize?response_type=code&client_id={client_id}&redirect_uri={redirect_uri}&scope=openid&state=s{more}"
    ))
}

pub(super) const PKCE: &str =
    "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";

pub(super) fn client_credentials() -> Outgoing {
    Outgoing::post("/token").with("grant_type", "client_credentials")
}

pub(super) fn code_exchange(code: &str) -> Outgoing {
    code_exchange_without_verifier(code).with("code_verifier", VERIFIER)
}

pub(super) fn code_exchange_without_verifier(code: &str) -> Outgoing {
    Outgoing::post("/token").with_all(&[
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", REDIRECT_URI),
    ])
}

pub(super) fn refresh_token(token: &str) -> Outgoing {
    Outgoing::post("/token").with_all(&[("grant_type", "refresh_token"), ("refresh_token", token)])
}

fn bearer() -> Expected {
    Expected::success(200).saying("token_type", "Bearer")
}
