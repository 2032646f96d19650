//! Each fault of the proxy, seen from both of its sides.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use countersign_tests::faults::{Fault, FaultProxy};
use countersign_tests::patience::PATIENCE;
use tokio::time::Instant;

const SOON: Duration = PATIENCE;
const NEVER: Duration = Duration::from_secs(1);

#[test]
fn what_passes_is_unchanged_and_so_is_a_half_closed_end() {
    let (mut client, mut server, _proxy) = pair();
    client.write_all(b"question").unwrap();
    assert_eq!(read(&mut server, 8), b"question");
    client.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(server.read(&mut [0]).unwrap(), 0);
    let answer: Vec<u8> = (0..1_000_000).map(|number: u32| number.to_le_bytes()[1]).collect();
    let expected = answer.clone();
    let writing = std::thread::spawn(move || server.write_all(&answer).unwrap());
    assert_eq!(read(&mut client, expected.len()), expected);
    writing.join().unwrap();
}

#[test]
fn a_delay_and_a_throttle_take_their_time_and_end_when_told() {
    let (mut client, mut server, proxy) = pair();
    for (fault, octets, least) in [
        (Fault::Delay(Duration::from_millis(150)), 1, 150),
        (Fault::Throttle { bytes_per_second: 1000 }, 300, 250),
        (Fault::Pass, 100_000, 0),
    ] {
        proxy.to_client(fault);
        let started = Instant::now();
        server.write_all(&vec![1; octets]).unwrap();
        read(&mut client, octets);
        assert!(started.elapsed() >= Duration::from_millis(least), "{fault:?}: {:?}", started.elapsed());
        // The other way is not touched.
        let started = Instant::now();
        client.write_all(b"!").unwrap();
        read(&mut server, 1);
        assert!(started.elapsed() < SOON);
    }
}

#[test]
fn what_was_stalled_goes_on_and_what_went_into_a_black_hole_is_gone() {
    for (fault, kept) in [(Fault::Stall, "held back, let through"), (Fault::BlackHole, "let through")] {
        let (mut client, mut server, _listener, proxy) = whole();
        proxy.to_server(fault);
        client.write_all(b"held back, ").unwrap();
        assert!(nothing_comes(&mut server), "{fault:?}");
        // Those who come now get in, and no further.
        let mut other = TcpStream::connect(("127.0.0.1", proxy.port())).unwrap();
        other.write_all(b"?").unwrap();
        assert!(nothing_comes(&mut other));
        proxy.to_server(Fault::Pass);
        client.write_all(b"let through").unwrap();
        assert_eq!(read(&mut server, kept.len()), kept.as_bytes(), "{fault:?}");
    }
}

#[test]
fn a_reset_comes_after_so_many_octets_and_to_both_sides() {
    let (mut client, mut server, proxy) = pair();
    proxy.to_client(Fault::ResetAfter(3));
    client.write_all(b"as many as you like").unwrap();
    read(&mut server, 19);
    server.write_all(b"abc").unwrap();
    assert_eq!(read(&mut client, 3), b"abc");
    assert!(nothing_comes(&mut client));
    server.write_all(b"d").unwrap();
    assert_eq!(client.read(&mut [0; 9]).unwrap_err().kind(), ErrorKind::ConnectionReset);
    assert_eq!(server.read(&mut [0; 9]).unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[test]
fn a_cut_resets_what_there_is_and_a_closed_port_refuses_what_comes() {
    let (mut client, mut server, listener, proxy) = whole();
    proxy.cut();
    assert_eq!(client.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
    assert_eq!(server.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
    drop(connect(&proxy, &listener));
    proxy.refuse();
    for _ in 0..3 {
        let refused = TcpStream::connect(("127.0.0.1", proxy.port()));
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::ConnectionRefused);
    }
    proxy.accept_again();
    let (mut client, mut server) = connect(&proxy, &listener);
    server.write_all(b"back").unwrap();
    assert_eq!(read(&mut client, 4), b"back");
}

#[test]
fn so_many_answers_are_lost_and_no_more() {
    let (mut client, mut server, listener, proxy) = whole();
    proxy.lose_answers(2);
    for _ in 0..2 {
        client.write_all(b"question").unwrap();
        assert_eq!(read(&mut server, 8), b"question");
        server.write_all(b"answer").unwrap();
        assert_eq!(client.read(&mut [0; 9]).unwrap_err().kind(), ErrorKind::ConnectionReset);
        (client, server) = connect(&proxy, &listener);
    }
    server.write_all(b"answer").unwrap();
    assert_eq!(read(&mut client, 6), b"answer");
}

#[test]
fn it_turns_to_another_server() {
    let (mut client, _server, _listener, proxy) = whole();
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    proxy.turn_to(other.local_addr().unwrap().port());
    assert_eq!(client.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
    let (mut client, mut server) = connect(&proxy, &other);
    server.write_all(b"other").unwrap();
    assert_eq!(read(&mut client, 5), b"other");
    drop(proxy);
    assert!(matches!(client.read(&mut [0]), Ok(0) | Err(_)));
}

fn pair() -> (TcpStream, TcpStream, FaultProxy) {
    let (client, server, _, proxy) = whole();
    (client, server, proxy)
}

fn whole() -> (TcpStream, TcpStream, TcpListener, FaultProxy) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = FaultProxy::start(listener.local_addr().unwrap().port());
    let (client, server) = connect(&proxy, &listener);
    (client, server, listener, proxy)
}

fn connect(proxy: &FaultProxy, listener: &TcpListener) -> (TcpStream, TcpStream) {
    let client = TcpStream::connect(("127.0.0.1", proxy.port())).unwrap();
    let (server, _) = listener.accept().unwrap();
    for stream in [&client, &server] {
        stream.set_read_timeout(Some(SOON)).unwrap();
    }
    (client, server)
}

fn read(stream: &mut TcpStream, octets: usize) -> Vec<u8> {
    let mut buffer = vec![0; octets];
    stream.read_exact(&mut buffer).unwrap();
    buffer
}

fn nothing_comes(stream: &mut TcpStream) -> bool {
    stream.set_read_timeout(Some(NEVER)).unwrap();
    let came = stream.read(&mut [0]);
    stream.set_read_timeout(Some(SOON)).unwrap();
    came.is_err_and(|error| matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut))
}
