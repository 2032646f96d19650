//! Two writers at once, registries that are down, and code that panics.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use countersign::Client;
use countersign::metadata::ClientMetadata;
use countersign::registration::Outcome;
use countersign::store::{RegisteredClient, StoreError};

use super::*;

/// A registry in memory in which somebody else writes between a read and the write after it, so many times; or that is
/// down.
#[derive(Clone, Default)]
struct Contended {
    clients: MemoryRegistry,
    others: Arc<AtomicUsize>,
    taken: Arc<AtomicUsize>,
    down: Arc<AtomicBool>,
}

impl Contended {
    fn check(&self) -> Result<(), StoreError> {
        match self.down.load(Ordering::SeqCst) {
            true => Err(StoreError::new("connection refused")),
            false => Ok(()),
        }
    }

    fn next(counter: &AtomicUsize) -> bool {
        counter.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
    }
}

impl ClientStore for Contended {
    async fn find(&self, client_id: &str) -> Result<Option<Arc<Client>>, StoreError> {
        self.clients.find(client_id).await
    }
}

impl ClientRegistry for Contended {
    async fn read(&self, client_id: &str) -> Result<Option<RegisteredClient>, StoreError> {
        self.check()?;
        let read = ClientRegistry::read(&self.clients, client_id).await?;
        if let Some(client) = &read
            && Contended::next(&self.others)
        {
            let mut theirs = client.clone();
            theirs.metadata.software_version = Some("written by another".to_owned());
            assert!(self.clients.replace(&theirs).await?);
        }
        Ok(read)
    }

    async fn insert(&self, client: &RegisteredClient) -> Result<bool, StoreError> {
        self.check()?;
        if Contended::next(&self.taken) { Ok(false) } else { self.clients.insert(client).await }
    }

    async fn replace(&self, client: &RegisteredClient) -> Result<bool, StoreError> {
        self.check()?;
        self.clients.replace(client).await
    }

    async fn remove(&self, client_id: &str, revision: u64) -> Result<bool, StoreError> {
        self.check()?;
        self.clients.remove(client_id, revision).await
    }

    async fn self_registered(&self, most: usize) -> Result<usize, StoreError> {
        self.check()?;
        self.clients.self_registered(most).await
    }

    async fn page(&self, after: &str, limit: usize) -> Result<Vec<RegisteredClient>, StoreError> {
        self.clients.page(after, limit).await
    }
}

fn contended() -> Bed<Contended> {
    bed_on(Contended::default(), |builder| builder)
}

