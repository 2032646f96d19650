//! Decisions as figures.

use countersign::fetch::KeySetFetcher;
use countersign::key_source::KeySource;
use countersign::observer::Metrics;
use countersign::replay::{Claim, MemoryReplayStore, ReplayKey, ReplayStore};
use countersign::store::StoreError;
use countersign_tests::request::Request;

use super::captured::Captured;
use super::{naming, send, server};

#[test]
fn decisions_are_counted_by_endpoint_method_result_and_reason() {
    let captured = Captured::default();
    let auth = server(Metrics::new());
    captured.listen(|| {
        for _ in 0..3 {
            send(&auth, &naming("pub")).unwrap();
        }
        send(&auth, &Request::token().basic("c-basic", "wrong").build()).unwrap_err();
        send(&auth, &Request::token().basic("nobody", "wrong").build()).unwrap_err();
        send(&auth, &Request::token().verb("GET").build()).unwrap_err();
    });
    let figures = captured.figures();
    let count = |labels: &str| figures.get(&format!("client_auth_total{{endpoint=\"token\",{labels}}}"));
    assert_eq!(count(r#"method="none",result="authenticated",reason="""#), Some(&3.0));
    let by_secret = r#"method="client_secret_basic",result="refused""#;
    assert_eq!(count(&format!(r#"{by_secret},reason="secret_mismatch""#)), Some(&1.0));
    assert_eq!(count(&format!(r#"{by_secret},reason="unknown_client""#)), Some(&1.0));
    assert_eq!(count(r#"method="",result="refused",reason="wrong_verb""#), Some(&1.0));
    let timed = r#"client_auth_duration_seconds{endpoint="token",method="none",result="authenticated"}"#;
    assert_eq!(figures.get(timed), Some(&0.0));
    assert!(figures.keys().all(|figure| !figure.contains("client=")), "{figures:?}");
    assert_eq!(figures.len(), 7, "{figures:?}");
}

/// A stranger's ids make no series; what a registered client gets wrong is told apart.
#[test]
fn the_label_of_the_client_is_one_that_is_registered() {
    let captured = Captured::default();
    let auth = server(Metrics::new().with_client_label());
    captured.listen(|| {
        send(&auth, &naming("pub")).unwrap();
        send(&auth, &Request::token().basic("c-basic", "wrong").build()).unwrap_err();
        for number in 0..1_000 {
            let stranger = format!("stranger-{number}");
            send(&auth, &naming(&stranger)).unwrap_err();
            send(&auth, &Request::token().basic(&stranger, "wrong").build()).unwrap_err();
            send(&auth, &Request::token().assertion("x").field("client_id", &stranger).build()).unwrap_err();
        }
    });
    let mut clients: Vec<_> = captured
        .figures()
        .into_keys()
        .filter_map(|figure| Some(figure.split_once("client=")?.1.to_owned()))
        .collect();
    clients.sort();
    assert_eq!(clients, [r#"""}"#, r#"""}"#, r#"""}"#, r#""c-basic"}"#, r#""pub"}"#]);
}

#[test]
fn the_gauges_show_the_replay_store_and_the_fetcher() {
    let captured = Captured::default();
    captured.listen(|| {
        let metrics = Metrics::new();
        let store = MemoryReplayStore::new().with_capacity(50, 5);
        let key = ReplayKey::new("", "client", "id");
        futures_executor::block_on(store.claim(&key, std::time::Duration::from_secs(60))).unwrap();
        metrics.record_replay(&store);
        metrics.record_replay(&Unknowing);
        let fetcher = KeySetFetcher::new();
        // Nothing is sent: plain http is no URL of keys.
        futures_executor::block_on(fetcher.keys("http://client.example/jwks")).unwrap_err();
        metrics.record_key_sets(&fetcher);
    });
    let figures = captured.figures();
    for (figure, value) in [
        // A store that does not know leaves them as they are.
        ("client_auth_replay_entries", 1.0),
        ("client_auth_replay_capacity", 50.0),
        ("client_auth_key_set_fetches", 0.0),
        ("client_auth_key_set_joined", 0.0),
        ("client_auth_key_set_served_stale", 0.0),
        ("client_auth_key_set_cooled_down", 0.0),
        ("client_auth_key_set_refused_addresses", 0.0),
        ("client_auth_key_set_failures{kind=\"url\"}", 1.0),
    ] {
        assert_eq!(figures.get(figure), Some(&value), "{figure}: {figures:?}");
    }
    assert_eq!(figures.len(), 8);
}

struct Unknowing;

impl ReplayStore for Unknowing {
    async fn claim(&self, _: &ReplayKey<'_>, _: std::time::Duration) -> Result<Claim, StoreError> {
        Err(StoreError::new("it is not asked"))
    }

    async fn release(&self, _: &ReplayKey<'_>) -> Result<(), StoreError> {
        Err(StoreError::new("it is not asked"))
    }
}
