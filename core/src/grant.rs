//! Which method a client may use, where, and until when.

use std::time::SystemTime;

use crate::auth_method::AuthMethod;
use crate::endpoint::Endpoint;
use crate::endpoint::EndpointSet;

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
