//! One row of the case table, in terms that every driver understands.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde_json::Value;

/// The clock of every row when its first step runs, in Unix seconds.
pub const NOW: i64 = 1_800_000_000;

/// When the server of a row was started, unless the row says otherwise: so long before [`NOW`] that the restart
/// fence refuses nothing.
pub const STARTED_AT: i64 = NOW - 30 * 86_400;

/// A situation, what is sent, and what must come back.
#[derive(Clone, Debug)]
pub struct Row {
    /// A sentence; rows of the corpus begin with the id of their case.
    pub name: String,
    /// The server the steps run against. It is built anew for each row, replay memory included.
    pub setup: Setup,
    /// What happens, in order.
    pub steps: Vec<Step>,
}

impl Row {
    /// Would an HTTP parser hand every request on unchanged? Drivers that go over a socket skip other rows.
    pub fn survives_a_socket(&self) -> bool {
        self.steps.iter().all(|step| match step {
            Step::Send { request, .. } => request.survives_a_socket(),
            Step::Advance { .. } | Step::Publish { .. } | Step::Register { .. } => true,
        })
    }
}

/// A server and its registered clients.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The name of a policy preset.
    pub preset: String,
    /// Single switches on top of the preset: an object, keys and values as in `[policy]`.
    pub policy: Value,
    /// Client metadata in the format of `clients.json`. A client that the loader refuses stays unknown; one secret that
    /// it cannot read never matches.
    pub clients: Vec<Value>,
    /// The clock when the server was built and its replay memory began; it then jumps to [`NOW`].
    pub started_at: i64,
    /// The trust anchors of client certificates, in DER: none is a server that takes self-signed ones alone, `None` one
    /// that knows nothing of mutual TLS.
    pub anchors: Option<Vec<Vec<u8>>>,
    /// Anchors that single clients have in place of the server's, by their `client_id`.
    pub own_anchors: BTreeMap<String, Vec<Vec<u8>>>,
    /// The proxies whose header fields name the client's certificate.
    pub proxy: Option<Proxy>,
    /// The key sets that a server can fetch, by their URIs. It can fetch none where there is none.
    pub key_sets: BTreeMap<String, Value>,
}

/// Proxies that end the clients' TLS connections.
#[derive(Clone, Debug)]
pub struct Proxy {
    /// Their addresses.
    pub networks: Vec<String>,
    /// The form in which they pass certificates on, as in `[proxy]` of a configuration.
    pub header: String,
    /// The header field in which they name the client's address, if they do.
    pub forwarded_for: Option<String>,
}

/// One thing that happens in a row.
#[derive(Clone, Debug)]
pub enum Step {
    /// A request and the answer it must get.
    Send {
        /// The request.
        request: HttpRequest,
        /// The answer.
        expect: Expect,
    },
    /// A client publishes another key set at its `jwks_uri`.
    Publish {
        /// Where.
        uri: String,
        /// The whole set.
        jwks: Value,
    },
    /// The registry changes.
    Register {
        /// Of whom.
        client_id: String,
        /// What is registered from now on; `None`: nothing any more.
        metadata: Option<Value>,
    },
    /// The clock moves, backwards if negative.
    Advance {
        /// By this much.
        seconds: i64,
    },
}

/// A request as it goes over the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpRequest {
    /// Where it goes.
    pub endpoint: Endpoint,
    /// The HTTP method.
    pub verb: String,
    /// The query string, without its `?`.
    pub query: Option<String>,
    /// Header fields in order; the same name may come twice. `Content-Length` is left to the driver.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body, possibly empty.
    pub body: Vec<u8>,
    /// Who is at the other end of the connection.
    pub peer: Peer,
}

/// The other end of a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Peer {
    /// Its address, where the server knows it.
    pub address: Option<IpAddr>,
    /// The certificates of its TLS handshake, leaf first, in DER.
    pub certificates: Vec<Vec<u8>>,
}

impl HttpRequest {
    /// Parsers trim the blanks around a field value, and bound the size of all fields.
    fn survives_a_socket(&self) -> bool {
        let is_trimmed = |value: &[u8]| value.trim_ascii().len() == value.len();
        let size: usize = self.headers.iter().map(|(name, value)| name.len() + value.len() + 4).sum();
        size <= 8 * 1024 && self.headers.iter().all(|(_, value)| is_trimmed(value))
    }
}

/// An endpoint that authenticates clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// RFC 6749.
    Token,
    /// RFC 7662.
    Introspection,
    /// RFC 7009.
    Revocation,
    /// RFC 9126.
    PushedAuthorization,
    /// RFC 8628.
    DeviceAuthorization,
    /// CIBA.
    BackchannelAuthentication,
}

impl Endpoint {
    /// Every endpoint.
    pub const ALL: [Endpoint; 6] = [
        Endpoint::Token,
        Endpoint::Introspection,
        Endpoint::Revocation,
        Endpoint::PushedAuthorization,
        Endpoint::DeviceAuthorization,
        Endpoint::BackchannelAuthentication,
    ];

    /// The endpoint's URL at the server of every row, of which the metadata in `fixtures.json` is a part.
    pub const fn url(self) -> &'static str {
        match self {
            Endpoint::Token => "https://as.example.com/token",
            Endpoint::Introspection => "https://as.example.com/introspect",
            Endpoint::Revocation => "https://as.example.com/revoke",
            Endpoint::PushedAuthorization => "https://as.example.com/par",
            Endpoint::DeviceAuthorization => "https://as.example.com/device_authorization",
            Endpoint::BackchannelAuthentication => "https://as.example.com/bc-authorize",
        }
    }

    /// The path of [`url`](Endpoint::url), for a router.
    pub fn path(self) -> &'static str {
        self.url().strip_prefix(ISSUER).expect("endpoints lie below the issuer")
    }

    /// The endpoint that the corpus calls by this name: the last part of its path.
    pub fn of_case(name: &str) -> Self {
        Endpoint::ALL
            .into_iter()
            .find(|endpoint| endpoint.path().trim_start_matches('/') == name)
            .unwrap_or_else(|| panic!("no endpoint is called {name:?}"))
    }
}

/// The issuer identifier of the server of every row.
pub const ISSUER: &str = "https://as.example.com";

/// Both faces of the answer: what the caller is told, and what the operator sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expect {
    /// The handler is reached.
    Accepted {
        /// Whom it sees.
        client_id: String,
        /// The method that proved it.
        method: String,
        /// False for a public client, which is only identified.
        authenticated: bool,
        /// The thumbprint (`x5t#S256`) of the certificate the handler sees.
        certificate: Option<String>,
    },
    /// The handler is not reached.
    Refused {
        /// The HTTP status.
        status: u16,
        /// The `error` member of the JSON body.
        error: String,
        /// The code of the private reason.
        reason: String,
    },
    /// The handler is not reached: too many failures before.
    Throttled {
        /// The seconds of `Retry-After`.
        retry_after: u64,
    },
}
