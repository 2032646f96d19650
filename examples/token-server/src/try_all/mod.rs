//! `--try-all`: every demo client and every refusal, over real sockets, against a server in this process.

mod assertion;
mod certificates;
mod cut_short;
mod errors;
mod given;
mod grants;
mod http;
mod identity;
mod limits;
mod refusals;
mod trial;
mod untried;

use std::net::TcpListener;
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use countersign::Algorithm;
use countersign::clock::{Clock as _, SystemClock};
use countersign::forwarded::{CertificateHeader, SourceHeader};

pub(crate) use self::given::{Given, address};
use self::trial::{Overheard, Trial};
use crate::cli::Framework;
use crate::config::clients;
use crate::config::problem::Problem;
use crate::log::Log;
use crate::mutual_tls::{PassesOn, Proxy};
use crate::registry::RegistryAt;
use crate::replay::Replay;
use crate::setup::Setup;
use crate::{demo, front};

/// Runs everything on this listener and says whether all of it was as expected.
pub(crate) fn run(folder: &Path, listener: TcpListener, framework: Framework) -> Result<ExitCode, Problem> {
    let io = |error: std::io::Error| Problem::new(error.to_string());
    let address = listener.local_addr().map_err(io)?;
    let proxy = Proxy {
        trusted: vec![certificates::PROXY.to_string()],
        passes_on: PassesOn::Certificate(CertificateHeader::client_cert(), Some(SourceHeader::XForwardedFor)),
        client_ca: None,
    };
    // What the lines below say of a refusal comes from the observer, so the log can be silent.
    let silent: Log = Arc::new(|_| ());
    let setup =
        Setup::demonstration(folder, &listener, (address.ip(), 0).into(), &RegistryAt::Memory, &silent)?
            .with_more_clients(more_clients(folder)?)
            .with_replay(Replay::SmallMemory(limits::ASSERTIONS_OF_ONE_CLIENT))
            .with_proxy(proxy);
    let tls_address = setup.tls_address().ok_or_else(|| Problem::new("there is no TLS listener"))?;
    let overheard = Arc::new(Overheard::default());
    let mut trial = Trial::new(folder, address, tls_address, Arc::clone(&overheard), &setup.registrations())?;
    let (running, tls) = setup.build(overheard, silent)?;

    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let (ended, has_ended) = mpsc::channel();
    thread::spawn(move || {
        let stopping = async {
            let _ = stopped.await;
        };
        let _ = ended.send(front::serve(framework, listener, tls, running, stopping));
    });
    println!("{} on http://{address} and https://{tls_address}\n", framework.name());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(io)?;
    runtime.block_on(async {
        grants::run(&mut trial).await?;
        refusals::run(&mut trial).await?;
        limits::run(&mut trial).await?;
        errors::run(&mut trial).await?;
        certificates::run(&mut trial).await
    })?;
    untried::print();

    let _ = stop.send(());
    let end = has_ended.recv_timeout(END_LIMIT).map_err(|_| Problem::new("the server does not stop"))?;
    end.map_err(io)?;
    let (rows, differing) = trial.count();
    println!("\n{} of {rows} as expected", rows - differing);
    Ok(if differing == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn more_clients(folder: &Path) -> Result<clients::LoadedClients, Problem> {
    let key = demo::private_key(folder, "demo-es256", Algorithm::ES256)?;
    let now =
        SystemClock::default().now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_secs();
    let json = refusals::clients(&key.public_jwk("demo-es256"), now).to_string();
    clients::parse(Path::new("(clients of --try-all)"), &json)
}

const END_LIMIT: Duration = Duration::from_secs(120);
