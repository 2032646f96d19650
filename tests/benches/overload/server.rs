//! A server in a process of its own, so that its memory is its own and its threads are not those of who asks.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use axum::Router;
use axum::extract::ConnectInfo;
use countersign::Authenticator;
use countersign_tower::ClientAuthLayer;
use tokio::net::TcpListener;

/// The argument that makes this program the server of the next argument.
pub(crate) const SERVE: &str = "serve";

/// Serves until standard input ends, on as many threads, or as many as there are cores.
pub(crate) fn serve(app: Router, threads: Option<usize>) {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    threads.map(|threads| builder.worker_threads(threads));
    let runtime = builder.enable_all().build().unwrap();
    runtime.spawn(async move {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("{}", listener.local_addr().unwrap().port());
        std::io::stdout().flush().unwrap();
        axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await
    });
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
}

/// The layer, which knows where a request comes from.
pub(crate) fn layer(auth: Authenticator) -> ClientAuthLayer {
    ClientAuthLayer::new(auth).source(|extensions| Some(extensions.get::<ConnectInfo<SocketAddr>>()?.0.ip()))
}

/// Such a process; ends with its owner.
pub(crate) struct Server {
    process: Child,
    pub(crate) address: SocketAddr,
}

impl Server {
    pub(crate) fn start(name: &str) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args([SERVE, name])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut port = String::new();
        BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut port).unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], port.trim().parse().unwrap()));
        Server { process, address }
    }

    /// Most octets that it had in memory so far; `None` where Linux does not count them.
    pub(crate) fn peak(&self) -> Option<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        let kibibytes: f64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
        Some(kibibytes * 1024.0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
