//! Reads `clients.json`, the TLS certificate and the authorities of clients' certificates again when they change, or on
//! SIGHUP.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, SystemTime};

use countersign::store::Clients;
use countersign::tls::ReloadableCertificate;

use crate::config::clients;
use crate::known_clients::KnownClients;
use crate::log::Log;
use crate::mutual_tls::{Authorities, Proxy, Tls};

/// The files, and by what each was known before it was read.
pub(crate) struct Files {
    clients: PathBuf,
    tls: Option<Tls>,
    authorities: Vec<PathBuf>,
    seen: Stamps,
}

/// What is read again, and who is told of it.
pub(crate) struct Watched {
    pub(crate) files: Files,
    pub(crate) clients: KnownClients,
    pub(crate) certificate: Option<ReloadableCertificate>,
    pub(crate) authorities: Option<Authorities>,
    pub(crate) log: Log,
}

impl Files {
    /// Before any of them is read: a start may wait for a database, and a file may change meanwhile.
    pub(crate) fn unread(clients: PathBuf, tls: Option<Tls>, proxy: Option<&Proxy>) -> Self {
        let authorities = Authorities::files(tls.as_ref(), proxy);
        let seen = Stamps::of(&clients, tls.as_ref(), &authorities);
        Files { clients, tls, authorities, seen }
    }

    fn stamps(&self) -> Stamps {
        Stamps::of(&self.clients, self.tls.as_ref(), &self.authorities)
    }
}

impl Watched {
    /// Watches until the process ends.
    pub(crate) fn start(mut self) {
        let (signal, signals) = mpsc::channel();
        on_hangup(signal);
        // Without the thread the server runs on with what it has; the operator's next start reads the files.
        let _ = thread::Builder::new().name("reload".to_owned()).spawn(move || self.watch(&signals));
    }

    fn watch(&mut self, signals: &mpsc::Receiver<()>) {
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
            let now = self.files.stamps();
            if asked || now.clients != self.files.seen.clients {
                self.reload_clients();
            }
            if asked || now.certificate != self.files.seen.certificate {
                self.reload_certificate();
            }
            if asked || now.authorities != self.files.seen.authorities {
                self.reload_authorities();
            }
            self.files.seen = now;
        }
    }

    /// Checked as at the start, then exchanged in one step. A file with a mistake changes nothing.
    fn reload_clients(&self) {
        let read = clients::read(&self.files.clients).and_then(|loaded| {
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
                (self.log)(&format!("reloaded {}: {count} clients", self.files.clients.display()));
            }
            Err(problem) => (self.log)(&format!("kept the clients there were: {problem}")),
        }
    }

    fn reload_certificate(&self) {
        let (Some(tls), Some(certificate)) = (&self.files.tls, &self.certificate) else { return };
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
}

/// When it was written and how long it is, which file it is, and when anything about it has changed. Files that are copied or
/// renamed into one place, one after the other, can have the same date and length, and one has the number of another that is
/// gone; but no tool sets the time of a change.
type Stamp = Option<(SystemTime, u64, (u64, i64, i64))>;

/// By which a file that was written again is known.
struct Stamps {
    clients: Stamp,
    certificate: Option<[Stamp; 2]>,
    authorities: Vec<Stamp>,
}

impl Stamps {
    fn of(clients: &Path, tls: Option<&Tls>, authorities: &[PathBuf]) -> Self {
        Stamps {
            clients: stamp(clients),
            certificate: tls.map(|tls| [stamp(&tls.cert), stamp(&tls.key)]),
            authorities: authorities.iter().map(|file| stamp(file)).collect(),
        }
    }
}

fn stamp(file: &Path) -> Stamp {
    let metadata = std::fs::metadata(file).ok()?;
    #[cfg(unix)]
    let identity = {
        use std::os::unix::fs::MetadataExt as _;
        (metadata.ino(), metadata.ctime(), metadata.ctime_nsec())
    };
    #[cfg(not(unix))]
    let identity = (0, 0, 0);
    Some((metadata.modified().ok()?, metadata.len(), identity))
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
