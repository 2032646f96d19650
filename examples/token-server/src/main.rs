//! A small OAuth 2.0 authorization server. It shows a whole deployment of Countersign: clients from a file, every
//! endpoint that authenticates them, the grants behind it, on axum or on actix-web.

mod admin;
mod cli;
mod config;
mod demo;
mod fetch;
mod front;
mod health;
mod initial_access;
mod jose;
mod known_clients;
mod log;
mod mutual_tls;
mod pem;
mod peppers;
mod registration_rules;
mod registry;
mod replay;
mod server;
mod setup;
mod state;
mod stores;
mod try_all;
mod watch;

use std::io::{self, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::ExitCode;

use clap::Parser as _;

use crate::admin::Admin;
use crate::cli::{Cli, Framework};
use crate::config::problem::Problem;
use crate::config::{Config, DEFAULT_ADMIN_LISTEN, DEFAULT_LISTEN, DEFAULT_TLS_LISTEN};
use crate::demo::PastedLine;
use crate::log::{Log, LoggedDecisions};
use crate::mutual_tls::TlsSocket;
use crate::setup::{Running, Setup};
use crate::watch::{Files, Watched};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match (&cli.config, cli.try_all) {
        (config, true) => try_all(&cli, config.as_deref()),
        (Some(file), _) => serve_configured(&cli, file),
        (None, _) => serve_demo(&cli),
    };
    done.unwrap_or_else(|problem| {
        eprintln!("token-server: {problem}");
        ExitCode::FAILURE
    })
}

fn try_all(cli: &Cli, config: Option<&Path>) -> Result<ExitCode, Problem> {
    let given = match config {
        Some(file) => try_all::Given::by(file)?,
        None => try_all::Given { folder: DEMO_FOLDER.into(), framework: Framework::default() },
    };
    let listener = listen(try_all::address(cli.listen)?)?;
    try_all::run(&given.folder, listener, cli.framework.unwrap_or(given.framework))
}

fn serve_configured(cli: &Cli, file: &Path) -> Result<ExitCode, Problem> {
    let mut config = Config::read(file)?;
    let listener = listen(cli.listen.unwrap_or(config.listen))?;
    let framework = cli.framework.unwrap_or(config.framework);
    let log = log::standard_error();
    let files = Files::unread(config.clients.clone(), config.tls.clone(), config.proxy.as_ref());
    let admin = config.admin.take();
    let setup = Setup::configured(config, &listener, &log)?;
    for warning in setup.warnings() {
        log(&format!("warning: {warning}"));
    }
    let (running, tls) = match admin {
        None => setup.build(LoggedDecisions(log.clone()), log.clone())?,
        Some(at) => {
            let (operators, lines) = (listen(at.listen)?, Vec::new());
            let (running, tls, _) = build_with_page(setup, &log, operators, at.hosts, lines)?;
            (running, tls)
        }
    };
    watch(files, tls.as_ref(), &running, log);
    serve(framework, listener, tls, running, "")
}

fn serve_demo(cli: &Cli) -> Result<ExitCode, Problem> {
    let listener = listen(cli.listen.unwrap_or(DEFAULT_LISTEN))?;
    let folder = Path::new(DEMO_FOLDER);
    let log = log::standard_error();
    let tls_address = demo_tls_address(cli.listen);
    demo::make(folder)?;
    let files = Files::unread(folder.join("clients.json"), Some(demo::tls(folder, tls_address)), None);
    let setup = Setup::demonstration(folder, &listener, tls_address, &demo::registry(folder), &log)?;
    demo::remember_issuer(folder, setup.issuer())?;
    let lines = setup.demo_lines(folder);
    let operators = demo_admin(cli.listen)?;
    let (running, tls, page) = build_with_page(setup, &log, operators, Vec::new(), lines.clone())?;
    watch(files, tls.as_ref(), &running, log);
    serve(
        cli.framework.unwrap_or_default(),
        listener,
        tls,
        running,
        &format!("{}\nThe operator's page: {page}\n", demo::printed(&lines)),
    )
}

