//! Why a fetch failed.

use std::borrow::Cow;
use std::fmt;

/// A key set could not be fetched: which kind of failure, and a sentence for the operator.
///
/// It is the [`source`](std::error::Error::source) of the
/// [`KeySourceError`](crate::key_source::KeySourceError).
#[derive(Clone, Debug)]
pub struct FetchError {
    kind: FailureKind,
    detail: Cow<'static, str>,
}

impl FetchError {
    pub(super) fn new(kind: FailureKind, detail: impl Into<Cow<'static, str>>) -> Self {
        FetchError { kind, detail: detail.into() }
    }

    /// The kind, by which failures are counted.
    pub fn kind(&self) -> FailureKind {
        self.kind
    }
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.code(), self.detail)
    }
}

impl std::error::Error for FetchError {}

/// Kinds of failed fetches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FailureKind {
    /// The `jwks_uri` is not one that is fetched: not https, with user information, too long. Nothing was sent.
    Url,
    /// The host's name has no address, or the resolver failed.
    NoAddress,
    /// Every address of the host is private, local or reserved. Nothing was sent.
    AddressRefused,
    /// No address accepted a connection in time.
    Connect,
    /// The TLS handshake failed, or the host's certificate is not valid for its name.
    Tls,
    /// It took longer than [`FETCH_TIMEOUT`](super::limits::FETCH_TIMEOUT).
    Timeout,
    /// The connection broke off, or what came is not HTTP, or its head is too large.
    Transfer,
    /// A status other than 200. Redirects are not followed.
    Status,
    /// The response has a `Content-Encoding`.
    ContentEncoding,
    /// The key set is larger than [`MAX_OCTETS`](super::limits::MAX_OCTETS).
    TooLarge,
    /// What came is not a JWK Set of public keys.
    NotAKeySet,
    /// Too many fetches at once, of this host or of all. The host was not asked.
    Busy,
    /// There was no room to keep the set.
    NoRoom,
    /// The runtime that ran the fetch was shut down, there was none, or the fetch panicked.
    Interrupted,
}

impl FailureKind {
    /// Every kind.
    pub const ALL: [FailureKind; 14] = [
        FailureKind::Url,
        FailureKind::NoAddress,
        FailureKind::AddressRefused,
        FailureKind::Connect,
        FailureKind::Tls,
        FailureKind::Timeout,
        FailureKind::Transfer,
        FailureKind::Status,
        FailureKind::ContentEncoding,
        FailureKind::TooLarge,
        FailureKind::NotAKeySet,
        FailureKind::Busy,
        FailureKind::NoRoom,
        FailureKind::Interrupted,
    ];

    /// A stable snake_case name, such as `address_refused`.
    pub const fn code(self) -> &'static str {
        match self {
            FailureKind::Url => "url",
            FailureKind::NoAddress => "no_address",
            FailureKind::AddressRefused => "address_refused",
            FailureKind::Connect => "connect",
            FailureKind::Tls => "tls",
            FailureKind::Timeout => "timeout",
            FailureKind::Transfer => "transfer",
            FailureKind::Status => "status",
            FailureKind::ContentEncoding => "content_encoding",
            FailureKind::TooLarge => "too_large",
            FailureKind::NotAKeySet => "not_a_key_set",
            FailureKind::Busy => "busy",
            FailureKind::NoRoom => "no_room",
            FailureKind::Interrupted => "interrupted",
        }
    }

    /// Did the host fail, rather than this server?
    pub(super) const fn is_the_hosts(self) -> bool {
        !matches!(self, FailureKind::Busy | FailureKind::NoRoom | FailureKind::Interrupted)
    }
}
