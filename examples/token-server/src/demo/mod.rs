//! The demonstration: a folder with one client for each method and algorithm, made on the first start and kept.

mod certificates;
mod clients;
mod create;
mod files;
mod lines;

use std::net::SocketAddr;
use std::path::Path;

use countersign::Algorithm;

pub(crate) use self::certificates::{certificate_name, key_name};
use self::clients::DemoClient;
pub(crate) use self::clients::{Credential, DEMO_CLIENTS, REDIRECT_URI};
pub(crate) use self::files::private_key;
pub(crate) use self::lines::{PastedLine, lines, printed};
use crate::config::clients::LoadedClients;
use crate::config::problem::Problem;
use crate::config::{clients as client_file, users};
use crate::mutual_tls::Tls;
use crate::registry::RegistryAt;
use crate::server::{People, ServerKeys};

/// The one user, who is signed in wherever somebody asks.
pub(crate) const USER: &str = "demo";

/// What the folder holds.
pub(crate) struct Demo {
    pub(crate) clients: LoadedClients,
    pub(crate) people: People,
    pub(crate) keys: ServerKeys,
}

/// The TLS listener of the demonstration, on this address.
pub(crate) fn tls(folder: &Path, listen: SocketAddr) -> Tls {
    Tls {
        listen,
        cert: folder.join("server.pem"),
        key: folder.join("server-key.pem"),
        client_ca: Some(folder.join("ca.pem")),
    }
}

/// Where clients that register with the demonstration are kept: beside its own, so that they outlive a restart.
pub(crate) fn registry(folder: &Path) -> RegistryAt {
    RegistryAt::Sqlite(folder.join("registry.db"))
}

/// Makes the folder when it is not there.
pub(crate) fn make(folder: &Path) -> Result<(), Problem> {
    if folder.exists() { Ok(()) } else { create::create(folder) }
}

/// Opens the folder, after making it when it is not there.
pub(crate) fn open(folder: &Path) -> Result<Demo, Problem> {
    make(folder)?;
    let clients = client_file::read(&folder.join("clients.json"))?;
    let registrations = clients.registrations();
    if let Some(missing) = DEMO_CLIENTS.iter().find(|client| !registrations.contains_key(client.id)) {
        return Err(Problem::in_file(
            folder,
            format_args!(
                "the client {} is missing; remove the folder, and the next start makes a whole one",
                missing.id
            ),
        ));
    }
    Ok(Demo {
        clients,
        people: People { users: users::read(&folder.join("users.json"))?, signed_in: Some(USER.to_owned()) },
        keys: ServerKeys::new(
            private_key(folder, "token-rs256", Algorithm::RS256)?,
            private_key(folder, "token-es256", Algorithm::ES256)?,
        ),
    })
}

/// The folder of the demonstration that this `clients.json` belongs to. `None` for any other file: its clients are not
/// those of a demonstration, or their private keys are not beside it.
pub(crate) fn folder_of(clients: &Path) -> Result<Option<&Path>, Problem> {
    let registrations = client_file::read(clients)?.registrations();
    let folder = clients.parent().filter(|_| clients.ends_with("clients.json"));
    Ok(folder.filter(|folder| {
        let has_key = |client: &DemoClient| match client.credential {
            Credential::PrivateKey(_) => folder.join(format!("{}.pem", client.id)).is_file(),
            Credential::Certificate(_) | Credential::SelfSigned => {
                folder.join(format!("{}.pem", key_name(client.id))).is_file()
            }
            Credential::Basic | Credential::Post | Credential::Public | Credential::SecretKey(_) => true,
        };
        DEMO_CLIENTS.iter().all(|client| registrations.contains_key(client.id) && has_key(client))
    }))
}

/// Tells `countersign-demo/assert` which audience to name.
pub(crate) fn remember_issuer(folder: &Path, issuer: &str) -> Result<(), Problem> {
    files::write(&folder.join("issuer"), issuer, files::PRIVATE)
}
