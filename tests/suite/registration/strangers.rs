//! How often, and how many, clients register that nobody has let in.

use std::net::IpAddr;
use std::time::Duration;

use countersign::forwarded::{SourceHeader, TrustedProxy};
use countersign::registration::{Outcome, generate_token};
use countersign::store::RegisteredClient;
use countersign::throttle::FailureLimits;

use super::*;

const CLIENT: &str = r#"{"grant_types": ["client_credentials"]}"#;

fn from(bed: &Bed, source: &str) -> Answer {
    sent(bed, source, &[JSON], CLIENT)
}

fn sent(bed: &Bed, source: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let source: IpAddr = source.parse().unwrap();
    block_on(bed.registration.register(&headers, body.as_bytes(), Some(source)))
}

/// Three at once, and then one in ten minutes.
fn limited(bed: Bed) -> Bed {
    let limits = FailureLimits::with_clock(bed.clock.clone()).at_a_client(3, Duration::from_secs(600));
    bed.with(|registration| registration.limited_by(limits))
}

#[test]
fn a_source_registers_sixty_clients_and_then_one_a_minute() {
    let bed = bed();
    for _ in 0..60 {
        assert_eq!(from(&bed, "192.0.2.7").status(), 201);
    }
    let answer = from(&bed, "192.0.2.7");
    assert_eq!((answer.status(), header(&answer, "retry-after")), (429, Some("60")));
    assert_eq!(header(&answer, "cache-control"), Some("no-store"));
    let told = "too many registrations from your address, try again later";
    assert_eq!(refusal(&answer), (429, "temporarily_unavailable".to_owned(), told.to_owned()));
    assert_eq!(answer.event().outcome(), Outcome::Throttled);
    assert_eq!(
        answer.event().to_string(),
        "registration operation=register outcome=throttled detail=\"from 192.0.2.7, expected a pause of 60 s\""
    );

    // Neither others nor this machine, nor those of whom nothing is known.
    for source in ["192.0.2.8", "2001:db8::7", "127.0.0.1", "::1"] {
        assert_eq!(from(&bed, source).status(), 201, "{source}");
    }
    assert_eq!(bed.register(CLIENT).status(), 201);
    bed.clock.advance(59);
    assert_eq!(from(&bed, "192.0.2.7").status(), 429);
    bed.clock.advance(1);
    assert_eq!(from(&bed, "192.0.2.7").status(), 201);
    assert_eq!(from(&bed, "192.0.2.7").status(), 429);
}

#[test]
fn what_makes_no_client_does_not_count_and_what_is_refused_neither() {
    let bed = limited(bed());
    for _ in 0..10 {
        assert_eq!(sent(&bed, "192.0.2.7", &[JSON], "{}").status(), 400);
        assert_eq!(sent(&bed, "192.0.2.7", &[], CLIENT).status(), 415);
    }
    for _ in 0..3 {
        assert_eq!(from(&bed, "192.0.2.7").status(), 201);
    }
    for _ in 0..10 {
        let answer = from(&bed, "192.0.2.7");
        assert_eq!((answer.status(), header(&answer, "retry-after")), (429, Some("600")));
        // Before anything is read, so that a flood costs little.
        assert_eq!(sent(&bed, "192.0.2.7", &[], "no JSON").status(), 429);
    }
    bed.clock.advance(600);
    assert_eq!(from(&bed, "192.0.2.7").status(), 201);
}

/// As failures do.
#[test]
fn a_network_counts_as_one_source_and_a_trusted_proxy_as_its_clients() {
    let networks = limited(bed());
    for source in ["2001:db8::1", "2001:db8::2", "2001:db8::3"] {
        assert_eq!(from(&networks, source).status(), 201);
    }
    assert_eq!(from(&networks, "2001:db8::ffff:1").status(), 429);
    assert_eq!(from(&networks, "2001:db8:0:1::1").status(), 201);

    let proxy = TrustedProxy::of_addresses(["10.0.0.0/8"], SourceHeader::XForwardedFor).unwrap();
    let proxied = limited(bed_on(MemoryRegistry::default(), |builder| builder.trusted_proxy(proxy)));
    let through = |peer: &str, forwarded: &str| {
        sent(&proxied, peer, &[JSON, ("x-forwarded-for", forwarded)], CLIENT).status()
    };
    for invented in ["192.0.2.1, 198.51.100.7", "192.0.2.2, 198.51.100.7", "198.51.100.7"] {
        assert_eq!(through("10.1.2.3", invented), 201);
    }
    assert_eq!(through("10.1.2.3", "192.0.2.3, 198.51.100.7"), 429);
    assert_eq!(through("10.1.2.3", "198.51.100.8"), 201);
    // Who is no proxy says nothing by the field.
    for number in 0..3 {
        assert_eq!(through("203.0.113.9", &format!("198.51.100.{number}")), 201);
    }
    assert_eq!(through("203.0.113.9", "198.51.100.99"), 429);
    // Whoever garbles it is one source with all who do.
    for garbled in ["ü", "198.51.100.1, ü", "ü, 198.51.100.2"] {
        assert_eq!(through("10.1.2.3", garbled), 201, "{garbled}");
    }
    assert_eq!(through("10.1.2.3", "ý"), 429);
}

