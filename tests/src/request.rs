//! Builds requests: a form with credentials in whatever place they are put.

use crate::encoding::{basic, form_encode};
use crate::row::{Endpoint, HttpRequest, Peer};

/// A POST of a form; every part of it can be made wrong.
#[derive(Clone, Debug)]
pub struct Request {
    endpoint: Endpoint,
    verb: String,
    query: Option<String>,
    content_type: Option<Vec<u8>>,
    headers: Vec<(String, Vec<u8>)>,
    fields: Vec<(String, String)>,
    raw_body: Option<Vec<u8>>,
    peer: Peer,
}

impl Request {
    /// A client credentials request without any client credential.
    pub fn to(endpoint: Endpoint) -> Self {
        Request {
            endpoint,
            verb: "POST".to_owned(),
            query: None,
            content_type: Some(FORM.as_bytes().to_vec()),
            headers: Vec::new(),
            fields: vec![("grant_type".to_owned(), "client_credentials".to_owned())],
            raw_body: None,
            peer: Peer::default(),
        }
    }

    /// The same at the token endpoint.
    pub fn token() -> Self {
        Request::to(Endpoint::Token)
    }

    /// Sends it elsewhere.
    #[must_use]
    pub fn at(mut self, endpoint: Endpoint) -> Self {
        self.endpoint = endpoint;
        self
    }

    /// Adds HTTP Basic with both halves form-encoded.
    #[must_use]
    pub fn basic(self, client_id: &str, secret: &str) -> Self {
        self.authorization(basic(client_id, secret))
    }

    /// Adds an `Authorization` line.
    #[must_use]
    pub fn authorization(self, value: impl Into<Vec<u8>>) -> Self {
        self.header("Authorization", value)
    }

    /// Adds `client_id` and `client_secret` to the form.
    #[must_use]
    pub fn post(self, client_id: &str, secret: &str) -> Self {
        self.field("client_id", client_id).field("client_secret", secret)
    }

    /// Adds a client assertion and its type to the form.
    #[must_use]
    pub fn assertion(self, token: impl AsRef<str>) -> Self {
        self.field("client_assertion_type", JWT_BEARER).field("client_assertion", token.as_ref())
    }

    /// Adds a parameter, whether or not there is one of this name.
    #[must_use]
    pub fn field(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets a parameter, in place if it is there.
    #[must_use]
    pub fn set(mut self, name: &str, value: &str) -> Self {
        match self.fields.iter_mut().find(|(candidate, _)| candidate == name) {
            Some((_, old)) => value.clone_into(old),
            None => return self.field(name, value),
        }
        self
    }

    /// The first value of a parameter.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(candidate, _)| candidate == name).map(|(_, value)| value.as_str())
    }

    /// Drops a parameter.
    #[must_use]
    pub fn remove(mut self, name: &str) -> Self {
        self.fields.retain(|(candidate, _)| candidate != name);
        self
    }

    /// Adds a header field.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Replaces the media type.
    #[must_use]
    pub fn content_type(mut self, value: &str) -> Self {
        self.content_type = Some(value.as_bytes().to_vec());
        self
    }

    /// Drops the media type.
    #[must_use]
    pub fn without_content_type(mut self) -> Self {
        self.content_type = None;
        self
    }

    /// Replaces the whole body.
    #[must_use]
    pub fn body(mut self, octets: impl Into<Vec<u8>>) -> Self {
        self.raw_body = Some(octets.into());
        self
    }

    /// Adds a query string.
    #[must_use]
    pub fn query(mut self, query: &str) -> Self {
        self.query = Some(query.to_owned());
        self
    }

    /// Uses another HTTP method.
    #[must_use]
    pub fn verb(mut self, verb: &str) -> Self {
        verb.clone_into(&mut self.verb);
        self
    }

    /// Sends it on a connection whose TLS handshake showed these certificates, leaf first.
    #[must_use]
    pub fn certificates(mut self, chain: impl IntoIterator<Item = impl Into<Vec<u8>>>) -> Self {
        self.peer.certificates = chain.into_iter().map(Into::into).collect();
        self
    }

    /// Sends it from this address.
    #[must_use]
    pub fn from(mut self, address: &str) -> Self {
        self.peer.address = Some(address.parse().expect("an IP address"));
        self
    }

    /// The body as it will be sent.
    pub fn encoded_body(&self) -> Vec<u8> {
        self.raw_body.clone().unwrap_or_else(|| encode(&self.fields).into_bytes())
    }

    /// The finished request.
    pub fn build(self) -> HttpRequest {
        let body = self.encoded_body();
        let content_type = self.content_type.map(|value| ("Content-Type".to_owned(), value));
        HttpRequest {
            endpoint: self.endpoint,
            verb: self.verb,
            query: self.query,
            headers: content_type.into_iter().chain(self.headers).collect(),
            body,
            peer: self.peer,
        }
    }
}

/// Form-encodes names and values.
pub fn encode<N: AsRef<str>, V: AsRef<str>>(fields: &[(N, V)]) -> String {
    let pair =
        |(name, value): &(N, V)| format!("{}={}", form_encode(name.as_ref()), form_encode(value.as_ref()));
    fields.iter().map(pair).collect::<Vec<_>>().join("&")
}

/// The media type of a form.
pub const FORM: &str = "application/x-www-form-urlencoded";

/// The only assertion type there is (RFC 7523 §2.2).
pub const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
