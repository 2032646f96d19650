//! The crate oauth2.

use oauth2::basic::BasicClient;
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, PkceCodeChallenge, RedirectUrl,
    ResourceOwnerPassword, ResourceOwnerUsername, Scope, TokenResponse as _, TokenUrl,
};

use crate::driver::{Failed, Word, refusal, visit};
use crate::http::send;

pub fn attempt(setup: &Word, a_try: &Word) -> Result<String, Failed> {
    let mut client = BasicClient::new(ClientId::new(a_try.get("client_id")))
        .set_auth_uri(AuthUrl::new(setup.get("authorization_endpoint"))?)
        .set_token_uri(TokenUrl::new(setup.get("token_endpoint"))?)
        .set_redirect_uri(RedirectUrl::new(setup.get("redirect_uri"))?);
    if a_try.get("method") != "none" {
        client = client.set_client_secret(ClientSecret::new(a_try.get("client_secret")));
    }
    let client = client.set_auth_type(match &*a_try.get("method") {
        "client_secret_basic" => AuthType::BasicAuth,
        _ => AuthType::RequestBody,
    });
    let token = match &*a_try.get("grant") {
        "client_credentials" => client.exchange_client_credentials().request(&send).map_err(refusal)?,
        "password" => {
            let username = ResourceOwnerUsername::new(setup.get("username"));
            let password = ResourceOwnerPassword::new(setup.get("password"));
            let request =
                client.exchange_password(&username, &password).add_scope(Scope::new("openid".to_owned()));
            request.request(&send).map_err(refusal)?
        }
        _ => {
            let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
            let (page, state) = client
                .authorize_url(CsrfToken::new_random)
                .add_scope(Scope::new("openid".to_owned()))
                .set_pkce_challenge(challenge)
                .url();
            let came = visit(&page);
            if came("state") != *state.secret() {
                return Err(Failed::Otherwise("another state".to_owned()));
            }
            let code = client.exchange_code(AuthorizationCode::new(came("code"))).set_pkce_verifier(verifier);
            let first = code.request(&send).map_err(refusal)?;
            let refresh = first.refresh_token().ok_or(Failed::Otherwise("no refresh token".to_owned()))?;
            client.exchange_refresh_token(refresh).request(&send).map_err(refusal)?
        }
    };
    Ok(token.access_token().secret().clone())
}
