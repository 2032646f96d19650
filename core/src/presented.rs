//! Every credential of a request, counted before any is looked at.

use std::borrow::Cow;
use std::fmt;

use crate::assertion::{ClientAssertion, JWT_BEARER, OwnJwtId};
use crate::basic::BasicCredentials;
use crate::certificate::PeerCertificates;
use crate::endpoint::Endpoint;
use crate::form::Form;
use crate::forwarded::TrustedProxy;
use crate::policy::Policy;
use crate::reason::Reason;
use crate::refusal::Failure;
use crate::request::{AuthRequest, Headers, Repeated};

/// What a request presents: at most one credential, and the `client_id` of its form.
///
/// Counted from the request itself, whatever methods are enabled, so that a credential which no method reads is
/// an error too and never silently passed over ([RFC 6749 §2.3](https://www.rfc-editor.org/rfc/rfc6749#section-2.3)).
pub struct Presented<'r> {
    endpoint: Endpoint,
    headers: &'r dyn Headers,
    form: &'r Form,
    certificates: Result<Option<PeerCertificates>, Failure>,
    client_id: Option<Cow<'r, str>>,
    credential: Credential<'r>,
}

/// The one credential of a request, by where it was found.
#[non_exhaustive]
#[allow(clippy::large_enum_variant, reason = "there is one for each request, and it stays where it is made")]
pub enum Credential<'r> {
    /// None, or one that only a method from outside this crate reads.
    None,
    /// `Authorization: Basic`.
    Basic(BasicCredentials),
    /// `client_secret` in the form.
    Post(Cow<'r, str>),
    /// `client_assertion` of the type jwt-bearer.
    Assertion(ClientAssertion<'r>),
    /// `client_assertion` of another type, for methods that read it; the type.
    OtherAssertion(Cow<'r, str>),
    /// The headers of attestation-based client authentication, for methods that read them.
    Attestation,
    /// `Authorization` under another scheme.
    OtherScheme(&'r [u8]),
}

impl<'r> Presented<'r> {
    /// Counts the credentials of a request and reads the one that is there.
    ///
    /// # Errors
    /// [`Reason::MultipleMethods`], [`Reason::AssertionIncomplete`], [`Reason::ClientIdMissing`], and what is wrong
    /// with the credential itself.
    pub(crate) fn read(
        request: &AuthRequest<'r>,
        form: &'r Form,
        policy: &Policy,
        proxy: Option<&TrustedProxy>,
    ) -> Result<Self, Failure> {
        let authorization = request.single_header("authorization").map_err(|Repeated(count)| {
            Failure::new(Reason::MultipleMethods)
                .expected("one Authorization line")
                .got(format!("{count} Authorization lines"))
        })?;
        let mut attested = false;
        for name in ATTESTATION_HEADERS {
            request.headers.each(name, &mut |_| attested = true);
        }
        let has_secret = form.contains("client_secret");
        let (has_assertion, has_type) =
            (form.contains("client_assertion"), form.contains("client_assertion_type"));

        let places = [
            (authorization.is_some(), "Authorization"),
            (has_secret, "client_secret"),
            (has_assertion || has_type, "client_assertion"),
            (attested, "OAuth-Client-Attestation"),
        ];
        if places.iter().filter(|(present, _)| *present).count() > 1 {
            let seen: Vec<&str> =
                places.into_iter().filter_map(|(present, place)| present.then_some(place)).collect();
            return Err(Failure::new(Reason::MultipleMethods)
                .expected("one of them")
                .got(seen.join(" and ")));
        }
        if has_assertion != has_type {
            let missing = if has_type { "client_assertion" } else { "client_assertion_type" };
            return Err(Failure::new(Reason::AssertionIncomplete).expected(missing).got("nothing"));
        }
        let mut client_id = form.get("client_id");
        let credential = if let Some(value) = authorization {
            read_authorization(value, request.endpoint, policy, &mut client_id)?
        } else if has_assertion {
            read_assertion(form, policy)?
        } else if has_secret {
            if client_id.is_none() {
                return Err(Failure::new(Reason::ClientIdMissing)
                    .expected("client_id")
                    .got("client_secret alone"));
            }
            Credential::Post(form.get("client_secret").unwrap_or_default())
        } else if attested {
            Credential::Attestation
        } else {
            Credential::None
        };
        Ok(Presented {
            endpoint: request.endpoint,
            headers: request.headers,
            form,
            certificates: match proxy {
                Some(proxy) => proxy.certificates(request.headers, request.source, request.certificates),
                None => Ok(request.certificates.cloned()),
            },
            client_id,
            credential,
        })
    }

    /// The endpoint the request was sent to.
    pub fn endpoint(&self) -> Endpoint {
        self.endpoint
    }

    /// The header fields, for methods that read others than `Authorization`.
    pub fn headers(&self) -> &'r dyn Headers {
        self.headers
    }

    /// The form, for methods that read parameters of their own.
    pub fn form(&self) -> &'r Form {
        self.form
    }

    /// The certificates that the client showed in its TLS handshake, with this server or with a
    /// [`TrustedProxy`]; `None` when it showed none. Not a credential by themselves: they may stand beside any method
    /// (RFC 8705 §4).
    ///
    /// # Errors
    /// [`Reason::ForwardedCertificateRefused`]: a header field that should carry them cannot be read, or comes from
    /// somebody else.
    pub fn certificates(&self) -> Result<Option<&PeerCertificates>, Failure> {
        self.certificates.as_ref().map(Option::as_ref).map_err(Clone::clone)
    }

    /// The `client_id` of the form.
    pub fn client_id(&self) -> Option<&str> {
        self.client_id.as_deref()
    }

    /// The credential.
    pub fn credential(&self) -> &Credential<'r> {
        &self.credential
    }

    /// The client the request speaks of, by whatever names it, for the log.
    pub(crate) fn spoken_client_id(&self) -> Option<&str> {
        match &self.credential {
            Credential::Basic(basic) => Some(basic.first().client_id()),
            Credential::Assertion(assertion) => Some(assertion.subject()),
            _ => self.client_id(),
        }
    }

    /// What is left of the assertion for the log, if there was one.
    pub(crate) fn into_jwt_id(self) -> Option<OwnJwtId> {
        match self.credential {
            Credential::Assertion(assertion) => assertion.into_jwt_id(),
            _ => None,
        }
    }

    /// The `client_id` of the form names the client that the credential names (RFC 7521 §4.2).
    pub(crate) fn check_client_id(&self, proved: &str) -> Result<(), Failure> {
        match self.client_id() {
            Some(named) if named != proved => {
                Err(Failure::new(Reason::ClientIdMismatch).expected(proved.to_owned()).got(named.to_owned()))
            }
            _ => Ok(()),
        }
    }
}