#[test]
fn who_has_an_initial_access_token_is_not_limited() {
    let token = generate_token().unwrap();
    let bearer = format!("Bearer {}", token.expose());
    let bed = limited(bed()).with(|registration| {
        registration.initial_access_tokens([token.hash()]).unwrap().room_for_strangers(0)
    });
    for _ in 0..10 {
        let headers = [JSON, ("authorization", bearer.as_str())];
        assert_eq!(sent(&bed, "192.0.2.7", &headers, CLIENT).status(), 201);
    }
    assert_eq!(from(&bed, "192.0.2.7").status(), 401);
}

#[test]
fn there_is_room_for_so_many_strangers() {
    let bed = bed().with(|registration| registration.room_for_strangers(3));
    // Of an operator's, which take nobody's room.
    for number in 0..5 {
        let metadata = serde_json::from_value(json!({
            "client_id": format!("own-{number}"), "client_secret": "the-secret-of-an-operator",
        }));
        let client = RegisteredClient { metadata: metadata.unwrap(), ..RegisteredClient::default() };
        assert!(block_on(bed.clients.insert(&client)).unwrap());
    }
    let first = bed.registered(CLIENT);
    for source in ["127.0.0.1", "192.0.2.8"] {
        assert_eq!(from(&bed, source).status(), 201);
    }
    for source in ["127.0.0.1", "192.0.2.9"] {
        let answer = from(&bed, source);
        assert_eq!((answer.status(), header(&answer, "retry-after")), (503, Some("3600")));
        let told = "there is no room for more clients, try again later";
        assert_eq!(refusal(&answer), (503, "temporarily_unavailable".to_owned(), told.to_owned()));
        assert_eq!(
            answer.event().to_string(),
            "registration operation=register outcome=no_room \
             detail=\"3 clients have registered themselves, and there is room for no more\""
        );
    }
    assert_eq!(
        sent(&bed, "192.0.2.9", &[JSON], "{}").status(),
        400,
        "who makes no client learns what is wrong"
    );
    // Those that are there stay, and one that goes makes room.
    assert_eq!(bed.delete(&first).status(), 204);
    assert_eq!(from(&bed, "192.0.2.9").status(), 201);
    assert_eq!(from(&bed, "192.0.2.9").status(), 503);
}

/// However many requests come together, each is counted.
#[test]
fn many_at_once_are_not_more_than_one_after_the_other() {
    const THREADS: usize = 8;
    let bed = limited(bed());
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let callers: Vec<_> = (0..THREADS)
            .map(|_| scope.spawn(|| (0..20).map(|_| from(&bed, "192.0.2.7").status()).collect::<Vec<_>>()))
            .collect();
        callers.into_iter().flat_map(|caller| caller.join().unwrap()).collect()
    });
    let registered = statuses.iter().filter(|status| **status == 201).count();
    // Each thread may be between the question and the count once.
    assert!((3..3 + THREADS).contains(&registered), "{registered}");
    assert!(statuses.iter().all(|status| [201, 429].contains(status)), "{statuses:?}");
}

#[test]
fn an_address_is_one_source_however_it_is_written() {
    let bed = limited(bed());
    for source in ["192.0.2.7", "::ffff:192.0.2.7", "::ffff:c000:207"] {
        assert_eq!(from(&bed, source).status(), 201, "{source}");
    }
    for source in ["192.0.2.7", "::ffff:192.0.2.7", "0:0:0:0:0:ffff:c000:0207"] {
        assert_eq!(from(&bed, source).status(), 429, "{source}");
    }
    // Another one of the network that all such addresses lie in.
    assert_eq!(from(&bed, "::ffff:192.0.2.8").status(), 201);
    for source in ["127.0.0.1", "127.0.0.2", "::ffff:127.0.0.1", "::ffff:7f00:2", "::1"] {
        for _ in 0..10 {
            assert_eq!(from(&bed, source).status(), 201, "{source}");
        }
    }
}

#[test]
fn where_no_proxy_is_trusted_no_field_names_anybody() {
    for name in ["forwarded", "x-forwarded-for", "x-real-ip"] {
        let bed = limited(bed());
        let value = |address: &str| match name {
            "forwarded" => format!("for={address}"),
            _ => address.to_owned(),
        };
        let sent = |peer: &str, address: &str| sent(&bed, peer, &[JSON, (name, &value(address))], CLIENT);
        for address in ["192.0.2.1", "192.0.2.2", "127.0.0.1"] {
            assert_eq!(sent("203.0.113.9", address).status(), 201, "{name}: {address}");
        }
        for address in ["192.0.2.4", "127.0.0.1", "unknown"] {
            let answer = sent("203.0.113.9", address);
            assert_eq!(answer.status(), 429, "{name}: {address}");
            let told = answer.event().detail().unwrap();
            assert!(told.starts_with("from 203.0.113.9, "), "{name}: {told}");
        }
        // Nor does it take anything from whom it names.
        for _ in 0..3 {
            assert_eq!(from(&bed, "192.0.2.1").status(), 201, "{name}");
        }
    }
}
