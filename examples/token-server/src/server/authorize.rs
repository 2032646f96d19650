//! `GET` and `POST /authorize`: the authorization endpoint
//! ([RFC 6749 §3.1](https://www.rfc-editor.org/rfc/rfc6749#section-3.1)).

use std::sync::Arc;

use bytes::Bytes;
use countersign::form::Form;

use super::authorization_request::{AuthorizationRequest, Destination, Refused};
use super::codes::{self, Code};
use super::log_in::LogIn;
use super::users::User;
use super::{OAuthError, People, Registration, Request, Response, Server, par};

impl Server {
    /// Shows the log-in form; where somebody is signed in already, the code goes out at once.
    pub(super) async fn authorize(&self, request: &Request) -> Response {
        let query = request.query.clone().unwrap_or_default();
        let answer = self.begin(Bytes::from(query), request.cookie(LogIn::COOKIE)).await;
        answer.unwrap_or_else(|refused| self.refuse(refused))
    }

    /// The log-in form came back.
    pub(super) async fn log_in(&self, request: &Request) -> Response {
        let is_form = request.header("content-type").is_some_and(|media_type| {
            let essence = media_type.split(';').next().unwrap_or_default().trim();
            essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
        });
        if !is_form {
            return self.refuse(Refused::ToUser(OAuthError::invalid_request("the body is not a form")));
        }
        let cookie = request.cookie(LogIn::COOKIE);
        self.finish(request.body.clone(), cookie).await.unwrap_or_else(|refused| self.refuse(refused))
    }

    async fn begin(&self, query: Bytes, cookie: Option<&str>) -> Result<Response, Refused> {
        let people = self.people()?;
        let request = self.read_request(query).await?;
        if let Some(user) = people.signed_in() {
            return self.issue_code(request, user).await;
        }
        if request.silent {
            let error = OAuthError::authorization("login_required", "nobody is logged in");
            return Err(Refused::ToClient(request.destination, error));
        }
        self.log_in.page(&request, cookie, None, self.now()).map_err(Refused::ToUser)
    }

    async fn finish(&self, body: Bytes, cookie: Option<&str>) -> Result<Response, Refused> {
        let people = self.people()?;
        let form = read_form(body)?;
        let request = self.log_in.open(&form, cookie, self.now()).map_err(Refused::ToUser)?;
        // It may have been disabled since the page was shown.
        self.client(&request.client_id).await?;
        let (username, password) =
            (form.get("username").unwrap_or_default(), form.get("password").unwrap_or_default());
        match people.users.log_in(&username, &password).await {
            Some(user) => self.issue_code(request, user).await,
            None => {
                let again = Some("The user name or the password is wrong.");
                self.log_in.page(&request, cookie, again, self.now()).map_err(Refused::ToUser)
            }
        }
    }

    fn people(&self) -> Result<&People, Refused> {
        let no_users =
            OAuthError::invalid_request("this server has no users; name a users file in its configuration");
        self.people.as_ref().ok_or(Refused::ToUser(no_users))
    }

    async fn read_request(&self, query: Bytes) -> Result<AuthorizationRequest, Refused> {
        let form = read_form(query)?;
        let client = self.client(&form.get("client_id").unwrap_or_default()).await?;
        let Some(request_uri) = form.get("request_uri") else {
            return AuthorizationRequest::read(&form, &client, self.pkce);
        };
        // RFC 9126 §4: whatever else stands beside a pushed request does not count.
        let pushed = par::find(&self.state, &request_uri, &client.client_id, self.now()).await;
        pushed.map_err(Refused::ToUser)?.ok_or(Refused::ToUser(OAuthError::invalid_request(
            "request_uri is unknown, expired or of another client",
        )))
    }

    async fn client(&self, client_id: &str) -> Result<Arc<Registration>, Refused> {
        let client = self.registration_of(client_id).await.map_err(Refused::ToUser)?;
        let unknown = OAuthError::invalid_request("client_id is missing or unknown");
        client.ok_or(Refused::ToUser(unknown))
    }

    async fn issue_code(&self, request: AuthorizationRequest, user: &User) -> Result<Response, Refused> {
        let destination = request.destination.clone();
        match self.code_for(request, user).await {
            Ok(code) => Ok(self.send_back(&destination, &[("code", &code)])),
            Err(error) => Err(Refused::ToClient(destination, error)),
        }
    }

    async fn code_for(&self, request: AuthorizationRequest, user: &User) -> Result<String, OAuthError> {
        let now = self.now();
        if let Some(pushed) = &request.pushed_as {
            if !par::use_up(&self.state, &pushed.request_uri, now).await? {
                return Err(OAuthError::invalid_request("request_uri was used before or has expired"));
            }
            self.pushed_requests.give_back(&request.client_id, pushed.counted);
        }
        let grant = self.new_grant(&request.client_id, user, request.scope, now)?;
        let redirect_uri = request.names_redirect_uri.then_some(request.destination.redirect_uri);
        let code = Code { grant, redirect_uri, challenge: request.challenge, nonce: request.nonce };
        codes::issue(&self.state, code, now).await
    }

    fn refuse(&self, refused: Refused) -> Response {
        self.note("authorization", None, refused.error());
        match refused {
            Refused::ToUser(error) => LogIn::error_page(error),
            Refused::ToClient(destination, error) => self
                .send_back(&destination, &[("error", error.error), ("error_description", error.description)]),
        }
    }

    /// With `state` as it came, and with `iss` ([RFC 9207](https://www.rfc-editor.org/rfc/rfc9207)).
    fn send_back(&self, destination: &Destination, answer: &[(&str, &str)]) -> Response {
        let mut location = destination.redirect_uri.clone();
        let state = destination.state.as_deref().map(|state| ("state", state));
        for (name, value) in answer.iter().copied().chain(state).chain([("iss", self.issuer.as_str())]) {
            location.push(if location.contains('?') { '&' } else { '?' });
            location.push_str(name);
            location.push('=');
            location.push_str(&percent_encoded(value));
        }
        Response::see_other(location)
    }
}

fn read_form(text: Bytes) -> Result<Form, Refused> {
    Form::parse(text).map_err(|_| {
        Refused::ToUser(OAuthError::invalid_request("a parameter comes twice or cannot be decoded"))
    })
}

/// Everything but the unreserved characters of RFC 3986 §2.3, so that form and URI readers agree.
pub(crate) fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte))
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}
