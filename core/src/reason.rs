//! Why a request was refused: for the operator, never for the caller.

use std::fmt;

/// What the caller is told: one fixed answer per kind, whatever went wrong inside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RefusalKind {
    /// The request cannot be read as one request of one client: 400 `invalid_request`.
    Malformed,
    /// Any body type but the allowed ones: 400 `invalid_request`.
    UnsupportedMedia,
    /// A limit was passed: 413 `invalid_request`.
    TooLarge,
    /// Anything but POST: 405 `invalid_request` with `Allow: POST`.
    WrongVerb,
    /// Who is calling was not proved: 401 or 400 `invalid_client`.
    NotAuthenticated,
    /// Too many failures or too much slow work at once: 429 `invalid_client` with `Retry-After`.
    Throttled,
    /// A store or key source cannot answer: 503 `temporarily_unavailable` with `Retry-After`.
    DependencyDown,
    /// A panic in a user's code or an impossible state: 500 `server_error`.
    Bug,
}

macro_rules! reasons {
    ($($variant:ident $code:literal $kind:ident { cause: $cause:literal, cure: $cure:literal })*) => {
        /// Why a request was refused. The caller never sees it; its [`code`](Reason::code) stands in the
        /// operator's log and never changes its meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Reason {
            $(
                #[doc = concat!("`", $code, "`. ", $cause, "\n\nCure: ", $cure)]
                $variant,
            )*
        }

        impl Reason {
            /// Every reason, about in the order of the checks.
            pub const ALL: &'static [Reason] = &[$(Reason::$variant),*];

            /// The stable snake_case code, such as `secret_mismatch`.
            pub const fn code(self) -> &'static str {
                match self { $(Reason::$variant => $code,)* }
            }

            /// What the caller is told.
            pub const fn kind(self) -> RefusalKind {
                match self { $(Reason::$variant => RefusalKind::$kind,)* }
            }

            /// What went wrong, in one or two sentences.
            pub const fn cause(self) -> &'static str {
                match self { $(Reason::$variant => $cause,)* }
            }

            /// What the operator or the client's developer can do about it.
            pub const fn cure(self) -> &'static str {
                match self { $(Reason::$variant => $cure,)* }
            }
        }
    };
}

