//! The certificate of nginx and Apache httpd: one, in PEM, under a name that the operator chose.

use super::escaped_pem;
use super::format::Format;

/// `$ssl_client_escaped_cert` escapes everything but letters, digits and `-._~`.
pub(super) static FORMAT: Format = Format {
    name: "nginx",
    header: "x-ssl-client-cert",
    chain_header: None,
    chain_may_be_split: false,
    read: |values| escaped_pem::certificate(values.leaf),
};
