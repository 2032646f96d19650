//! Hosts that answer anything but a key set. Each failure has its kind, costs little, and ends in time.

use std::time::Duration;

use countersign::fetch::FailureKind;
use countersign::fetch::limits::{CONNECT_TIMEOUT, FETCH_TIMEOUT, MAX_OCTETS};
use countersign_tests::fixtures::fixtures;
use serde_json::json;
use tokio::time::Instant;

use super::bed::{Bed, CLIENT, key, on_tokio};
use super::host::{Answer, Host, key_set, octets, ok, response};

/// The request fails as said, after this time at the least. A busy machine may need several attempts to get so far in time.
async fn fails(answer: Answer, kind: FailureKind, after: Duration) -> Host {
    let mut attempts = 10;
    loop {
        attempts -= 1;
        let (host, started) = (Host::new(answer.clone()), Instant::now());
        let bed = Bed::new(host.url());
        let refusal = bed.send(&bed.request()).await.unwrap_err();
        let took = started.elapsed();
        if attempts > 0 && kind != FailureKind::Timeout && bed.counters().failures(FailureKind::Timeout) > 0 {
            continue;
        }
        bed.is_unavailable(&refusal, kind);
        assert!(took >= after && took < after + Duration::from_secs(10), "{kind:?} took {took:?}");
        return host;
    }
}

async fn fails_at_once(answer: Answer, kind: FailureKind) -> Host {
    fails(answer, kind, Duration::ZERO).await
}

fn document() -> String {
    json!({"keys": [key()]}).to_string()
}

#[test]
fn a_host_that_stalls_is_left() {
    on_tokio(fails(Answer::Silence, FailureKind::Timeout, FETCH_TIMEOUT));
}

#[test]
fn jwks_052_a_host_that_sends_an_octet_a_second_is_left() {
    let drips = |begun: &str| fails(Answer::Drip(begun.into()), FailureKind::Timeout, FETCH_TIMEOUT);
    on_tokio(futures_util::future::join(
        drips("HTTP/1.1 200 OK\r\nX:"),
        drips("HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n{"),
    ));
}

#[test]
fn jwks_053_a_host_that_does_not_accept_connections_is_left() {
    on_tokio(async {
        // A listener with a full queue: the kernel drops what comes after.
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        let mut queued = Vec::new();
        while let Ok(stream) =
            tokio::time::timeout(Duration::from_millis(100), tokio::net::TcpStream::connect(address)).await
        {
            queued.push(stream.unwrap());
        }
        let started = Instant::now();
        Bed::new(format!("http://{address}/jwks")).unavailable(FailureKind::Connect).await;
        let took = started.elapsed();
        assert!(took >= CONNECT_TIMEOUT && took < CONNECT_TIMEOUT * 10, "{took:?}");
    });
}

#[test]
fn a_host_that_refuses_connections_is_told_from_one_that_stalls() {
    on_tokio(async {
        let closed = Host::new(Answer::Silence);
        let url = closed.url();
        drop(closed);
        let bed = Bed::new(url);
        bed.until("the host to be gone", || {
            std::net::TcpStream::connect(bed.url.trim_start_matches("http://").trim_end_matches("/jwks"))
                .is_err()
        })
        .await;
        bed.unavailable(FailureKind::Connect).await;
    });
}

#[test]
fn jwks_033_034_035_a_redirect_is_not_followed() {
    on_tokio(async {
        let elsewhere = Host::new(key_set([key()], ""));
        for status in [
            "301 Moved Permanently",
            "302 Found",
            "303 See Other",
            "307 Temporary Redirect",
            "308 Permanent Redirect",
        ] {
            for location in [elsewhere.url(), "https://169.254.169.254/".to_owned(), "/jwks".to_owned()] {
                let answer = response(status, &format!("Location: {location}\r\n"), document());
                let host = fails_at_once(answer, FailureKind::Status).await;
                assert_eq!(host.asked(), 1);
            }
        }
        assert_eq!(elsewhere.connections(), 0);
    });
}

