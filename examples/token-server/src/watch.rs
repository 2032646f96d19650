//! Reads `clients.json`, the TLS certificate and the authorities of clients' certificates again when they change, or on
//! SIGHUP.

use std::path::PathBuf;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, SystemTime};

use countersign::store::Clients;
use countersign::tls::ReloadableCertificate;

use crate::config::clients;
use crate::known_clients::KnownClients;
use crate::log::Log;
use crate::mutual_tls::{Authorities, Tls};

/// What is read again, and who is told of it.
pub(crate) struct Watched {
    pub(crate) clients_file: PathBuf,
    pub(crate) clients: KnownClients,
    pub(crate) tls: Option<(Tls, ReloadableCertificate)>,
    pub(crate) authorities: Option<Authorities>,
    pub(crate) log: Log,
}

impl Watched {
    /// Watches until the process ends.
    pub(crate) fn start(self) {
        let (signal, signals) = mpsc::channel();
        on_hangup(signal);
        // Without the thread the server runs on with what it has; the operator's next start reads the files.
        let _ = thread::Builder::new().name("reload".to_owned()).spawn(move || self.watch(&signals));
    }

    fn watch(&self, signals: &mpsc::Receiver<()>) {
        let mut seen = self.stamps();
        loop {
            let asked = match signals.recv_timeout(INTERVAL) {
                Ok(()) => true,
                Err(RecvTimeoutError::Timeout) => false,
                // Nobody signals here; files are looked at all the same.
                Err(RecvTimeoutError::Disconnected) => {
                    thread::sleep(INTERVAL);
                    false
                }
            };
            let now = self.stamps();
            if asked || now.clients != seen.clients {
                self.reload_clients();
            }
            if asked || now.certificate != seen.certificate {
                self.reload_certificate();
            }
            if asked || now.authorities != seen.authorities {
                self.reload_authorities();
            }
            seen = now;
        }
    }

    /// Checked as at the start, then exchanged in one step. A file with a mistake changes nothing.
    fn reload_clients(&self) {
        let read = clients::read(&self.clients_file).and_then(|loaded| {
            let count = loaded.clients.len();
            Ok((Clients::new(loaded.clients)?, count, loaded.warnings))
        });
        match read {
            Ok((clients, count, warnings)) => {
                self.clients.file.replace(clients);
                self.clients.warn_of_twins(&self.log);
                for warning in warnings {
                    (self.log)(&format!("warning: {warning}"));
                }
                (self.log)(&format!("reloaded {}: {count} clients", self.clients_file.display()));
            }
            Err(problem) => (self.log)(&format!("kept the clients there were: {problem}")),
        }
    }

    fn reload_certificate(&self) {
        let Some((tls, certificate)) = &self.tls else { return };
        match tls.reload(certificate) {
            Ok(()) => (self.log)(&format!("reloaded {}", tls.cert.display())),
            Err(problem) => (self.log)(&format!("kept the certificate there was: {problem}")),
        }
    }

    /// Open connections and resumed sessions too are judged by the new ones, at their next request.
    fn reload_authorities(&self) {
        let Some(authorities) = self.authorities.as_ref().filter(|known| !known.files.is_empty()) else {
            return;
        };
        match authorities.reload() {
            Ok(()) => {
                for file in &authorities.files {
                    (self.log)(&format!("reloaded {}", file.display()));
                }
            }
            Err(problem) => (self.log)(&format!("kept the authorities there were: {problem}")),
        }
    }

    fn stamps(&self) -> Stamps {
        let of = |file: &PathBuf| {
            let metadata = std::fs::metadata(file).ok()?;
            Some((metadata.modified().ok()?, metadata.len()))
        };
        let tls = self.tls.as_ref().map(|(tls, _)| tls);
        Stamps {
            clients: of(&self.clients_file),
            certificate: tls.map(|tls| [of(&tls.cert), of(&tls.key)]),
            authorities: self.authorities.iter().flat_map(|known| known.files.iter().map(of)).collect(),
        }
    }
}

type Stamp = Option<(SystemTime, u64)>;

/// By which a file that was written again is known.
struct Stamps {
    clients: Stamp,
    certificate: Option<[Stamp; 2]>,
    authorities: Vec<Stamp>,
}

/// An editor may replace a file in several steps; what is half written is refused and read again when it is whole.
const INTERVAL: Duration = Duration::from_secs(1);

#[cfg(unix)]
fn on_hangup(signal: mpsc::Sender<()>) {
    let listen = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
        runtime.block_on(async {
            use tokio::signal::unix::{SignalKind, signal as signals};
            let mut hangups = signals(SignalKind::hangup()).ok()?;
            while hangups.recv().await.is_some() && signal.send(()).is_ok() {}
            Some(())
        })
    };
    let _ = thread::Builder::new().name("hangup".to_owned()).spawn(listen);
}

#[cfg(not(unix))]
fn on_hangup(_: mpsc::Sender<()>) {}
