//! Which path is which endpoint, and the URL each is known by.

use std::collections::{BTreeMap, HashMap};

use countersign::Endpoint;

/// An endpoint of this server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Route {
    Token,
    Introspect,
    Revoke,
    Par,
    Authorize,
    Register,
    /// A client's own registration, below that of [`Route::Register`].
    ClientConfiguration,
    Jwks,
    OAuthMetadata,
    OpenIdConfiguration,
    OpenApi,
    Health,
}

impl Route {
    /// Those with a path of their own.
    const ALL: [Route; 11] = [
        Route::Token,
        Route::Introspect,
        Route::Revoke,
        Route::Par,
        Route::Authorize,
        Route::Register,
        Route::Jwks,
        Route::OAuthMetadata,
        Route::OpenIdConfiguration,
        Route::OpenApi,
        Route::Health,
    ];

    /// The path below the issuer identifier.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Route::Token => "/token",
            Route::Introspect => "/introspect",
            Route::Revoke => "/revoke",
            Route::Par => "/par",
            Route::Authorize => "/authorize",
            Route::Register | Route::ClientConfiguration => "/register",
            Route::Jwks => "/jwks",
            Route::OAuthMetadata => "/.well-known/oauth-authorization-server",
            Route::OpenIdConfiguration => "/.well-known/openid-configuration",
            Route::OpenApi => "/openapi.json",
            Route::Health => "/health",
        }
    }

    /// The key in `[endpoints]`, for the endpoints whose URL may be set there.
    pub(crate) fn named(key: &str) -> Option<Self> {
        Self::NAMED.into_iter().find(|route| route.path().strip_prefix('/') == Some(key))
    }

    pub(crate) const NAMED: [Route; 7] = [
        Route::Token,
        Route::Introspect,
        Route::Revoke,
        Route::Par,
        Route::Authorize,
        Route::Register,
        Route::Jwks,
    ];

    /// As the authentication layer calls it, for the endpoints that authenticate clients.
    pub(crate) fn covered(self) -> Option<Endpoint> {
        match self {
            Route::Token => Some(Endpoint::Token),
            Route::Introspect => Some(Endpoint::Introspection),
            Route::Revoke => Some(Endpoint::Revocation),
            Route::Par => Some(Endpoint::PushedAuthorization),
            _ => None,
        }
    }
}

/// The routes of one server under its issuer identifier.
#[derive(Default)]
pub(crate) struct Routes {
    by_path: HashMap<String, Route>,
    urls: BTreeMap<Route, String>,
    /// The same endpoints at the listener that asks for certificates.
    mtls: BTreeMap<Route, String>,
}

impl Routes {
    /// Endpoint URLs are the issuer and the path, unless `overrides` has another.
    ///
    /// An endpoint answers at its own path and at the path of its URL, so that an issuer with a path works
    /// with and without a proxy that strips it.
    pub(crate) fn new(issuer: &str, overrides: &BTreeMap<Route, String>) -> Self {
        let base = issuer.trim_end_matches('/');
        let (mut by_path, mut urls) = (HashMap::new(), BTreeMap::new());
        for route in Route::ALL {
            let url = overrides.get(&route).cloned().unwrap_or_else(|| format!("{base}{}", route.path()));
            by_path.insert(path_of(&url).to_owned(), route);
            urls.insert(route, url);
        }
        // RFC 8414 §3.1 puts the issuer's path behind the well-known one.
        by_path.insert(format!("{}{}", Route::OAuthMetadata.path(), path_of(base)), Route::OAuthMetadata);
        for route in Route::ALL {
            by_path.insert(route.path().to_owned(), route);
        }
        Routes { by_path, urls, mtls: BTreeMap::new() }
    }

    /// The endpoints are reached below this URL too, by clients that show a certificate
    /// ([RFC 8705 §5](https://www.rfc-editor.org/rfc/rfc8705#section-5)).
    pub(crate) fn with_mtls(mut self, base: &str) -> Self {
        let covered = self.urls.iter().filter(|(route, _)| route.covered().is_some());
        self.mtls = covered.map(|(route, url)| (*route, format!("{base}{}", path_of(url)))).collect();
        self
    }

    /// Each endpoint that authenticates clients, at the listener that asks for certificates.
    pub(crate) fn mtls_urls(&self) -> impl Iterator<Item = (Route, &str)> {
        self.mtls.iter().map(|(route, url)| (*route, url.as_str()))
    }

    pub(crate) fn find(&self, path: &str) -> Option<Route> {
        let own = self.by_path.get(path).copied();
        own.or_else(|| self.client_id_in(path).map(|_| Route::ClientConfiguration))
    }

    /// The client whose registration has this path. It stands there as it is: ours need no encoding.
    pub(crate) fn client_id_in<'p>(&self, path: &'p str) -> Option<&'p str> {
        let (parent, client_id) = path.rsplit_once('/')?;
        let is_below = self.by_path.get(parent) == Some(&Route::Register);
        (is_below && !client_id.is_empty()).then_some(client_id)
    }

    pub(crate) fn url(&self, route: Route) -> &str {
        self.urls.get(&route).map_or("", String::as_str)
    }

    /// The URLs by which assertions name the endpoints that authenticate clients.
    pub(crate) fn endpoint_urls(&self) -> impl Iterator<Item = (Endpoint, &str)> {
        self.urls.iter().filter_map(|(route, url)| Some((route.covered()?, url.as_str())))
    }

    /// What the authentication layer must cover.
    pub(crate) fn covered(&self) -> Vec<(String, Endpoint)> {
        self.by_path.iter().filter_map(|(path, route)| Some((path.clone(), route.covered()?))).collect()
    }
}

/// The path of an absolute URL; empty when it has none.
pub(super) fn path_of(url: &str) -> &str {
    let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    after_scheme.find('/').and_then(|start| after_scheme.get(start..)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_with_a_path_is_served_with_and_without_it() {
        let routes = Routes::new("https://as.example/tenant", &BTreeMap::new());
        assert_eq!(routes.url(Route::Token), "https://as.example/tenant/token");
        for path in ["/token", "/tenant/token"] {
            assert_eq!(routes.find(path), Some(Route::Token));
        }
        for path in [
            "/.well-known/oauth-authorization-server/tenant",
            "/tenant/.well-known/oauth-authorization-server",
            "/.well-known/oauth-authorization-server",
        ] {
            assert_eq!(routes.find(path), Some(Route::OAuthMetadata));
        }
        assert_eq!(routes.find("/Token"), None);
        assert_eq!(routes.find("/tenant/register/c_1"), Some(Route::ClientConfiguration));
        assert_eq!(routes.client_id_in("/register/c_1"), Some("c_1"));
        for path in ["/register/", "/register/c_1/", "/register/c_1/x", "/token/c_1"] {
            assert_eq!(routes.find(path), None, "{path}");
        }
        assert_eq!(routes.covered().len(), 8);
    }

    #[test]
    fn a_configured_url_replaces_the_usual_one() {
        let overrides = BTreeMap::from([(Route::Token, "https://as.example/oauth2/v1/token".to_owned())]);
        let routes = Routes::new("https://as.example", &overrides);
        assert_eq!(routes.url(Route::Token), "https://as.example/oauth2/v1/token");
        assert_eq!(routes.find("/oauth2/v1/token"), Some(Route::Token));
        assert_eq!(routes.url(Route::Par), "https://as.example/par");
    }
}
