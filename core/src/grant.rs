//! Which method a client may use, where, and until when.

use std::borrow::Cow;
use std::time::SystemTime;

use crate::auth_method::{AuthMethod, ClientClass};
use crate::client::Client;
use crate::endpoint::{Endpoint, EndpointSet};
use crate::reason::Reason;
use crate::refusal::Failure;

/// A client's permission to authenticate by one method.
///
/// A client may hold several, so that it can move from one method to another, or be held to a stronger one at
/// some endpoints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MethodGrant {
    method: AuthMethod,
    endpoints: EndpointSet,
    until: Option<SystemTime>,
}

impl MethodGrant {
    /// The method, at every endpoint, for ever.
    pub fn new(method: AuthMethod) -> Self {
        MethodGrant { method, endpoints: EndpointSet::ALL, until: None }
    }

    /// Only at these endpoints.
    #[must_use]
    pub fn at(mut self, endpoints: impl IntoIterator<Item = Endpoint>) -> Self {
        self.endpoints = endpoints.into_iter().collect();
        self
    }

    /// Only before this time.
    #[must_use]
    pub fn until(mut self, end: SystemTime) -> Self {
        self.until = Some(end);
        self
    }

    /// The method.
    pub fn method(&self) -> &AuthMethod {
        &self.method
    }

    /// The endpoints.
    pub fn endpoints(&self) -> EndpointSet {
        self.endpoints
    }

    /// The end of the permission, if it has one.
    pub fn ends_at(&self) -> Option<SystemTime> {
        self.until
    }

    pub(crate) fn covers(&self, method: &AuthMethod, endpoint: Endpoint) -> bool {
        self.method == *method && self.endpoints.contains(endpoint)
    }

    pub(crate) fn has_ended(&self, now: SystemTime) -> bool {
        self.until.is_some_and(|until| now >= until)
    }
}

/// Introspection is never open to clients that prove nothing (RFC 7662 §2.1).
pub(crate) fn is_served(class: ClientClass, endpoint: Endpoint) -> bool {
    !(class == ClientClass::Public && endpoint == Endpoint::Introspection)
}

/// May the client use the method, at this endpoint, today? As [`may_use`], for whoever does not ask why not.
pub(crate) fn can_use(
    client: &Client,
    method: &AuthMethod,
    class: ClientClass,
    endpoint: Endpoint,
    now: SystemTime,
) -> bool {
    let mut grants = client.grants().iter();
    !client.is_disabled()
        && is_served(class, endpoint)
        && grants.any(|grant| grant.covers(method, endpoint) && !grant.has_ended(now))
}

/// May the client use the method, at this endpoint, today? To say no to a client of one method allocates nothing, as with a
/// wrong secret, so that the time of a refusal does not tell its reason; but for the two methods that take a JWT.
///
/// # Errors
/// [`Reason::ClientDisabled`], [`Reason::MethodNotGranted`], [`Reason::MethodGrantExpired`].
pub(crate) fn may_use(
    client: &Client,
    method: &AuthMethod,
    class: ClientClass,
    endpoint: Endpoint,
    now: SystemTime,
) -> Result<(), Failure> {
    if client.is_disabled() {
        return Err(Failure::new(Reason::ClientDisabled)
            .expected("an enabled client")
            .got("one that is disabled"));
    }
    let grant = client.grants().iter().filter(|grant| grant.covers(method, endpoint));
    let grant = grant.max_by_key(|grant| (grant.ends_at().is_none(), grant.ends_at()));
    match grant {
        Some(grant) if grant.has_ended(now) => Err(Failure::new(Reason::MethodGrantExpired)
            .expected("a method whose grant has not ended")
            .got(method.clone())),
        Some(_) if is_served(class, endpoint) => Ok(()),
        _ => {
            if let Some(granted) = other_assertion_method(client, method, endpoint) {
                return Err(Failure::new(Reason::AlgNotAllowed)
                    .expected(format!("an algorithm of {granted}"))
                    .got(format!("one of {method}")));
            }
            let expected = granted_at(client, endpoint);
            Err(Failure::new(Reason::MethodNotGranted).expected(expected).got(method.clone()))
        }
    }
}

/// The methods that the client may use there. One, as nearly every client has it, costs no more than a fixed text.
fn granted_at(client: &Client, endpoint: Endpoint) -> Cow<'static, str> {
    let mut granted = client.grants().iter().filter(|grant| grant.endpoints().contains(endpoint));
    let Some(first) = granted.next() else { return "no method at this endpoint".into() };
    let first = Cow::from(first.method().clone());
    granted.fold(first, |names, next| format!("{names} or {}", next.method()).into())
}

/// The two methods that take a JWT differ by its algorithm alone: a client of one that sends the other sent the wrong
/// algorithm.
fn other_assertion_method<'c>(
    client: &'c Client,
    method: &AuthMethod,
    endpoint: Endpoint,
) -> Option<&'c AuthMethod> {
    let other = match method.as_str() {
        "private_key_jwt" => AuthMethod::CLIENT_SECRET_JWT,
        "client_secret_jwt" => AuthMethod::PRIVATE_KEY_JWT,
        _ => return None,
    };
    client.grants().iter().find(|grant| grant.covers(&other, endpoint)).map(MethodGrant::method)
}