/// Every change of one client.
fn changes(bed: &Bed<Contended>, client: &Value) -> Vec<Box<dyn Fn() -> Answer>> {
    let (registration, client) = (bed.registration.clone(), client.clone());
    let with = |call: fn(&Registration, &Value) -> Answer| -> Box<dyn Fn() -> Answer> {
        let (registration, client) = (registration.clone(), client.clone());
        Box::new(move || call(&registration, &client))
    };
    vec![
        with(|registration, client| {
            let headers = [(JSON.0, JSON.1.to_owned()), authorization(client)];
            let body = json!({"client_id": client["client_id"], "grant_types": ["client_credentials"], "client_name": "B"});
            block_on(registration.update(id(client), &headers.as_slice(), body.to_string().as_bytes()))
        }),
        with(|registration, client| block_on(registration.patch(id(client), br#"{"client_name": "C"}"#))),
        with(|registration, client| block_on(registration.rotate_secret(id(client)))),
        with(|registration, client| {
            block_on(registration.delete(id(client), &[authorization(client)].as_slice()))
        }),
    ]
}

#[test]
fn one_lost_race_is_run_again_and_two_are_503() {
    let bed = contended();
    let client = bed.registered(&format!("{{{MACHINE}}}"));
    let others = &bed.clients.others;
    for change in changes(&bed, &client) {
        others.store(2, Ordering::SeqCst);
        let answer = change();
        assert_eq!((answer.status(), answer.event().outcome()), (503, Outcome::Conflict), "{answer:?}");
        assert_eq!(header(&answer, "retry-after"), Some("1"));
        assert_eq!(refusal(&answer).1, "temporarily_unavailable");
        let stored = block_on(ClientRegistry::read(&bed.clients.clients, id(&client))).unwrap().unwrap();
        assert_eq!(stored.metadata.software_version.as_deref(), Some("written by another"));
        others.store(1, Ordering::SeqCst);
        let answer = change();
        assert!(matches!(answer.status(), 200 | 204), "{answer:?}");
    }
    assert!(bed.clients.others.load(Ordering::SeqCst) == 0);
}

#[test]
fn a_token_that_was_not_stored_is_not_given_out() {
    let bed = contended();
    let client = bed.registered(&format!("{{{MACHINE}}}"));
    let renew = || block_on(bed.registration.renew_registration_access_token(id(&client)));
    bed.clients.others.store(2, Ordering::SeqCst);
    let answer = renew();
    assert_eq!((answer.status(), answer.event().outcome()), (503, Outcome::Conflict), "{answer:?}");
    assert_eq!(refusal(&answer).1, "temporarily_unavailable");
    assert_eq!(bed.read(&client).status(), 200);
    bed.clients.others.store(1, Ordering::SeqCst);
    assert_eq!(renew().status(), 200);
    assert_eq!(bed.read(&client).status(), 401);
}

#[test]
fn a_patch_that_loses_a_race_keeps_what_the_other_wrote() {
    let bed = contended();
    let client = bed.registered(&format!("{{{MACHINE}}}"));
    bed.clients.others.store(1, Ordering::SeqCst);
    let answer = document(&bed.patch(&client, &json!({"client_name": "C"})));
    assert_eq!(answer["client_name"], "C");
    assert_eq!(answer["software_version"], "written by another");
}

#[test]
fn whoever_lost_the_token_meanwhile_does_not_win_the_second_time() {
    let bed = bed();
    let client = bed.registered(&format!("{{{MACHINE}}}"));
    let other = bed.registered(&format!("{{{MACHINE}}}"));
    // The write that came between took the token away: the retry reads it again.
    let mut renewed = bed.stored(&client).unwrap();
    renewed.registration_access_token = bed.stored(&other).unwrap().registration_access_token;
    let first_read = bed.stored(&client).unwrap();
    assert!(block_on(bed.clients.replace(&renewed)).unwrap());
    assert!(!block_on(bed.clients.replace(&first_read)).unwrap());
    assert_eq!(bed.delete(&client).status(), 401);
}

#[test]
fn a_registry_that_is_down_is_503_and_an_id_that_is_taken_is_made_again() {
    let bed = contended();
    bed.clients.taken.store(1, Ordering::SeqCst);
    let client = bed.registered(&format!("{{{MACHINE}}}"));
    bed.clients.taken.store(2, Ordering::SeqCst);
    assert_eq!(bed.register(&format!("{{{MACHINE}}}")).event().outcome(), Outcome::Conflict);
    bed.clients.down.store(true, Ordering::SeqCst);
    let register = bed.register(&format!("{{{MACHINE}}}"));
    let read = bed.read(&client);
    for answer in changes(&bed, &client).iter().map(|change| change()).chain([register, read]) {
        assert_eq!((answer.status(), answer.event().outcome()), (503, Outcome::StoreUnavailable));
        assert_eq!(header(&answer, "retry-after"), Some("1"));
        assert!(!String::from_utf8_lossy(answer.body()).contains("connection refused"));
        assert!(answer.event().detail().unwrap().contains("connection refused"));
    }
    bed.clients.down.store(false, Ordering::SeqCst);
    assert_eq!(bed.read(&client).status(), 200);
}

#[test]
fn a_full_registry_is_503_and_evicts_nobody() {
    let bed = bed_on(MemoryRegistry::default().with_capacity(1), |builder| builder);
    let client = bed.registered(&format!("{{{MACHINE}}}"));
    let answer = bed.register(&format!("{{{MACHINE}}}"));
    assert_eq!((answer.status(), answer.event().outcome()), (503, Outcome::StoreUnavailable));
    assert!(bed.by_basic(&client, &client["client_secret"]).is_ok());
    assert_eq!(bed.delete(&client).status(), 204);
    bed.registered(&format!("{{{MACHINE}}}"));
}

#[test]
fn a_panic_in_the_applications_code_is_500() {
    let bed = bed().with(|registration| {
        registration.validated_by(|metadata| {
            assert!(metadata.client_name.is_none(), "a bug of the application's");
            Ok(())
        })
    });
    let answer = bed.register(&format!(r#"{{{MACHINE}, "client_name": "x"}}"#));
    assert_eq!((answer.status(), answer.event().outcome()), (500, Outcome::InternalError));
    assert_eq!(refusal(&answer).1, "server_error");
    bed.registered(&format!("{{{MACHINE}}}"));
}

#[test]
fn of_many_writers_with_one_revision_one_wins() {
    let bed = bed();
    let client = bed.registered(&format!("{{{MACHINE}}}"));
    let stored = bed.stored(&client).unwrap();
    let won = std::thread::scope(|scope| {
        let writers: Vec<_> =
            (0..64).map(|_| scope.spawn(|| block_on(bed.clients.replace(&stored)).unwrap())).collect();
        writers.into_iter().filter(|_| true).map(|writer| usize::from(writer.join().unwrap())).sum::<usize>()
    });
    assert_eq!(won, 1);
}

#[test]
fn a_revision_never_comes_back() {
    let clients = MemoryRegistry::default();
    let metadata: ClientMetadata =
        serde_json::from_str(r#"{"client_id": "c", "client_secret": "wCTKUrZ5rmyUxA6MGMU8gBQRGzgtSBlq"}"#)
            .unwrap();
    let client = RegisteredClient { metadata, ..RegisteredClient::default() };
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..3 {
        assert!(block_on(clients.insert(&client)).unwrap());
        assert!(!block_on(clients.insert(&client)).unwrap());
        let first = block_on(ClientRegistry::read(&clients, "c")).unwrap().unwrap();
        assert!(seen.insert(first.revision));
        assert!(block_on(clients.replace(&first)).unwrap());
        assert!(!block_on(clients.remove("c", first.revision)).unwrap());
        let second = block_on(ClientRegistry::read(&clients, "c")).unwrap().unwrap();
        assert!(seen.insert(second.revision));
        assert!(block_on(clients.remove("c", second.revision)).unwrap());
        assert!(!block_on(clients.replace(&second)).unwrap());
    }
}

/// Or a registry that is down could be asked as often as anybody likes.
#[test]
fn what_finds_the_registry_down_counts_for_its_source() {
    let bed = contended();
    let body = format!("{{{MACHINE}}}");
    let from = |source: &str| {
        let source = Some(source.parse().unwrap());
        block_on(bed.registration.register(&[JSON].as_slice(), body.as_bytes(), source)).status()
    };
    bed.clients.down.store(true, Ordering::SeqCst);
    for _ in 0..60 {
        assert_eq!(from("192.0.2.7"), 503);
    }
    assert_eq!(from("192.0.2.7"), 429);
    bed.clients.down.store(false, Ordering::SeqCst);
    assert_eq!(from("192.0.2.7"), 429);
    assert_eq!(from("192.0.2.8"), 201);
    bed.clock.advance(59);
    assert_eq!(from("192.0.2.7"), 429);
    bed.clock.advance(1);
    assert_eq!(from("192.0.2.7"), 201);
    assert_eq!(from("192.0.2.7"), 429);
}
