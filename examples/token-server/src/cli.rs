//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, ValueEnum};

/// A small OAuth 2.0 authorization server that authenticates its clients with Countersign.
///
/// Without arguments it listens on 127.0.0.1:8080, makes a folder countersign-demo/ with one client for each
/// authentication method and algorithm, and prints a line to paste into a shell for each of them.
#[derive(Parser)]
#[command(name = "token-server", version, after_long_help = EXAMPLES)]
pub(crate) struct Cli {
    /// TOML file to run from, instead of the demonstration
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// Web framework to serve with: the answers are the same, byte for byte
    #[arg(long, value_name = "NAME")]
    pub(crate) framework: Option<Framework>,

    /// Address and port to listen on, before what the configuration says
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Option<SocketAddr>,

    /// Start, drive every demo client and one failure for each reason, and exit; not 0 if any differs
    ///
    /// It listens on a free port of 127.0.0.1, or where --listen says. It needs the private keys of the clients that it
    /// drives: a --config must name the clients.json of a folder countersign-demo/, and no setting that the
    /// demonstration does not have. Of it are taken clients and framework; issuer, listen and admin do not matter.
    #[arg(long)]
    pub(crate) try_all: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Framework {
    #[default]
    Axum,
    Actix,
}

impl Framework {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Framework::Axum => "axum",
            Framework::Actix => "actix",
        }
    }
}

const EXAMPLES: &str = r#"Examples:
  token-server                          the demonstration; paste one of the printed lines into another shell
  token-server --listen 127.0.0.1:9000  the same on another port
  token-server --try-all                see every method and every refusal work, over real sockets
  token-server --framework actix        the same server on actix-web
  token-server --config as.toml         your own clients

A configuration, as.toml (every key but clients may be left out):
  issuer    = "http://127.0.0.1:8080"   # clients compare it letter by letter
  listen    = "127.0.0.1:8080"
  framework = "axum"
  preset    = "default"                 # or fapi2, safewhere, onewelcome, identityserver4, cloudentity
  clients   = "clients.json"            # beside this file
  users     = "users.json"              # for the authorization_code and password grants
  registry  = "sqlite://registry.db"    # for clients that register themselves; for many nodes postgres://…
  replay    = "sqlite://replay.db"      # used assertions; for many nodes redis://… or postgres://…

  [registration]                        # at /register; initial_access_token = "required" lets in whom an operator did
  per_source_per_hour = 60              # how many clients a stranger's address registers; more are 429
  max_clients         = 10000           # how many strangers' clients there may be; more are 503

  [policy]                              # any switch, on top of the preset
  max_lifetime = 300

  [tls]                                 # for clients with certificates; behind a proxy [proxy], see README.md
  cert      = "server.pem"
  key       = "server-key.pem"
  client_ca = "ca.pem"                  # who vouches for those of tls_client_auth
  # These files and clients.json are read again when they change, and on SIGHUP; one with a mistake changes nothing.

clients.json, with the metadata names of RFC 7591:
  [{ "client_id": "billing", "client_secret": "wCTKUrZ5rmyUxA6MGMU8gBQRGzgtSBlq" },
   { "client_id": "reports", "token_endpoint_auth_method": "private_key_jwt", "jwks": { "keys": [ … ] } }]
A client without grant_types may use every grant; a public one never uses client_credentials.

users.json:
  [{ "username": "alice", "password": "correct horse", "claims": { "name": "Alice" } }]

Every refused request is one line on standard error, with its reason, what was expected and what came."#;
