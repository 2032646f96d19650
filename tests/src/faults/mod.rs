//! A TCP proxy that does harm when it is told to: between a program and what it depends on, on 127.0.0.1.

mod connection;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::servers::free_port;

/// What is done to the octets of one direction, of old connections and new ones.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// Nothing: they pass.
    Pass,
    /// What arrives together is held back for this long.
    Delay(Duration),
    /// So many pass in a second.
    Throttle {
        /// More than none.
        bytes_per_second: u32,
    },
    /// They are not even read. Whoever sends them gets stuck once the buffers in between are full.
    Stall,
    /// They are read, and go nowhere.
    BlackHole,
    /// So many more of each connection pass. The next one resets it on both sides, and is lost.
    ResetAfter(u64),
}

/// Stands before a server, on a port of its own.
pub struct FaultProxy {
    port: u16,
    control: watch::Sender<Control>,
    /// Is the port open? Told after every change.
    is_open: Mutex<Receiver<bool>>,
}

#[derive(Clone, Debug)]
struct Control {
    target: SocketAddr,
    is_open: bool,
    to_server: Fault,
    to_client: Fault,
    /// Of the last `cut`. Connections that are older are reset.
    cuts: u64,
    /// Of the last change of a fault, from which `ResetAfter` counts.
    changes: u64,
    /// How many answers are still to be lost.
    losses: Arc<AtomicU32>,
}

impl Control {
    /// Is this answer one of those to be lost?
    fn loses_this(&self) -> bool {
        self.losses.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
    }
}

impl FaultProxy {
    /// Before the server on this port of 127.0.0.1. It has a thread of its own, which ends with it.
    pub fn start(target: u16) -> Self {
        let (port, target) = (free_port(), ([127, 0, 0, 1], target).into());
        let (control, controlled) = watch::channel(Control {
            target,
            is_open: true,
            to_server: Fault::Pass,
            to_client: Fault::Pass,
            cuts: 0,
            changes: 0,
            losses: Arc::default(),
        });
        let (told, is_open) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                accept(port, controlled, told).await;
            });
        });
        let proxy = FaultProxy { port, control, is_open: Mutex::new(is_open) };
        proxy.wait_until_open(true);
        proxy
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Does this to both directions.
    pub fn both_ways(&self, fault: Fault) {
        self.change(|control| (control.to_server, control.to_client) = (fault, fault));
    }

    /// Does this to what goes to the server.
    pub fn to_server(&self, fault: Fault) {
        self.change(|control| control.to_server = fault);
    }

    /// Does this to what comes from the server.
    pub fn to_client(&self, fault: Fault) {
        self.change(|control| control.to_client = fault);
    }

    /// The next so many answers of the server do not arrive, each since its connection is reset. What the server did
    /// stays done.
    pub fn lose_answers(&self, number: u32) {
        self.control.borrow().losses.store(number, Ordering::SeqCst);
    }

    /// Resets every connection. New ones are taken.
    pub fn cut(&self) {
        self.change(|control| control.cuts += 1);
    }

    /// Closes the port, as if the server were dead, and resets every connection. It is closed afterwards.
    pub fn refuse(&self) {
        self.change(|control| {
            control.is_open = false;
            control.cuts += 1;
        });
        self.wait_until_open(false);
    }

    /// Opens the port again. It is open afterwards.
    pub fn accept_again(&self) {
        self.change(|control| control.is_open = true);
        self.wait_until_open(true);
    }

    /// Goes to the server on another port from now on, and resets what still goes to the one before.
    pub fn turn_to(&self, target: u16) {
        self.change(|control| {
            control.target.set_port(target);
            control.cuts += 1;
        });
    }

    fn wait_until_open(&self, open: bool) {
        let told = self.is_open.lock().unwrap();
        while told.recv().unwrap() != open {}
    }

    fn change(&self, change: impl FnOnce(&mut Control)) {
        self.control.send_modify(|control| {
            change(control);
            control.changes += 1;
        });
    }
}

/// Until the proxy is dropped, and with it every connection.
async fn accept(port: u16, mut control: watch::Receiver<Control>, told: Sender<bool>) {
    let mut listener = None;
    loop {
        let is_open = control.borrow_and_update().is_open;
        if !is_open {
            listener = None;
        } else if listener.is_none() {
            listener = Some(listen(port).await);
        }
        let _ = told.send(is_open);
        loop {
            tokio::select! {
                biased;
                changed = control.changed() => match changed {
                    Ok(()) => break,
                    Err(_) => return,
                },
                accepted = next(listener.as_ref()) => if let Ok((client, _)) = accepted {
                    tokio::spawn(connection::serve(client, control.clone()));
                },
            }
        }
    }
}

async fn next(listener: Option<&TcpListener>) -> std::io::Result<(tokio::net::TcpStream, SocketAddr)> {
    match listener {
        Some(listener) => listener.accept().await,
        None => std::future::pending().await,
    }
}

/// The connections of before may still hold the port for a moment.
async fn listen(port: u16) -> TcpListener {
    loop {
        match TcpListener::bind(("127.0.0.1", port)).await {
            Ok(listener) => return listener,
            Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    }
}
