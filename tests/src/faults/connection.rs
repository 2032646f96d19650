//! One connection through the proxy.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::sync::watch::Receiver;

use super::{Control, Fault};

/// Carries octets both ways until both sides have closed, or it is reset.
pub(super) async fn serve(mut client: TcpStream, control: Receiver<Control>) {
    let (target, cuts) = {
        let control = control.borrow();
        (control.target, control.cuts)
    };
    let Ok(mut server) = TcpStream::connect(target).await else { return reset(&client) };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let ended = {
        let (from_client, to_client) = client.split();
        let (from_server, to_server) = server.split();
        let pumping = async {
            tokio::try_join!(
                pump(from_client, to_server, control.clone(), Direction::ToServer),
                pump(from_server, to_client, control.clone(), Direction::ToClient),
            )
        };
        tokio::select! {
            pumped = pumping => pumped.map(|_| ()),
            () = cut(control.clone(), cuts) => Err(Reset),
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

/// One direction, until its sender has closed it.
async fn pump(
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    mut control: Receiver<Control>,
    direction: Direction,
) -> Result<(), Reset> {
    let mut buffer = vec![0; 64 * 1024];
    let (mut changes, mut passed) = (0, 0);
    loop {
        let fault = {
            let control = control.borrow_and_update();
            if control.changes != changes {
                (changes, passed) = (control.changes, 0);
            }
            direction.fault(&control)
        };
        if fault == Fault::Stall {
            control.changed().await.map_err(|_| Reset)?;
            continue;
        }
        let most = match fault {
            Fault::Throttle { bytes_per_second } => (bytes_per_second as usize / 20).clamp(1, buffer.len()),
            _ => buffer.len(),
        };
        let length = tokio::select! {
            changed = control.changed() => match changed {
                Ok(()) => continue,
                Err(_) => return Err(Reset),
            },
            length = from.read(&mut buffer[..most]) => length.map_err(|_| Reset)?,
        };
        if length == 0 {
            // A black hole shows nobody the end either.
            return if fault == Fault::BlackHole { std::future::pending().await } else { close(to).await };
        }
        if direction == Direction::ToClient && control.borrow().loses_this() {
            return Err(Reset);
        }
        match fault {
            Fault::BlackHole => continue,
            Fault::Delay(delay) => tokio::time::sleep(delay).await,
            Fault::Throttle { bytes_per_second } => {
                let seconds = length as f64 / f64::from(bytes_per_second);
                tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
            }
            Fault::ResetAfter(most) if passed + length as u64 > most => {
                let rest = usize::try_from(most - passed).unwrap();
                to.write_all(&buffer[..rest]).await.map_err(|_| Reset)?;
                return Err(Reset);
            }
            Fault::ResetAfter(_) | Fault::Pass | Fault::Stall => {}
        }
        passed += length as u64;
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
