//! What the demonstration prints: a line to paste into a shell for each client.

use std::fmt::Write as _;
use std::path::Path;

use serde::Serialize;

use super::certificates::{certificate_name, key_name};
use super::clients::{Credential, DEMO_CLIENTS, REDIRECT_URI};
use crate::server::{Registrations, Route, Routes, percent_encoded};

/// A line to paste into a shell.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct PastedLine {
    /// The method, and the algorithm if it has one.
    pub(crate) title: String,
    pub(crate) line: String,
}

/// As it is printed: all of them, each below its title.
pub(crate) fn printed(lines: &[PastedLine]) -> String {
    let mut text = String::from("Paste a line into another shell, from this folder:\n");
    for PastedLine { title, line } in lines {
        // Writing to a text cannot fail.
        let _ = write!(text, "\n# {title}\n{line}\n");
    }
    text
}

/// The lines for a server with these routes. They work from the folder it was started in, again and again.
pub(crate) fn lines(folder: &Path, routes: &Routes, clients: &Registrations) -> Vec<PastedLine> {
    let token = routes.url(Route::Token);
    let mtls_token = routes.mtls_urls().find(|(route, _)| *route == Route::Token).map(|(_, url)| url);
    let assert = folder.join("assert");
    let assert = assert.display();
    let mut lines = Vec::new();
    for client in &DEMO_CLIENTS {
        let secret = clients.get(client.id).and_then(|client| client.secret.as_deref()).unwrap_or_default();
        let id = client.id;
        let line = match client.credential {
            Credential::Basic => format!("curl -u {id}:{secret} -d grant_type=client_credentials {token}"),
            Credential::Post => {
                format!(
                    "curl -d grant_type=client_credentials -d client_id={id} -d client_secret={secret} {token}"
                )
            }
            Credential::Public => public(id, routes),
            Credential::Certificate(_) | Credential::SelfSigned => match &mtls_token {
                Some(url) => with_certificate(folder, id, url),
                None => continue,
            },
            Credential::PrivateKey(_) | Credential::SecretKey(_) => {
                format!("curl -d grant_type=client_credentials -d \"$({assert} {id})\" {token}")
            }
        };
        let algorithm = client.algorithm().map(|algorithm| format!(", {algorithm}")).unwrap_or_default();
        lines.push(PastedLine { title: format!("{}{algorithm}", client.method()), line });
    }
    lines
}

/// The certificate goes to the listener that asks for it.
fn with_certificate(folder: &Path, id: &str, url: &str) -> String {
    let file = |name: String| folder.join(format!("{name}.pem")).display().to_string();
    format!(
        "curl --cacert {ca} --cert {certificate} --key {key} -d grant_type=client_credentials -d client_id={id} {url}",
        ca = file("ca".to_owned()),
        certificate = file(certificate_name(id)),
        key = file(key_name(id)),
    )
}

/// The code flow of a public client in one line: the inner command logs in, takes the code out of the redirect
/// and hands it to the outer one. Challenge and verifier are the pair of RFC 7636 Appendix B.
fn public(id: &str, routes: &Routes) -> String {
    let redirect_uri = percent_encoded(REDIRECT_URI);
    format!(
        "curl -d grant_type=authorization_code -d client_id={id} -d redirect_uri={redirect_uri} \
         -d code_verifier={VERIFIER} -d \"code=$(curl -s -o /dev/null -w '%{{redirect_url}}' \
         '{authorize}?response_type=code&client_id={id}&redirect_uri={redirect_uri}&scope=openid\
         &code_challenge={CHALLENGE}&code_challenge_method=S256' | sed 's/.*[?&]code=\\([^&]*\\).*/\\1/')\" {token}",
        authorize = routes.url(Route::Authorize),
        token = routes.url(Route::Token),
    )
}

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
