//! Requests at a set rate, whatever becomes of them: those who send them do not wait for one another.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::LocalSet;

use super::requests::read_answer;

/// What became of them.
#[derive(Default)]
pub(crate) struct Outcome {
    /// Those whose turn came.
    pub(crate) offered: usize,
    /// Those for which there was a connection.
    pub(crate) sent: usize,
    /// Answers by status, within the deadline.
    pub(crate) in_time: BTreeMap<u16, usize>,
    /// Answers after it.
    pub(crate) late: usize,
}

/// Sends so many a second, over at most so many connections at a time, which are kept. Where none is free the request
/// fails there and then, as it does at a proxy with a limit on connections.
pub(crate) fn flood(
    address: SocketAddr,
    connections: usize,
    per_second: f64,
    deadline: Duration,
    requests: &[Vec<u8>],
) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let outcome = Rc::new(RefCell::new(Outcome::default()));
    runtime.block_on(LocalSet::new().run_until(async {
        let free = Rc::new(RefCell::new(Vec::new()));
        for _ in 0..connections {
            let stream = TcpStream::connect(address).await.unwrap();
            stream.set_nodelay(true).unwrap();
            free.borrow_mut().push(stream);
        }
        let began = Instant::now();
        let mut running = Vec::new();
        let mut turns = requests.iter().enumerate();
        loop {
            let due = (began.elapsed().as_secs_f64() * per_second) as usize;
            let offered = outcome.borrow().offered;
            for (_, request) in turns.by_ref().take(due.saturating_sub(offered)) {
                outcome.borrow_mut().offered += 1;
                let Some(mut stream) = free.borrow_mut().pop() else { continue };
                outcome.borrow_mut().sent += 1;
                let (outcome, free, request) = (Rc::clone(&outcome), Rc::clone(&free), request.clone());
                running.push(tokio::task::spawn_local(async move {
                    let sent = Instant::now();
                    let status = exchange(&mut stream, &request).await;
                    free.borrow_mut().push(stream);
                    let mut outcome = outcome.borrow_mut();
                    if sent.elapsed() <= deadline {
                        *outcome.in_time.entry(status).or_default() += 1;
                    } else {
                        outcome.late += 1;
                    }
                }));
            }
            if outcome.borrow().offered == requests.len() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        for request in running {
            request.await.unwrap();
        }
    }));
    Rc::into_inner(outcome).unwrap().into_inner()
}

async fn exchange(stream: &mut TcpStream, request: &[u8]) -> u16 {
    stream.write_all(request).await.unwrap();
    let (mut octets, mut length) = ([0; 2048], 0);
    loop {
        let read = stream.read(&mut octets[length..]).await.unwrap();
        assert!(read > 0, "the server hung up");
        length += read;
        if let Some(status) = read_answer(&octets[..length]) {
            return status;
        }
    }
}
