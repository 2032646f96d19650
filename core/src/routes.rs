//! Which paths of a server are covered endpoints. For adapters.

use crate::authenticator::Authenticator;
use crate::config_error::ConfigError;
use crate::endpoint::Endpoint;
use crate::form;

/// Which endpoint a request is sent to: one for every path, or one by path.
///
/// A path is covered in every spelling that some router takes for it: with percent escapes, doubled slashes or a
/// slash at the end. To cover too much is a 400; to cover too little is a request that nobody authenticated.
#[derive(Clone, Debug)]
pub struct Routes {
    known: Vec<(String, Endpoint)>,
    otherwise: Option<Endpoint>,
}

impl Routes {
    /// Every path is this endpoint.
    pub fn every(endpoint: Endpoint) -> Self {
        Routes { known: Vec::new(), otherwise: Some(endpoint) }
    }

    /// Every path is covered: as the endpoint whose URL the authenticator was given, if the path is that URL's, else as
    /// the token endpoint.
    pub fn everywhere(auth: &Authenticator) -> Self {
        let known = Endpoint::ALL.iter().filter_map(|endpoint| {
            let (_, rest) = auth.endpoint_url(*endpoint)?.split_once("://")?;
            Some((normalize(rest.get(rest.find('/')?..)?), *endpoint))
        });
        Routes { known: known.collect(), otherwise: Some(Endpoint::Token) }
    }

    /// These paths are covered, others are not.
    ///
    /// ```
    /// use countersign::{Endpoint, Routes};
    ///
    /// let routes = Routes::by_path([("/token", Endpoint::Token), ("/revoke", Endpoint::Revocation)])?;
    /// assert_eq!(routes.endpoint("/token"), Some(Endpoint::Token));
    /// assert_eq!(routes.endpoint("//%74oken/"), Some(Endpoint::Token));
    /// assert_eq!(routes.endpoint("/authorize"), None);
    ///
    /// assert!(Routes::by_path([("/{tenant}/token", Endpoint::Token)]).is_err());
    /// # Ok::<(), countersign::ConfigError>(())
    /// ```
    ///
    /// # Errors
    /// [`ConfigError`] for what would cover less than it seems to: no path at all, a URL, a pattern, and one path as
    /// two endpoints.
    pub fn by_path<P: AsRef<str>>(
        routes: impl IntoIterator<Item = (P, Endpoint)>,
    ) -> Result<Self, ConfigError> {
        Routes { known: Vec::new(), otherwise: None }.and(routes)
    }

    /// These paths, too. What covered every path before now covers what was named.
    ///
    /// # Errors
    /// Those of [`by_path`](Routes::by_path).
    pub fn and<P: AsRef<str>>(
        mut self,
        routes: impl IntoIterator<Item = (P, Endpoint)>,
    ) -> Result<Self, ConfigError> {
        let refuse = |problem: String, cure: &str| Err(ConfigError::new("routes", problem, cure));
        if self.otherwise.take().is_some() {
            self.known.clear();
        }
        for (path, endpoint) in routes {
            let path = path.as_ref();
            if !path.starts_with('/') || path.contains(['{', '}', '*', '?', '#']) {
                return refuse(
                    format!("{path:?} is not the path of one endpoint"),
                    "write each path out, from its first slash on; for a pattern, put a layer of its own on that route",
                );
            }
            let path = normalize(path);
            if self.known.iter().any(|(known, other)| *known == path && *other != endpoint) {
                return refuse(format!("{path:?} is two endpoints"), "name each path once");
            }
            self.known.push((path, endpoint));
        }
        if self.known.is_empty() {
            return refuse(
                "there are none, so nothing would be covered".to_owned(),
                "name at least one path",
            );
        }
        Ok(self)
    }

    /// The endpoint at this path, if it is covered.
    pub fn endpoint(&self, path: &str) -> Option<Endpoint> {
        let find =
            |path: &str| self.known.iter().find(|(known, _)| known == path).map(|(_, endpoint)| *endpoint);
        if self.known.is_empty() {
            return self.otherwise;
        }
        find(path).or_else(|| find(&normalize(path))).or(self.otherwise)
    }
}

fn normalize(path: &str) -> String {
    // `+` is no space in a path, so it is kept from the decoder.
    let decoded = form::decode(&path.replace('+', "%2B"));
    let mut normal = String::with_capacity(path.len());
    for segment in decoded.as_deref().unwrap_or(path).split('/').filter(|segment| !segment.is_empty()) {
        normal.push('/');
        normal.push_str(segment);
    }
    normal
}
