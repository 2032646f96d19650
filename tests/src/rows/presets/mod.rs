//! The presets: what the users of each system send, and what `default` says to it.

mod cloudentity;
mod cloudentity_json;
mod identityserver4;
mod onewelcome;
mod onewelcome_bearer;
mod safewhere;

use crate::request::Request;
use crate::row::{Endpoint, Row};

pub(super) fn rows() -> Vec<Row> {
    [
        safewhere::rows(),
        onewelcome::rows(),
        onewelcome_bearer::rows(),
        identityserver4::rows(),
        cloudentity::rows(),
        cloudentity_json::rows(),
    ]
    .concat()
}

const TOKEN: &str = Endpoint::Token.url();

/// A code is redeemed, with PKCE and without any client credential.
fn redemption() -> Request {
    Request::token()
        .set("grant_type", "authorization_code")
        .field("code", "i1WsRn1uB1")
        .field("redirect_uri", "https://client.example.org/cb")
        .field("code_verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
}
