//! Why TLS failed, and what to do about it.

use std::error::Error;
use std::io;

use rustls::{AlertDescription, CertificateError, Error as TlsError};

/// What TLS itself says in an error of a connection, however deep it stands.
pub(super) fn find<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e TlsError> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<TlsError>() {
            return Some(found);
        }
        // The error inside is not the source of the one around it.
        let inside = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = match inside {
            Some(inside) => Some(inside),
            None => error.source(),
        };
    }
    None
}

/// A sentence, and the cure where there is one.
pub(super) fn explain(error: &TlsError, host: &str) -> String {
    let (problem, cure) = match error {
        TlsError::InvalidCertificate(fault) => certificate(fault, host),
        TlsError::InvalidMessage(_) => (
            "what listens there does not speak TLS".to_owned(),
            "if it speaks plain HTTP, begin the URL with http://",
        ),
        TlsError::AlertReceived(AlertDescription::UnrecognisedName) => {
            (format!("the server knows no host {host:?}"), "use the host name it is configured for")
        }
        TlsError::AlertReceived(AlertDescription::ProtocolVersion | AlertDescription::HandshakeFailure)
        | TlsError::PeerIncompatible(_) => (
            format!("the server and this command cannot agree on how to encrypt: {error}"),
            "the server needs TLS 1.2 with ECDHE and AES-GCM or ChaCha20, or TLS 1.3",
        ),
        _ => return format!("TLS failed: {error}"),
    };
    format!("{problem}; {cure}")
}

fn certificate(fault: &CertificateError, host: &str) -> (String, &'static str) {
    use CertificateError as Fault;
    match fault {
        Fault::UnknownIssuer => (
            "the server's certificate is of no authority that is trusted here".to_owned(),
            "give the authority's certificate with --ca FILE; a server must send the intermediate ones itself",
        ),
        Fault::NotValidForName => {
            (format!("the server's certificate is not for {host}"), "use a name in the URL that it is for")
        }
        Fault::NotValidForNameContext { presented, .. } => {
            let names = match presented.as_slice() {
                [] => "no name at all; a common name does not count".to_owned(),
                names => names.join(", "),
            };
            (
                format!("the server's certificate is not for {host}, but for {names}"),
                "use a name in the URL that it is for, or have it issued for this one (subjectAltName)",
            )
        }
        Fault::Expired | Fault::ExpiredContext { .. } => (
            format!("the server's certificate is not valid any more: {fault}"),
            "renew it; or set the clock of this machine",
        ),
        Fault::NotValidYet | Fault::NotValidYetContext { .. } => (
            format!("the server's certificate is not valid yet: {fault}"),
            "set the clock of this machine, or of the one that issued it",
        ),
        Fault::InvalidPurpose | Fault::InvalidPurposeContext { .. } => (
            "the server's certificate is not for servers".to_owned(),
            "have it issued with the extended key usage serverAuth",
        ),
        _ if fault.to_string().contains("CaUsedAsEndEntity") => (
            "the server shows the certificate of an authority as its own".to_owned(),
            "give it one that is not CA:TRUE: openssl req -x509 -addext basicConstraints=critical,CA:FALSE …",
        ),
        _ => (
            format!("the server's certificate cannot be believed: {fault}"),
            "look at it with openssl s_client -showcerts -connect HOST:PORT",
        ),
    }
}

/// An alert that is about the client's certificate: the server sends none of these for anything else.
pub(super) fn refused_certificate(error: &TlsError) -> Option<AlertDescription> {
    use AlertDescription as Alert;
    match error {
        TlsError::AlertReceived(
            alert @ (Alert::NoCertificate
            | Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::CertificateRevoked
            | Alert::CertificateExpired
            | Alert::CertificateUnknown
            | Alert::UnknownCA
            | Alert::AccessDenied
            | Alert::CertificateRequired),
        ) => Some(*alert),
        _ => None,
    }
}
