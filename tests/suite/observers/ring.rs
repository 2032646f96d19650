//! The newest decisions, in memory.

use std::sync::Arc;

use countersign::observer::RingBuffer;

use super::{naming, send, server};

#[test]
fn the_newest_come_first_and_the_oldest_go() {
    let ring = Arc::new(RingBuffer::new(3));
    let auth = server(Arc::clone(&ring));
    assert!(ring.events().is_empty());
    for client_id in ["a", "b", "pub", "b"] {
        let _ = send(&auth, &naming(client_id));
    }
    let ids = |events: Vec<Arc<countersign::observer::Event>>| {
        events.into_iter().map(|event| event.client_id.clone().unwrap().into_string()).collect::<Vec<_>>()
    };
    assert_eq!(ids(ring.events()), ["b", "pub", "b"]);
    assert_eq!(ids(ring.events_of("b")), ["b", "b"]);
    assert_eq!(ids(ring.events_of("a")), Vec::<String>::new());
    assert!(ring.events_of("pub")[0].is_authenticated());
}

/// Found by the id as it is, shown as it can be shown.
#[test]
fn a_hostile_id_is_found_by_itself() {
    let ring = Arc::new(RingBuffer::new(10));
    let auth = server(Arc::clone(&ring));
    let (hostile, long) = ("a\n\u{202e}\"b", "x".repeat(10_000));
    for client_id in [hostile, &long, "a"] {
        let _ = send(&auth, &naming(client_id));
    }
    assert_eq!(ring.events_of(hostile)[0].client_id.as_deref(), Some(r#"a\n\u{202e}\"b"#));
    assert_eq!(ring.events_of(&long)[0].client_id.as_deref().unwrap().len(), 256 + '…'.len_utf8());
    assert_eq!(ring.events_of("a").len(), 1);
}

/// What the allocator says, not what the ring says.
#[test]
fn its_memory_is_bounded_whatever_is_sent() {
    const OCTETS: usize = 128 * 1024;
    let requests = ["x".to_owned(), "\u{202e}".repeat(300)].map(|client_id| naming(&client_id));
    // Whatever is made once in a process is made now.
    drop(server(RingBuffer::new(1)));
    for request in &requests {
        let mut kept = None;
        let memory = allocation_counter::measure(|| {
            let ring = Arc::new(RingBuffer::new(1_000_000).with_octets(OCTETS));
            let auth = server(Arc::clone(&ring));
            for _ in 0..1_000 {
                let _ = send(&auth, request);
            }
            drop(auth);
            kept = Some(ring);
        });
        let octets = usize::try_from(memory.bytes_current).unwrap();
        assert!(octets < OCTETS + 64 * 1024, "{octets} octets");
        assert!(octets > OCTETS / 2, "{octets} octets: it keeps what it may");
        assert!(kept.unwrap().events().len() < 1_000);
    }
}
