//! Callers whose times are taken: each a thread with a connection, which asks at set times.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use super::requests::read_answer;

/// Shares these requests among the callers, who send so many a second in all; seconds from each request to its whole
/// answer.
///
/// A request whose turn came while the one before it was under way began waiting then.
pub(crate) fn ask(
    address: SocketAddr,
    callers: usize,
    per_second: f64,
    requests: Vec<Vec<u8>>,
) -> Vec<(u16, f64)> {
    let began = Instant::now() + Duration::from_millis(20);
    let mut shares: Vec<Vec<(Instant, Vec<u8>)>> = vec![Vec::new(); callers];
    for (number, request) in requests.into_iter().enumerate() {
        let turn = began + Duration::from_secs_f64(number as f64 / per_second);
        shares[number % callers].push((turn, request));
    }
    let running: Vec<_> =
        shares.into_iter().map(|share| thread::spawn(move || call(address, share))).collect();
    running.into_iter().flat_map(|caller| caller.join().unwrap()).collect()
}

fn call(address: SocketAddr, share: Vec<(Instant, Vec<u8>)>) -> Vec<(u16, f64)> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut answers = Vec::with_capacity(share.len());
    for (turn, request) in share {
        let wait = turn.saturating_duration_since(Instant::now());
        thread::sleep(wait);
        // How late a sleeper is woken is not the server's.
        let began = if wait.is_zero() { turn } else { Instant::now() };
        stream.write_all(&request).unwrap();
        let status = receive(&mut stream);
        answers.push((status, began.elapsed().as_secs_f64()));
    }
    answers
}

fn receive(stream: &mut TcpStream) -> u16 {
    let (mut octets, mut length) = ([0; 4096], 0);
    loop {
        let read = stream.read(&mut octets[length..]).unwrap();
        assert!(read > 0, "the server hung up");
        length += read;
        if let Some(status) = read_answer(&octets[..length]) {
            return status;
        }
    }
}
