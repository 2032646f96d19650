//! The two header fields of AWS Application Load Balancers. Which of them is the load balancer's own depends on the mode
//! of its listener, so it is configured, not found out: the other may be the client's invention.

use super::escaped_pem;
use super::format::Format;

/// URL-escaped, with `+`, `=` and `/` left as they are.
pub(super) static PASSTHROUGH: Format = Format {
    name: "aws-alb",
    header: "x-amzn-mtls-clientcert",
    chain_header: None,
    chain_may_be_split: false,
    read: |values| escaped_pem::certificates(values.leaf),
};

pub(super) static VERIFY: Format = Format {
    name: "aws-alb-verify",
    header: "x-amzn-mtls-clientcert-leaf",
    chain_header: None,
    chain_may_be_split: false,
    read: |values| escaped_pem::certificate(values.leaf),
};