/// Shows where a credential was found, never the credential.
impl fmt::Debug for Presented<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Presented")
            .field("endpoint", &self.endpoint)
            .field("client_id", &self.client_id)
            .field("credential", &self.credential)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Credential<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Credential::None => "None",
            Credential::Basic(_) => "Basic",
            Credential::Post(_) => "Post",
            Credential::Assertion(_) => "Assertion",
            Credential::OtherAssertion(_) => "OtherAssertion",
            Credential::Attestation => "Attestation",
            Credential::OtherScheme(_) => "OtherScheme",
        })
    }
}

/// The headers of attestation-based client authentication. Counted although no method here reads them yet.
const ATTESTATION_HEADERS: [&str; 2] = ["oauth-client-attestation", "oauth-client-attestation-pop"];

/// Form parameters that hold credentials; the handler's form comes without them.
pub(crate) const CREDENTIAL_PARAMETERS: [&str; 3] =
    ["client_secret", "client_assertion", "client_assertion_type"];

fn read_authorization<'r>(
    value: &'r [u8],
    endpoint: Endpoint,
    policy: &Policy,
    client_id: &mut Option<Cow<'r, str>>,
) -> Result<Credential<'r>, Failure> {
    let Some(scheme_end) = value.iter().position(|byte| *byte == b' ') else {
        // No scheme, only something that might be a credential: garbled, not absent, and not repeated.
        return Err(Failure::new(Reason::MalformedBasic).expected("a scheme and a space").got("neither"));
    };
    let (scheme, rest) = value.split_at(scheme_end);
    let rest = rest.trim_ascii();
    if scheme.eq_ignore_ascii_case(b"basic") {
        let basic = BasicCredentials::parse(rest, policy.basic_decoding)?;
        return if policy.assertion_as_basic_password && is_compact_jws(basic.first().secret().as_bytes()) {
            read_assertion_as_password(&basic, policy, client_id)
        } else {
            Ok(Credential::Basic(basic))
        };
    }
    if policy.bearer_assertion
        && endpoint != Endpoint::Token
        && scheme.eq_ignore_ascii_case(b"bearer")
        && is_compact_jws(rest)
        && let Ok(compact) = std::str::from_utf8(rest)
    {
        return ClientAssertion::parse(Cow::Borrowed(compact), policy).map(Credential::Assertion);
    }
    Ok(Credential::OtherScheme(scheme))
}

/// The user of the pair names the client as a `client_id` would.
fn read_assertion_as_password<'r>(
    basic: &BasicCredentials,
    policy: &Policy,
    client_id: &mut Option<Cow<'r, str>>,
) -> Result<Credential<'r>, Failure> {
    let assertion = ClientAssertion::parse(Cow::Owned(basic.first().secret().to_owned()), policy)?;
    // The user has two readings like any other; the assertion itself, which no encoding changes, tells which is meant.
    let second = basic.second().filter(|raw| raw.client_id() == assertion.subject());
    let user = second.unwrap_or(basic.first()).client_id();
    if let Some(named) = client_id.as_deref().filter(|named| *named != user) {
        return Err(Failure::new(Reason::ClientIdMismatch).expected(user.to_owned()).got(named.to_owned()));
    }
    *client_id = Some(Cow::Owned(user.to_owned()));
    Ok(Credential::Assertion(assertion))
}

/// Three parts, the first of which can be base64url of a JSON object: no secret and no opaque token looks so.
fn is_compact_jws(text: &[u8]) -> bool {
    text.starts_with(b"ey") && text.iter().filter(|byte| **byte == b'.').count() == 2
}

fn read_assertion<'r>(form: &'r Form, policy: &Policy) -> Result<Credential<'r>, Failure> {
    if !form.is("client_assertion_type", JWT_BEARER) {
        return Ok(Credential::OtherAssertion(form.get("client_assertion_type").unwrap_or_default()));
    }
    let compact = form.get("client_assertion").unwrap_or_default();
    ClientAssertion::parse(compact, policy).map(Credential::Assertion)
}
