//! The log-in page, and its protection against forged forms.
//!
//! Nothing is kept while somebody types: the form carries the authorization request itself, sealed together with
//! a cookie of this browser. A form that was filled in elsewhere, or for another browser, does not open.

use aws_lc_rs::hmac;
use countersign::form::Form;
use serde::{Deserialize, Serialize};

use super::authorization_request::AuthorizationRequest;
use super::routes::path_of;
use super::{OAuthError, Response};
use crate::jose::{self, Failed, base64url, from_base64url};

/// Makes the page and opens what comes back.
pub(crate) struct LogIn {
    key: hmac::Key,
    /// The path the form goes to.
    action: String,
    cookie_attributes: &'static str,
}

#[derive(Serialize, Deserialize)]
struct Sealed {
    request: AuthorizationRequest,
    expires: u64,
}

impl LogIn {
    pub(crate) const COOKIE: &'static str = "token_server_log_in";

    /// `url` is where the authorization endpoint is known to be. With the same `secret`, any node opens the form that
    /// another one made.
    pub(crate) fn new(url: &str, secret: &[u8]) -> Self {
        let secret = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let key =
            hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&secret, b"token-server log-in form").as_ref());
        // Lax: the cookie comes along when a client sends the browser here, and never with a form of another site.
        let cookie_attributes = if url.starts_with("https:") {
            "Path=/; HttpOnly; SameSite=Lax; Secure"
        } else {
            "Path=/; HttpOnly; SameSite=Lax"
        };
        LogIn { key, action: path_of(url).to_owned(), cookie_attributes }
    }

    /// The form, with a message when it is shown again. A cookie that the browser has already is kept, so that
    /// two tabs do not disturb each other.
    pub(crate) fn page(
        &self,
        request: &AuthorizationRequest,
        cookie: Option<&str>,
        message: Option<&str>,
        now: u64,
    ) -> Result<Response, OAuthError> {
        let (browser, fresh) = match cookie.filter(|cookie| cookie.len() == BROWSER_CHARACTERS) {
            Some(cookie) => (cookie.to_owned(), false),
            None => (jose::random(16)?, true),
        };
        let sealed =
            self.seal(&Sealed { request: request.clone(), expires: now + FORM_SECONDS }, &browser)?;
        let status = if message.is_some() { 400 } else { 200 };
        let message = message.map(|message| format!("<p role=\"alert\">{message}</p>\n")).unwrap_or_default();
        let page = format!(
            "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>Log in</title>\n\
             <h1>Log in</h1>\n<p>{client} asks for access{scope}.</p>\n{message}\
             <form method=\"post\" action=\"{action}\">\n\
             <input type=\"hidden\" name=\"request\" value=\"{sealed}\">\n\
             <p><label>User name <input name=\"username\" autocomplete=\"username\" required autofocus></label></p>\n\
             <p><label>Password <input type=\"password\" name=\"password\" autocomplete=\"current-password\" \
             required></label></p>\n\
             <p><button type=\"submit\">Log in and allow</button></p>\n</form>\n</html>\n",
            client = escaped(&request.client_id),
            scope = scope_phrase(&request.scope),
            action = escaped(&self.action),
        );
        let response = Response::html(status, page);
        if !fresh {
            return Ok(response);
        }
        Ok(response.with("set-cookie", format!("{}={browser}; {}", Self::COOKIE, self.cookie_attributes)))
    }

    /// The authorization request of a form that this browser got from here.
    pub(crate) fn open(
        &self,
        form: &Form,
        cookie: Option<&str>,
        now: u64,
    ) -> Result<AuthorizationRequest, OAuthError> {
        const STALE: OAuthError =
            OAuthError::invalid_request("the form is stale or of another browser; start again at the client");
        let sealed = form.get("request").ok_or(STALE)?;
        let (payload, tag) = sealed.split_once('.').ok_or(STALE)?;
        let tag = from_base64url(tag).ok_or(STALE)?;
        let message = bound_to(cookie.ok_or(STALE)?, payload);
        hmac::verify(&self.key, message.as_bytes(), &tag).map_err(|_| STALE)?;
        let octets = from_base64url(payload).ok_or(STALE)?;
        let sealed: Sealed = serde_json::from_slice(&octets).map_err(|_| STALE)?;
        if now < sealed.expires { Ok(sealed.request) } else { Err(STALE) }
    }

    /// For errors that must not be sent to an address nobody vouches for.
    pub(crate) fn error_page(error: OAuthError) -> Response {
        let page = format!(
            "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>Refused</title>\n\
             <h1>This request cannot be answered</h1>\n<p>{}: {}</p>\n</html>\n",
            escaped(error.error),
            escaped(error.description),
        );
        Response::html(error.status, page)
    }

    fn seal(&self, sealed: &Sealed, browser: &str) -> Result<String, Failed> {
        let payload = base64url(&serde_json::to_vec(sealed).map_err(|_| Failed)?);
        let tag = hmac::sign(&self.key, bound_to(browser, &payload).as_bytes());
        Ok(format!("{payload}.{}", base64url(tag.as_ref())))
    }
}

/// No `.` occurs in the payload, so the two parts cannot be shifted against each other.
fn bound_to(browser: &str, payload: &str) -> String {
    format!("{payload}.{browser}")
}

fn scope_phrase(scope: &str) -> String {
    if scope.is_empty() { String::new() } else { format!(" to <code>{}</code>", escaped(scope)) }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

const FORM_SECONDS: u64 = 600;

/// 16 octets in base64url.
const BROWSER_CHARACTERS: usize = 22;