/// With what an operator sees, on a listener of its own; and the URL of that.
fn build_with_page(
    setup: Setup,
    log: &Log,
    operators: TcpListener,
    hosts: Vec<String>,
    demo: Vec<PastedLine>,
) -> Result<(Running, Option<TlsSocket>, String), Problem> {
    let (admin, observers) = Admin::new()?;
    let (running, tls) = setup.build((LoggedDecisions(log.clone()), observers), log.clone())?;
    let address = admin
        .serve(operators, hosts, running.clone(), demo)
        .map_err(|error| Problem::new(error.to_string()))?;
    let url = format!("http://{address}");
    log(&format!("operators: {url}"));
    Ok((running, tls, url))
}

/// From now on a changed file takes effect without a restart.
fn watch(files: Files, tls: Option<&TlsSocket>, running: &Running, log: Log) {
    let certificate = tls.map(|tls| tls.certificate.clone());
    running.clients.warn_of_twins(&log);
    let (clients, authorities) = (running.clients.clone(), running.authorities.clone());
    Watched { files, clients, certificate, authorities, log }.start();
}

fn serve(
    framework: Framework,
    listener: TcpListener,
    tls: Option<TlsSocket>,
    running: Running,
    lines: &str,
) -> Result<ExitCode, Problem> {
    let address = listener.local_addr().map_err(|error| Problem::new(error.to_string()))?;
    if !address.ip().is_loopback() {
        eprintln!(
            "warning: {address} is reached from outside over plain HTTP; put TLS in front of it (RFC 6749 §2.3.1)"
        );
    }
    let (issuer, framework_name) = (running.auth.issuer(), framework.name());
    let tls_address = tls.as_ref().and_then(|tls| tls.listener.local_addr().ok());
    let and_tls = tls_address.map_or(String::new(), |address| format!(" and https://{address}"));
    // When nobody reads it, the server runs all the same.
    let _ = writeln!(
        io::stdout(),
        "issuer {issuer}, listening on http://{address}{and_tls} with {framework_name}\n{lines}"
    );
    front::serve(framework, listener, tls, running, front::interrupted())
        .map_err(|error| Problem::new(format!("the server stopped: {error}")))?;
    Ok(ExitCode::SUCCESS)
}

fn listen(address: SocketAddr) -> Result<TcpListener, Problem> {
    TcpListener::bind(address).map_err(|error| {
        let cure = match error.kind() {
            io::ErrorKind::AddrInUse => {
                "another program has that port; stop it, or choose another one with --listen 127.0.0.1:PORT"
            }
            _ => "choose another address with --listen ADDR",
        };
        Problem::new(format!("cannot listen on {address}: {error}; {cure}"))
    })
}

/// The usual port for operators beside the usual port, and any that is free beside another one. Of this machine alone.
fn demo_admin(beside: Option<SocketAddr>) -> Result<TcpListener, Problem> {
    let any = SocketAddr::new(DEFAULT_ADMIN_LISTEN.ip(), 0);
    match beside {
        None => TcpListener::bind(DEFAULT_ADMIN_LISTEN).or_else(|_| listen(any)),
        Some(_) => listen(any),
    }
}

/// The usual port for certificates beside the usual port, and any that is free beside another one.
fn demo_tls_address(listen: Option<SocketAddr>) -> SocketAddr {
    let free = TcpListener::bind(DEFAULT_TLS_LISTEN).is_ok();
    match listen {
        None if free => DEFAULT_TLS_LISTEN,
        None => SocketAddr::new(DEFAULT_TLS_LISTEN.ip(), 0),
        Some(address) => SocketAddr::new(address.ip(), 0),
    }
}

const DEMO_FOLDER: &str = "countersign-demo";