#[test]
fn jwks_043_no_status_but_200_brings_keys() {
    on_tokio(async {
        for status in [
            "201 Created",
            "203 Non-Authoritative",
            "206 Partial Content",
            "400 Bad Request",
            "404 Not Found",
            "500 Oops",
            "503 Later",
            "999 What",
        ] {
            fails_at_once(response(status, "", document()), FailureKind::Status).await;
        }
        for status in ["204 No Content", "304 Not Modified"] {
            let answer = Answer::Octets(format!("HTTP/1.1 {status}\r\n\r\n{}", document()).into());
            fails_at_once(answer, FailureKind::Status).await;
        }
        let informed =
            [b"HTTP/1.1 103 Early Hints\r\n\r\n".as_slice(), &octets("500 Oops", "", b"")].concat();
        fails_at_once(Answer::Octets(informed), FailureKind::Status).await;
        let switched = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n";
        fails_at_once(Answer::Octets(switched.into()), FailureKind::Status).await;
    });
}

#[test]
fn jwks_041_the_content_type_does_not_matter() {
    on_tokio(async {
        for line in ["Content-Type: text/html\r\n", "Content-Type: ???\r\n", ""] {
            let host = Host::new(ok(document(), line));
            Bed::new(host.url()).accepted().await;
        }
    });
}

#[test]
fn jwks_054_an_endless_answer_is_cut_off() {
    on_tokio(async {
        for head in [
            "HTTP/1.1 200 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40000000\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n",
        ] {
            let host = fails_at_once(Answer::Endless(head.into()), FailureKind::TooLarge).await;
            // What the kernel buffers for both sides is most of it.
            assert!(host.sent() < 32 << 20, "{} octets were sent", host.sent());
        }
    });
}

#[test]
fn an_endless_head_is_cut_off() {
    on_tokio(async {
        for head in ["", "HTTP/1.1 200 OK\r\nX: "] {
            fails_at_once(Answer::Endless(head.into()), FailureKind::Transfer).await;
        }
        // Neither of these is head or body: the length of a chunk, and responses before the response.
        let chunk = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        fails_at_once(Answer::Endless(chunk.into()), FailureKind::TooLarge).await;
        let interim = "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(100_000);
        fails_at_once(Answer::Octets(interim.into()), FailureKind::TooLarge).await;
        let many: String = (0..10_000).map(|number| format!("X-{number}: y\r\n")).collect();
        fails_at_once(ok(document(), &many), FailureKind::Transfer).await;
    });
}

#[test]
fn the_limit_is_met_to_the_octet() {
    on_tokio(async {
        let padded = |length: usize| {
            let document = document();
            let padding = " ".repeat(length - document.len());
            document + &padding
        };
        let chunked = |body: &str| {
            let half = body.len() / 2;
            let chunks =
                [&body[..half], &body[half..], ""].map(|chunk| format!("{:x}\r\n{chunk}\r\n", chunk.len()));
            format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{}", chunks.concat())
        };
        for (length, fits) in [(MAX_OCTETS, true), (MAX_OCTETS + 1, false)] {
            let body = padded(length);
            for answer in [ok(&body, ""), Answer::Octets(chunked(&body).into())] {
                if fits {
                    Bed::new(Host::new(answer).url()).keys().await.unwrap();
                } else {
                    fails_at_once(answer, FailureKind::TooLarge).await;
                }
            }
        }
    });
}

/// A bomb never gets to explode: nothing here decompresses.
#[test]
fn a_content_encoding_is_refused() {
    on_tokio(async {
        for coding in ["gzip", "br", "deflate", "gzip, gzip", "identity", "x"] {
            let answer = ok(document(), &format!("Content-Encoding: {coding}\r\n"));
            fails_at_once(answer, FailureKind::ContentEncoding).await;
        }
        let answer = Answer::Endless("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\u{1f}".into());
        fails_at_once(answer, FailureKind::ContentEncoding).await;
        // Hidden in the transfer coding it is not decompressed either.
        let coded = "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n4\r\n\u{1f}\u{7f}\u{1}\u{2}\r\n0\r\n\r\n";
        fails_at_once(Answer::Octets(coded.into()), FailureKind::NotAKeySet).await;
    });
}

