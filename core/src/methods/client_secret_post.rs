//! `client_secret_post`: the secret in the form
//! ([RFC 6749 §2.3.1](https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1)).

use crate::auth_method::AuthMethod;
use crate::client::Client;
use crate::method::{Attempt, Context, Method, Verification};
use crate::presented::{Credential, Presented};

/// The method.
pub(crate) struct ClientSecretPost;

impl Method for ClientSecretPost {
    fn name(&self) -> AuthMethod {
        AuthMethod::CLIENT_SECRET_POST
    }

    fn attempt<'r>(&self, presented: &'r Presented<'r>) -> Option<Box<dyn Attempt + 'r>> {
        match presented.credential() {
            Credential::Post(secret) => Some(Box::new(Pair { client_id: presented.client_id()?, secret })),
            _ => None,
        }
    }
}

struct Pair<'r> {
    client_id: &'r str,
    secret: &'r str,
}

impl Attempt for Pair<'_> {
    fn client_id(&self) -> &str {
        self.client_id
    }

    fn verify<'a>(&'a self, client: &'a Client, context: &'a Context<'a>) -> Verification<'a> {
        context.verify_secret(self.secret, client)
    }
}