// One table, so that code, kind, documentation and the text printed to operators cannot drift apart.
reasons! {
    WrongVerb "wrong_verb" WrongVerb {
        cause: "The request is not a POST.",
        cure: "Send a POST. If the route also serves other verbs, put the layer on the POST route alone."
    }
    CredentialsInQuery "credentials_in_query" Malformed {
        cause: "`client_id`, `client_secret` or an assertion stands in the query string, where proxies log it (RFC 6749 §2.3.1).",
        cure: "Move every client parameter into the form body or the Authorization header, and treat a secret that was sent this way as leaked."
    }
    MultipleMethods "multiple_methods" Malformed {
        cause: "The request carries credentials of more than one kind, or two Authorization lines (RFC 6749 §2.3).",
        cure: "Send exactly one: either the Authorization header, or client_secret, or client_assertion."
    }
    UnsupportedMediaType "unsupported_media_type" UnsupportedMedia {
        cause: "The body is not an uncompressed application/x-www-form-urlencoded form in UTF-8.",
        cure: "Send Content-Type: application/x-www-form-urlencoded, without Content-Encoding and with no charset or charset=UTF-8."
    }
    TooLarge "too_large" TooLarge {
        cause: "The form, the number of its parameters or the assertion passes a limit.",
        cure: "Send a smaller request: 64 KiB of form or of Basic credentials, 128 parameters, 16 KiB of assertion."
    }
    BodyUnreadable "body_unreadable" Malformed {
        cause: "The connection broke, or the body ended, before all of it arrived.",
        cure: "Send the request again; if it keeps happening, look at the proxy in between and its timeouts."
    }
    MalformedForm "malformed_form" Malformed {
        cause: "The body has a broken percent escape or is not UTF-8.",
        cure: "Form-encode every name and value (RFC 6749 Appendix B)."
    }
    DuplicateParameter "duplicate_parameter" Malformed {
        cause: "A parameter was sent twice (RFC 6749 §3.2). Only `resource` and `audience` may repeat.",
        cure: "Send each parameter once; look for a library that adds client_id by itself."
    }
    AssertionIncomplete "assertion_incomplete" Malformed {
        cause: "`client_assertion` came without `client_assertion_type`, or the other way round (RFC 7521 §4.2).",
        cure: "Send both parameters."
    }
    ClientIdMissing "client_id_missing" Malformed {
        cause: "A credential that does not name its client came without `client_id`.",
        cure: "Add client_id to the form."
    }
    NoCredentials "no_credentials" NotAuthenticated {
        cause: "The request carries no client credential that this server reads.",
        cure: "Send the credential of the client's registered method; check that no proxy strips the Authorization header."
    }
    MalformedBasic "malformed_basic" NotAuthenticated {
        cause: "The Authorization header is not base64 of `client_id:client_secret`, or holds control characters.",
        cure: "Form-encode both halves, join them with a colon, and base64 the result (RFC 6749 §2.3.1)."
    }
    AssertionTypeUnsupported "assertion_type_unsupported" NotAuthenticated {
        cause: "`client_assertion_type` names a kind of assertion that is not supported, such as saml2-bearer.",
        cure: "Use urn:ietf:params:oauth:client-assertion-type:jwt-bearer."
    }
    AssertionMalformed "assertion_malformed" NotAuthenticated {
        cause: "The assertion is not a compact JWS: three base64url parts without padding, a JSON object in the first two, no member twice.",
        cure: "Build the assertion with a JOSE library in compact serialization."
    }
    CritNotUnderstood "crit_not_understood" NotAuthenticated {
        cause: "The JWS header has a `crit` or `b64` member; no extension is understood (RFC 7515 §4.1.11).",
        cure: "Sign the assertion without critical extensions."
    }
    TypNotAllowed "typ_not_allowed" NotAuthenticated {
        cause: "The JWS header's `typ` says that this is another kind of JWT, or `typ` is required and missing.",
        cure: "Set typ to client-authentication+jwt, or leave it out where the policy allows that."
    }
    AlgNotAllowed "alg_not_allowed" NotAuthenticated {
        cause: "The signing algorithm is not in the server's list, is not the one the client registered, or is not of the family of the client's method.",
        cure: "Sign with the client's token_endpoint_auth_signing_alg, or register the algorithm in use."
    }
    ClaimWrongType "claim_wrong_type" NotAuthenticated {
        cause: "A claim has another JSON type than its specification gives it, or is not a sensible number.",
        cure: "Write iss, sub and jti as strings, aud as a string or an array of strings, exp, iat and nbf as numbers of seconds."
    }
    ClaimMissing "claim_missing" NotAuthenticated {
        cause: "One of the claims iss, sub, aud and exp is missing (RFC 7523 §3).",
        cure: "Add the claim."
    }
    ClientIdMismatch "client_id_mismatch" NotAuthenticated {
        cause: "The `client_id` of the form names another client than the credential does.",
        cure: "Send the same client_id everywhere, or leave it out of the form."
    }
    UnknownClient "unknown_client" NotAuthenticated {
        cause: "No client with this client_id is registered.",
        cure: "Check the spelling, which is case-sensitive, and that the client was registered at this server and not at its staging twin."
    }
    ClientDisabled "client_disabled" NotAuthenticated {
        cause: "The client is registered and disabled.",
        cure: "Enable it again, or ask whoever disabled it."
    }
    MethodNotGranted "method_not_granted" NotAuthenticated {
        cause: "The client used a method that is not registered for it at this endpoint, or that this server does not run.",
        cure: "Use the registered method, or add this one to the client's auth_methods. A library's default may differ from the registration: basic and post are not the same method."
    }
    MethodGrantExpired "method_grant_expired" NotAuthenticated {
        cause: "The client's permission to use this method has ended (`until` in auth_methods).",
        cure: "Move the client to its new method, or extend the date."
    }
    SecretMismatch "secret_mismatch" NotAuthenticated {
        cause: "The secret is none of the client's secrets.",
        cure: "Compare the deployed secret with the registered one; look for a trailing newline or an encoding difference."
    }
    SecretExpired "secret_expired" NotAuthenticated {
        cause: "The secret is right, and its expiry date has passed.",
        cure: "Deploy the client's newer secret, or register one."
    }
    SecretNotYetValid "secret_not_yet_valid" NotAuthenticated {
        cause: "The secret is right, and its `not_before` lies ahead.",
        cure: "Wait, use the older secret, or move the date."
    }
    IssMismatch "iss_mismatch" NotAuthenticated {
        cause: "The assertion's `iss` is not the client_id (RFC 7523 §3).",
        cure: "Set iss to the client_id."
    }
    SubMismatch "sub_mismatch" NotAuthenticated {
        cause: "The assertion's `sub` is not the client_id (RFC 7523 §3). No request ends so: the client is found by `sub`, and a wrong one has another reason before, such as `unknown_client` or `iss_mismatch`.",
        cure: "Set sub to the client_id."
    }
    AudMismatch "aud_mismatch" NotAuthenticated {
        cause: "The assertion's `aud` is not this server, or not in the shape the policy asks for.",
        cure: "Set aud to the issuer identifier, exactly as the server's metadata spells it, as a single string."
    }
    Expired "expired" NotAuthenticated {
        cause: "The assertion's `exp` has passed.",
        cure: "Sign a fresh assertion for each request, and compare the clocks."
    }
    NotYetValid "not_yet_valid" NotAuthenticated {
        cause: "The assertion's `nbf` or `iat` lies in the future, beyond the leeway.",
        cure: "Set the client's clock by NTP."
    }
    LifetimeTooLong "lifetime_too_long" NotAuthenticated {
        cause: "The assertion lives longer than the policy's max_lifetime.",
        cure: "Let assertions live a minute; every request gets a fresh one."
    }
    JtiMissing "jti_missing" NotAuthenticated {
        cause: "The assertion has no `jti`, which single use needs.",
        cure: "Add a random jti of at least 128 bits."
    }
    BeforeRestartFence "before_restart_fence" NotAuthenticated {
        cause: "The assertion was issued before the memory of used assertions was lost, so it may have been used.",
        cure: "Sign a fresh assertion. A store that keeps its data over a restart avoids this."
    }
    NoCertificate "no_certificate" NotAuthenticated {
        cause: "The client authenticates by its TLS certificate and showed none: it came over a port or through a proxy that asks for none, or withheld it.",
        cure: "Send the request to the mTLS listener (mtls_endpoint_aliases), with a certificate. Some clients withhold theirs when the server names CAs that did not issue it."
    }
    ForwardedCertificateRefused "forwarded_certificate_refused" NotAuthenticated {
        cause: "A header field that should carry the client's certificate came from an address that is no trusted proxy, came twice, or cannot be read.",
        cure: "List the proxy's address, configure the header it really sends, and let it overwrite that header in every request."
    }
    CertificateExpired "certificate_expired" NotAuthenticated {
        cause: "The client's certificate, or one on its path, is outside its validity: expired, or not yet valid.",
        cure: "Renew the certificate, and compare the clocks."
    }
    CertificateUntrusted "certificate_untrusted" NotAuthenticated {
        cause: "There is no path from the client's certificate to a trust anchor of this server or of the client, or the certificate may not be used to authenticate a client.",
        cure: "Send the intermediate certificates too, register the issuing CA, and issue end entity certificates with digitalSignature and clientAuth."
    }
    CertificateMismatch "certificate_mismatch" NotAuthenticated {
        cause: "The certificate is good, and it is not this client's: its subject is not the registered one, or it is none of the registered certificates.",
        cure: "Compare the certificate with the client's tls_client_auth_ field or with the x5c of its keys; names must match in whole, and self-signed certificates octet by octet."
    }
    JwksUnavailable "jwks_unavailable" DependencyDown {
        cause: "The client's jwks_uri cannot be read and no recent key set is left.",
        cure: "Look at the host of the jwks_uri; the log line of the fetch says what failed."
    }
    KeyNotFound "key_not_found" NotAuthenticated {
        cause: "The client has no key with this `kid` or certificate thumbprint, or no usable key at all.",
        cure: "Register the key in use; kid is compared exactly."
    }
    KeyUnfit "key_unfit" NotAuthenticated {
        cause: "The client's key does not fit the algorithm: kty, crv, alg, use or key_ops say otherwise.",
        cure: "Sign with an algorithm of the key's own type, or correct the key's alg, use or key_ops."
    }
    SignatureInvalid "signature_invalid" NotAuthenticated {
        cause: "The signature does not verify with the client's key.",
        cure: "Check that the registered public key belongs to the private key in use; rotate by adding the new key first."
    }
    Replayed "replayed" NotAuthenticated {
        cause: "An assertion with this `jti` was used before.",
        cure: "Sign a fresh assertion with a new jti for each request, retries included."
    }
    Throttled "throttled" Throttled {
        cause: "More slow work or more failures than the limits allow.",
        cure: "Wait for the time given in Retry-After, and look at the refusals before this one for what is wrong. If the source is a proxy of your own, configure it as a trusted proxy that names the clients' addresses: else they share one limit. Prefer generated secrets, which need no slow hash."
    }
    StoreUnavailable "store_unavailable" DependencyDown {
        cause: "The client registry or the replay store cannot answer.",
        cure: "Look at the store; its own error stands beside this reason."
    }
    ReplayStoreFull "replay_store_full" DependencyDown {
        cause: "The replay store, or this client's part of it, holds as many live assertions as it may.",
        cure: "Shorten the assertions' lifetime, which is the cheapest lever, or raise the capacity."
    }
    InternalError "internal_error" Bug {
        cause: "Code behind one of the ports panicked, or an impossible state was met.",
        cure: "Report it; the panic message stands on standard error."
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// The code names no reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownReason;

impl fmt::Display for UnknownReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no reason has this code")
    }
}

impl std::error::Error for UnknownReason {}

impl std::str::FromStr for Reason {
    type Err = UnknownReason;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        Reason::ALL.iter().copied().find(|reason| reason.code() == code).ok_or(UnknownReason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_read_back() {
        for reason in Reason::ALL {
            assert_eq!(reason.code().parse(), Ok(*reason));
            assert!(reason.code().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'));
        }
    }
}
