//! `none`: a public client, named by its `client_id` and proved by nothing
//! ([RFC 7591 §2](https://www.rfc-editor.org/rfc/rfc7591#section-2)).

use crate::auth_method::{AuthMethod, ClientClass};
use crate::client::Client;
use crate::method::{Attempt, Context, Method, Proof, Verification};
use crate::presented::{Credential, Presented};

/// The method.
pub(crate) struct None;

impl Method for None {
    fn name(&self) -> AuthMethod {
        AuthMethod::NONE
    }

    fn class(&self) -> ClientClass {
        ClientClass::Public
    }

    fn attempt<'r>(&self, presented: &'r Presented<'r>) -> Option<Box<dyn Attempt + 'r>> {
        match presented.credential() {
            Credential::None => Some(Box::new(Named { client_id: presented.client_id()? })),
            _ => Option::None,
        }
    }
}

struct Named<'r> {
    client_id: &'r str,
}

impl Attempt for Named<'_> {
    fn client_id(&self) -> &str {
        self.client_id
    }

    /// Being granted the method is all there is to it.
    fn verify<'a>(&'a self, _: &'a Client, _: &'a Context<'a>) -> Verification<'a> {
        Verification::done(Ok(Proof::default()))
    }
}