#[test]
fn jwks_057_too_many_keys_are_refused() {
    on_tokio(async {
        let many = |count| json!({"keys": vec![json!({}); count]}).to_string();
        fails_at_once(ok(many(100_000), ""), FailureKind::TooLarge).await;
        fails_at_once(ok(many(20_000), ""), FailureKind::NotAKeySet).await;
        fails_at_once(ok(many(101), ""), FailureKind::NotAKeySet).await;
        let mut hundred = vec![json!({}); 99];
        hundred.push(key());
        Bed::new(Host::new(ok(json!({"keys": hundred}).to_string(), "")).url()).accepted().await;
    });
}

#[test]
fn deep_json_is_refused() {
    on_tokio(async {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let depth = MAX_OCTETS / 2 / open.len().max(2);
            let inside = format!("{}0{}", open.repeat(depth / 2), close.repeat(depth / 2));
            for document in [
                inside.clone(),
                format!(r#"{{"keys":[],"x":{inside}}}"#),
                format!(r#"{{"keys":[{inside}]}}"#),
            ] {
                fails_at_once(ok(document, ""), FailureKind::NotAKeySet).await;
            }
            let unclosed = open.repeat(MAX_OCTETS / open.len());
            fails_at_once(ok(unclosed, ""), FailureKind::NotAKeySet).await;
        }
    });
}

#[test]
fn jwks_060_a_private_or_symmetric_key_refuses_the_set() {
    on_tokio(async {
        let private = fixtures().key_of(CLIENT).private();
        let symmetric = json!({"kty": "oct", "k": "c2VjcmV0"});
        for bad in [private, symmetric] {
            fails_at_once(key_set([key(), bad], ""), FailureKind::NotAKeySet).await;
        }
    });
}

#[test]
fn jwks_062_what_is_not_one_json_text_in_utf_8_is_refused() {
    on_tokio(async {
        let document = document();
        let utf_16: Vec<u8> = document.encode_utf16().flat_map(u16::to_le_bytes).collect();
        for body in [
            [b"\xEF\xBB\xBF".as_slice(), document.as_bytes()].concat(),
            utf_16,
            format!("{document}garbage").into_bytes(),
            format!("{document}{document}").into_bytes(),
            format!("{document}\0").into_bytes(),
            document.as_bytes()[..document.len() - 1].to_vec(),
            document.replace("es-1", "\u{0}").into_bytes(),
            b"<html></html>".to_vec(),
            Vec::new(),
            vec![0xFF; 1000],
        ] {
            fails_at_once(ok(body, ""), FailureKind::NotAKeySet).await;
        }
    });
}

#[test]
fn jwks_063_a_member_that_stands_twice_is_refused() {
    on_tokio(async {
        let body = format!(r#"{{"keys":[],"keys":[{}]}}"#, key());
        fails_at_once(ok(body, ""), FailureKind::NotAKeySet).await;
    });
}

#[test]
fn what_is_not_http_is_refused() {
    on_tokio(async {
        for octets in [
            "",
            "\r\n\r\n",
            "SSH-2.0-OpenSSH\r\n",
            "{\"keys\":[]}",
            "HTTP/1.1 abc\r\n\r\n",
            "HTTP/3 200 OK\r\n\r\n",
        ] {
            fails_at_once(Answer::Octets(octets.into()), FailureKind::Transfer).await;
        }
        // An answer that breaks off.
        let mut broken = octets("200 OK", "", document().as_bytes());
        broken.truncate(broken.len() - 10);
        fails_at_once(Answer::Octets(broken), FailureKind::Transfer).await;
        let lengths =
            format!("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 500\r\n\r\n{}", document());
        fails_at_once(Answer::Octets(lengths.into()), FailureKind::Transfer).await;
    });
}

/// A refusal of the whole set keeps a set that was good, and counts as a failed fetch.
#[test]
fn a_refused_set_does_not_replace_a_good_one() {
    on_tokio(async {
        let host = Host::new(key_set([key()], "max-age=60"));
        let bed = Bed::new(host.url());
        bed.accepted().await;
        host.set(ok("garbage", ""));
        bed.clock.advance(61);
        bed.accepted().await;
        let counters = bed.counters();
        assert_eq!(
            (counters.fetches, counters.failures(FailureKind::NotAKeySet), counters.served_stale),
            (2, 1, 1)
        );
    });
}
