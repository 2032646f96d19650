//! The crate openidconnect, which finds the server's endpoints and verifies its ID tokens.

use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreIdToken, CoreProviderMetadata};
use openidconnect::{
    AuthType, AuthorizationCode, ClientId, ClientSecret, CsrfToken, IssuerUrl, Nonce,
    OAuth2TokenResponse as _, PkceCodeChallenge, RedirectUrl, ResourceOwnerPassword, ResourceOwnerUsername,
    Scope, TokenResponse as _,
};

use crate::driver::{Failed, Word, refusal, visit};
use crate::http::send;

pub fn attempt(setup: &Word, a_try: &Word) -> Result<String, Failed> {
    let issuer = IssuerUrl::new(setup.get("issuer"))?;
    let metadata = CoreProviderMetadata::discover(&issuer, &send)?;
    let secret = (a_try.get("method") != "none").then(|| ClientSecret::new(a_try.get("client_secret")));
    let client = CoreClient::from_provider_metadata(metadata, ClientId::new(a_try.get("client_id")), secret)
        .set_redirect_uri(RedirectUrl::new(setup.get("redirect_uri"))?)
        .set_auth_type(match &*a_try.get("method") {
            "client_secret_basic" => AuthType::BasicAuth,
            _ => AuthType::RequestBody,
        });
    let token = match &*a_try.get("grant") {
        "client_credentials" => client.exchange_client_credentials()?.request(&send).map_err(refusal)?,
        "password" => {
            let username = ResourceOwnerUsername::new(setup.get("username"));
            let password = ResourceOwnerPassword::new(setup.get("password"));
            let request =
                client.exchange_password(&username, &password)?.add_scope(Scope::new("openid".to_owned()));
            request.request(&send).map_err(refusal)?
        }
        _ => {
            let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
            let flow = CoreAuthenticationFlow::AuthorizationCode;
            let (page, state, nonce) = client
                .authorize_url(flow, CsrfToken::new_random, Nonce::new_random)
                .set_pkce_challenge(challenge)
                .url();
            let came = visit(&page);
            if came("state") != *state.secret() {
                return Err(Failed::Otherwise("another state".to_owned()));
            }
            let code =
                client.exchange_code(AuthorizationCode::new(came("code")))?.set_pkce_verifier(verifier);
            let first = code.request(&send).map_err(refusal)?;
            let id_token: &CoreIdToken =
                first.id_token().ok_or(Failed::Otherwise("no ID token".to_owned()))?;
            id_token.claims(&client.id_token_verifier(), &nonce)?;
            let refresh = first.refresh_token().ok_or(Failed::Otherwise("no refresh token".to_owned()))?;
            client.exchange_refresh_token(refresh)?.request(&send).map_err(refusal)?
        }
    };
    Ok(token.access_token().secret().clone())
}
