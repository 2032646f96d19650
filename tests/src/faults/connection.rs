//! One connection through the proxy.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::sync::watch::Receiver;

use super::{Control, Fault};

/// Carries octets both ways until both sides have closed, or it is reset.
pub(super) async fn serve(mut client: TcpStream, control: Receiver<Control>) {
    let (target, cuts, is_open) = {
        let control = control.borrow();
        (control.target, control.cuts, control.is_open)
    };
    // It came in the moment in which the port was closed.
    if !is_open {
        return reset(&client);
    }
    let Ok(mut server) = TcpStream::connect(target).await else { return reset(&client) };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let ended = {
        let (from_client, to_client) = client.split();
        let (from_server, to_server) = server.split();
        let pumping = async {
            tokio::try_join!(
                pump(from_client, to_server, Orders::new(control.clone(), cuts, Direction::ToServer)),
                pump(from_server, to_client, Orders::new(control.clone(), cuts, Direction::ToClient)),
            )
        };
        tokio::select! {
            biased;
            () = cut(control.clone(), cuts) => Err(Reset),
            pumped = pumping => pumped.map(|_| ()),
        }
    };
    if ended.is_err() {
        reset(&client);
        reset(&server);
    }
}

struct Reset;

#[derive(Clone, Copy, PartialEq)]
enum Direction {
    ToServer,
    ToClient,
}

impl Direction {
    fn fault(self, control: &Control) -> Fault {
        match self {
            Direction::ToServer => control.to_server,
            Direction::ToClient => control.to_client,
        }
    }
}

/// When the connection is to be reset.
async fn cut(mut control: Receiver<Control>, cuts: u64) {
    let _ = control.wait_for(|control| control.cuts != cuts).await;
}

/// What one direction is told.
struct Orders {
    control: Receiver<Control>,
    /// When the connection began.
    cuts: u64,
    direction: Direction,
    changes: u64,
    /// How many octets have passed since the last change.
    passed: u64,
}

impl Orders {
    fn new(control: Receiver<Control>, cuts: u64, direction: Direction) -> Self {
        Orders { control, cuts, direction, changes: 0, passed: 0 }
    }

    /// What is to be done now, once it is something else than to wait.
    async fn fault(&mut self) -> Result<Fault, Reset> {
        loop {
            {
                let control = self.control.borrow_and_update();
                if control.cuts != self.cuts {
                    return Err(Reset);
                }
                if control.changes != self.changes {
                    (self.changes, self.passed) = (control.changes, 0);
                }
                let fault = self.direction.fault(&control);
                if fault != Fault::Stall {
                    return Ok(fault);
                }
            }
            self.changed().await?;
        }
    }

    async fn changed(&mut self) -> Result<(), Reset> {
        self.control.changed().await.map_err(|_| Reset)
    }

    fn loses_this(&self) -> bool {
        self.direction == Direction::ToClient && self.control.borrow().loses_this()
    }
}

/// One direction, until its sender has closed it.
async fn pump(mut from: ReadHalf<'_>, mut to: WriteHalf<'_>, mut orders: Orders) -> Result<(), Reset> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let most = match orders.fault().await? {
            Fault::Throttle { bytes_per_second } => (bytes_per_second as usize / 20).clamp(1, buffer.len()),
            _ => buffer.len(),
        };
        let length = tokio::select! {
            biased;
            changed = orders.changed() => {
                changed?;
                continue;
            }
            length = from.read(&mut buffer[..most]) => length.map_err(|_| Reset)?,
        };
        // Asked again: what was sent after a change must not slip through between the two lines above.
        let fault = orders.fault().await?;
        if length == 0 {
            // A black hole shows nobody the end either.
            return if fault == Fault::BlackHole { std::future::pending().await } else { close(to).await };
        }
        if orders.loses_this() {
            return Err(Reset);
        }
        match fault {
            Fault::BlackHole => continue,
            Fault::Delay(delay) => tokio::time::sleep(delay).await,
            Fault::Throttle { bytes_per_second } => {
                let seconds = length as f64 / f64::from(bytes_per_second);
                tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
            }
            Fault::ResetAfter(most) if orders.passed + length as u64 > most => {
                let rest = usize::try_from(most - orders.passed).unwrap();
                to.write_all(&buffer[..rest]).await.map_err(|_| Reset)?;
                return Err(Reset);
            }
            Fault::ResetAfter(_) | Fault::Pass | Fault::Stall => {}
        }
        orders.passed += length as u64;
        to.write_all(&buffer[..length]).await.map_err(|_| Reset)?;
    }
}

async fn close(mut to: WriteHalf<'_>) -> Result<(), Reset> {
    to.shutdown().await.map_err(|_| Reset)
}

/// Its end is then told by RST.
fn reset(stream: &TcpStream) {
    let _ = stream.set_zero_linger();
}
