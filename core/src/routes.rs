//! Which paths of a server are covered endpoints. For adapters.

use crate::endpoint::Endpoint;
use crate::form;

/// Which endpoint a request is sent to: one for every path, or one by path.
///
/// A path is covered in every spelling that some router takes for it: with percent escapes, doubled slashes or a
/// slash at the end. To cover too much is a 400; to cover too little is a request that nobody authenticated.
#[derive(Clone, Debug)]
pub struct Routes(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Every(Endpoint),
    ByPath(Vec<(String, Endpoint)>),
}

impl Routes {
    /// Every path is this endpoint.
    pub fn every(endpoint: Endpoint) -> Self {
        Routes(Kind::Every(endpoint))
    }

    /// These paths are covered, others are not.
    ///
    /// ```
    /// use countersign::{Endpoint, Routes};
    ///
    /// let routes = Routes::by_path([("/token", Endpoint::Token), ("/revoke", Endpoint::Revocation)]);
    /// assert_eq!(routes.endpoint("/token"), Some(Endpoint::Token));
    /// assert_eq!(routes.endpoint("//%74oken/"), Some(Endpoint::Token));
    /// assert_eq!(routes.endpoint("/authorize"), None);
    /// ```
    pub fn by_path<P: AsRef<str>>(routes: impl IntoIterator<Item = (P, Endpoint)>) -> Self {
        let routes = routes.into_iter().map(|(path, endpoint)| (normalize(path.as_ref()), endpoint));
        Routes(Kind::ByPath(routes.collect()))
    }

    /// The endpoint at this path, if it is covered.
    pub fn endpoint(&self, path: &str) -> Option<Endpoint> {
        match &self.0 {
            Kind::Every(endpoint) => Some(*endpoint),
            Kind::ByPath(routes) => {
                let find = |path: &str| {
                    routes.iter().find(|(known, _)| known == path).map(|(_, endpoint)| *endpoint)
                };
                find(path).or_else(|| find(&normalize(path)))
            }
        }
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
