//! What `--try-all` is told by the command line and by a configuration.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use countersign::Policy;

use crate::cli::Framework;
use crate::config::Config;
use crate::config::problem::Problem;
use crate::demo;
use crate::fetch::Fetch;
use crate::registration_rules::RegistrationRules;
use crate::registry::RegistryAt;
use crate::replay::Replay;

/// The demonstration to try, and the framework to try it with.
pub(crate) struct Given {
    pub(crate) folder: PathBuf,
    pub(crate) framework: Framework,
}

impl Given {
    /// By a configuration of the demonstration's clients.
    ///
    /// # Errors
    /// Other clients, whose private keys are not here, and settings that the answers would not come from.
    pub(crate) fn by(file: &Path) -> Result<Self, Problem> {
        let config = Config::read(file)?;
        let refuse = |message: String| Problem::in_file(file, message);
        let folder = demo::folder_of(&config.clients)?.ok_or_else(|| {
            refuse(format!(
                "--try-all needs the private keys of the clients it drives, which are not beside {}; leave --config \
                 out, or name the clients.json of a folder countersign-demo/ (a client of your own is tried by the \
                 command `countersign try`)",
                config.clients.display()
            ))
        })?;
        if let Some(setting) = differing(&config, folder) {
            return Err(refuse(format!(
                "{setting} is not as in the demonstration, whose answers --try-all expects; leave it out of this file, \
                 or leave --config out"
            )));
        }
        // The parent of a bare file name is empty.
        let folder = if folder == Path::new("") { Path::new(".") } else { folder };
        Ok(Given { folder: folder.to_owned(), framework: config.framework })
    }
}

/// The first setting that would be passed over in silence. Where a server listens and what it is called does not matter.
fn differing(config: &Config, folder: &Path) -> Option<&'static str> {
    let Config {
        issuer: _,
        listen: _,
        framework: _,
        clients: _,
        admin: _,
        policy,
        demands_pkce,
        users,
        registry,
        registration,
        peppers,
        replay,
        fetch,
        tls,
        proxy,
        endpoints,
    } = config;
    let settings = [
        ("preset or [policy]", *policy == Policy::default() && !demands_pkce),
        ("users", users.as_ref().is_none_or(|file| *file == folder.join("users.json"))),
        ("registry", [RegistryAt::Memory, demo::registry(folder)].contains(registry)),
        ("[registration]", *registration == RegistrationRules::default()),
        ("[peppers]", peppers.is_empty()),
        ("replay", *replay == Replay::Memory),
        ("[fetch]", *fetch == Fetch::default()),
        ("[tls]", tls.as_ref().is_none_or(|tls| *tls == demo::tls(folder, tls.listen))),
        ("[proxy]", proxy.is_none()),
        ("[endpoints]", endpoints.is_empty()),
    ];
    settings.into_iter().find_map(|(name, is_the_same)| (!is_the_same).then_some(name))
}

/// Where to listen: on a free port of this machine, or where somebody asked for.
///
/// # Errors
/// Any address from which the trial's clients and its proxy, which are 127.0.0.1 and 127.0.0.2, do not come.
pub(crate) fn address(asked: Option<SocketAddr>) -> Result<SocketAddr, Problem> {
    let address = asked.unwrap_or(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 0));
    match address.ip() {
        IpAddr::V4(ip) if ip.is_loopback() => Ok(address),
        _ => Err(Problem::new(format!(
            "--try-all cannot listen on {address}: its clients come from 127.0.0.1, and its proxy from 127.0.0.2; \
             choose --listen 127.0.0.1:PORT"
        ))),
    }
}
